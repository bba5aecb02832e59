package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/status"
)

// Pauses between attempts.
const (
	shortestPause = 300 * time.Millisecond
	longestPause  = time.Second
)

// errRemoved ends whatever waits for a member that others have removed.
var errRemoved = errors.New("the member of this node has been removed from etcd")

// refusal is an error that no waiting changes.
type refusal string

func (r refusal) Error() string {
	return string(r)
}

// waiting is why an attempt has to be repeated: what it waits for, and what the last answer was, if that says more.
type waiting struct {
	what   string
	answer error
}

func (w waiting) Error() string {
	if w.answer == nil {
		return w.what
	}
	return fmt.Sprintf("%s: %s", w.what, shorten(w.answer))
}

func (w waiting) Unwrap() error {
	return w.answer
}

// reasons are what etcd refuses for a while, in words.
var reasons = map[error]string{
	rpctypes.ErrUnhealthy:              "all voters of etcd to have been connected for 5 seconds",
	rpctypes.ErrTooManyLearners:        "another control-plane node to finish joining",
	rpctypes.ErrMemberLearnerNotReady:  "its etcd to catch up with the leader",
	rpctypes.ErrMemberNotEnoughStarted: "more members of etcd to start",
}

// explain returns why a change was not made, as something to wait for.
func explain(change string, err error) error {
	for refused, words := range reasons {
		if errors.Is(err, refused) {
			return waiting{words, nil}
		}
	}
	return waiting{"the other members of etcd to " + change, err}
}

// shorten returns what gRPC says without the wrapping that it puts around errors of connections.
func shorten(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	text := status.Convert(err).Message()
	if _, inner, isWrapped := strings.Cut(text, `desc = "transport: `); isWrapped {
		return strings.TrimSuffix(inner, `"`)
	}
	return text
}

// until repeats an attempt until it succeeds, is refused for good, or ctx ends, and says what it waits for whenever
// that changes.
func (n *node) until(ctx context.Context, attempt func(context.Context) error) error {
	said := ""
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		err := attempt(ctx)
		if err == nil || isFinal(err) {
			return err
		}
		if ctx.Err() != nil {
			if said == "" {
				said = err.Error()
			}
			return errors.New("gave up, as it waited for " + said)
		}
		if reason := err.Error(); reason != said {
			n.say("waits for " + reason)
			said = reason
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func isFinal(err error) bool {
	var refused refusal
	return errors.Is(err, errRemoved) || errors.As(err, &refused)
}
