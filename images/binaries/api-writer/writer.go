package main

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// request is the line of one that has ended. Times are in seconds since the start.
type request struct {
	Number int     `json:"number"`
	Begun  float64 `json:"begun"`
	Ended  float64 `json:"ended"`
	Error  string  `json:"error,omitempty"`
}

// summary is the last line: no request is missing before it.
type summary struct {
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
}

// writer writes numbers, and prints what becomes of them.
type writer struct {
	create func(context.Context, int) error
	start  time.Time
	lock   sync.Mutex
	lines  *json.Encoder
}

func newWriter(create func(context.Context, int) error, out io.Writer) *writer {
	return &writer{create: create, start: time.Now(), lines: json.NewEncoder(out)}
}

// run begins a write in each interval until the context ends, and returns when all have ended.
func (w *writer) run(ctx context.Context, interval, timeout time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var requests sync.WaitGroup
	for number := 0; ; number++ {
		select {
		case <-ticker.C:
			requests.Go(func() { w.write(number, timeout) })
		case <-ctx.Done():
			seconds := w.elapsed()
			requests.Wait()
			return w.print(summary{Requests: number, Seconds: seconds})
		}
	}
}

// write tries a number once.
func (w *writer) write(number int, timeout time.Duration) {
	// Not of the context of the run: one that is under way when that ends has its time like any other.
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	line := request{Number: number, Begun: w.elapsed()}
	err := w.create(ctx, number)
	line.Ended = w.elapsed()
	if err != nil {
		line.Error = err.Error()
	}
	if err := w.print(line); err != nil {
		panic(err) // a write without a line could be lost without notice
	}
}

// elapsed returns the seconds since the start, by the monotonic clock.
func (w *writer) elapsed() float64 {
	return time.Since(w.start).Seconds()
}

// print writes a line, whole and at once.
func (w *writer) print(line any) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.lines.Encode(line)
}
