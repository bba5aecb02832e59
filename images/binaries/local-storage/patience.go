package main

import (
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// A question that did not reach the API server is asked again after this time, however long that is away.
	retryInterval = time.Second
	// So long it may take to connect, to an address that may be nobody's any more.
	connectTimeout = 5 * time.Second
)

// makePatient lets those who ask wait for an API server that is away, where informers would fail and pause for up to a
// minute: so long, no claim would get its volume.
func makePatient(config *rest.Config) {
	config.Dial = (&net.Dialer{Timeout: connectTimeout, KeepAlive: connectTimeout}).DialContext
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return patience{next, retryInterval} })
}

// patience retries until there is any answer, or the caller's context ends.
type patience struct {
	next     http.RoundTripper
	interval time.Duration
}

func (p patience) RoundTrip(request *http.Request) (*http.Response, error) {
	for {
		response, err := p.next.RoundTrip(request)
		// A request that changes something may have arrived: the caller has to check first.
		if err == nil || request.Method != http.MethodGet {
			return response, err
		}
		select {
		case <-request.Context().Done():
			return nil, err
		case <-time.After(p.interval):
		}
	}
}
