package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// play runs a writer until it has begun some writes; its lines, and the last one.
func play(t *testing.T, begun int, timeout time.Duration, create func(context.Context, int) error) ([]request, summary) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out bytes.Buffer
	counted := func(ctx context.Context, number int) error {
		if number == begun-1 {
			stop()
		}
		return create(ctx, number)
	}
	if err := newWriter(counted, &out).run(ctx, time.Millisecond, timeout); err != nil {
		t.Fatal(err)
	}
	return parse(t, out.String())
}

func parse(t *testing.T, out string) ([]request, summary) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var last summary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	var requests []request
	for _, line := range lines[:len(lines)-1] {
		var each request
		if err := json.Unmarshal([]byte(line), &each); err != nil {
			t.Fatal(err)
		}
		requests = append(requests, each)
	}
	return requests, last
}

func TestEachRequestHasOneLineAndTheLastLineHasTheirCount(t *testing.T) {
	requests, last := play(t, 20, time.Second, func(_ context.Context, number int) error {
		if number == 7 {
			return errors.New("refused")
		}
		return nil
	})
	if last.Requests < 20 || len(requests) != last.Requests {
		t.Fatalf("%d lines of %d requests", len(requests), last.Requests)
	}
	seen := map[int]bool{}
	for _, each := range requests {
		seen[each.Number] = true
		if (each.Error == "refused") != (each.Number == 7) || each.Begun > each.Ended || each.Begun > last.Seconds {
			t.Errorf("%+v, and the end at %v", each, last.Seconds)
		}
	}
	if len(seen) != last.Requests {
		t.Errorf("%d numbers of %d requests", len(seen), last.Requests)
	}
}

func TestARequestThatHangsDelaysNoOtherAndEndsWithItsTimeout(t *testing.T) {
	requests, last := play(t, 20, 300*time.Millisecond, func(ctx context.Context, number int) error {
		if number > 0 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	hung := requests[len(requests)-1]
	if hung.Number != 0 || hung.Error != context.DeadlineExceeded.Error() || hung.Ended-hung.Begun < 0.3 {
		t.Errorf("the last line is %+v", hung)
	}
	// It began before the end, and has its line nevertheless.
	if hung.Ended < last.Seconds || len(requests) != last.Requests {
		t.Errorf("%d lines of %d requests, the end at %v: %+v", len(requests), last.Requests, last.Seconds, hung)
	}
}

// cluster answers like an API server that has room for a ConfigMap of each name.
type cluster struct {
	lock  sync.Mutex
	names []string
}

func (c *cluster) ServeHTTP(response http.ResponseWriter, asked *http.Request) {
	body, _ := io.ReadAll(asked.Body)
	var object struct {
		Metadata struct {
			Name   string
			Labels map[string]string
		}
	}
	if json.Unmarshal(body, &object) != nil || asked.Method != http.MethodPost ||
		asked.URL.Path != "/api/v1/namespaces/default/configmaps" || object.Metadata.Labels[runLabel] != "fall" {
		response.WriteHeader(http.StatusBadRequest)
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.names = append(c.names, object.Metadata.Name)
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(http.StatusCreated)
	response.Write(body)
}

func TestEachNumberIsAConfigMapAndNothingHoldsThemBack(t *testing.T) {
	api := &cluster{}
	server := httptest.NewServer(api)
	defer server.Close()
	// So that the fake can read it: client-go prefers another form.
	form := rest.ContentConfig{ContentType: "application/json"}
	create, err := newCreate(&rest.Config{Host: server.URL, ContentConfig: form}, "default", "fall")
	if err != nil {
		t.Fatal(err)
	}
	// client-go's own limit lets ten pass, and then five a second.
	begun := time.Now()
	for number := range 40 {
		if err := create(t.Context(), number); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("fall-%d", number); api.names[number] != want {
			t.Fatalf("%s instead of %s", api.names[number], want)
		}
	}
	if taken := time.Since(begun); taken > 3*time.Second {
		t.Errorf("40 writes took %v", taken)
	}
}

func TestARefusedWriteIsNotAcknowledged(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	create, err := newCreate(&rest.Config{Host: server.URL}, "default", "fall")
	if err != nil {
		t.Fatal(err)
	}
	if err := create(t.Context(), 1); err == nil {
		t.Error("there is no such API")
	}
}
