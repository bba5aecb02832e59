package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"
)

var errAway = errors.New("connection refused")

// away is an API server that nobody reaches for the first `times`.
type away struct{ times, asked int }

func (a *away) RoundTrip(*http.Request) (*http.Response, error) {
	a.asked++
	if a.asked <= a.times {
		return nil, errAway
	}
	return &http.Response{StatusCode: http.StatusForbidden}, nil
}

func request(t *testing.T, ctx context.Context, method string) *http.Request {
	t.Helper()
	made, err := http.NewRequestWithContext(ctx, method, "https://192.0.2.1/api/v1/nodes", nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAQuestionIsAskedUntilThereIsAnAnswer(t *testing.T) {
	server := &away{times: 3}
	response, err := patience{server, time.Millisecond}.RoundTrip(request(t, t.Context(), http.MethodGet))
	if err != nil || response.StatusCode != http.StatusForbidden || server.asked != 4 {
		t.Errorf("asked %d times: %v, %v", server.asked, response, err)
	}
}

func TestAChangeIsNotRepeated(t *testing.T) {
	server := &away{times: 3}
	_, err := patience{server, time.Millisecond}.RoundTrip(request(t, t.Context(), http.MethodPost))
	if !errors.Is(err, errAway) || server.asked != 1 {
		t.Errorf("asked %d times: %v", server.asked, err)
	}
}

func TestWhoeverAsksMayStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := &away{times: 3}
	_, err := patience{server, time.Hour}.RoundTrip(request(t, ctx, http.MethodGet))
	if !errors.Is(err, errAway) || server.asked != 1 {
		t.Errorf("asked %d times: %v", server.asked, err)
	}
}
