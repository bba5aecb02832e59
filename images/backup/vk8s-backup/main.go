// vk8s-backup stores a snapshot of the etcd of a virtual cluster where its owner wants it, and proves that it is there.
//
// With `volumes`, it stores the volumes of a node, while nobody uses them. With `fetch`, it brings a snapshot, and the
// volumes that were stored with it, to a node that will be restored from them.
//
// It runs in a pod of the host cluster and reaches etcd through the API of the virtual cluster. What it has done is JSON
// in its termination message: the snapshot, or one line that says what is wrong, in words of the owner's spec. What it
// does is a line each on stderr. Storing, encrypting and removing is restic's job, which is the only other program of
// its image.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit codes.
const (
	failed  = 1
	misused = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

// run takes one backup, or fetches one, and returns the exit code.
func run(ctx context.Context, arguments []string, stderr io.Writer) int {
	o, err := parse(arguments, stderr)
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(stderr, "vk8s-backup: %v\n", err)
		}
		return misused
	}
	limited, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	b := &backup{options: o, say: func(line string) { fmt.Fprintf(stderr, "vk8s-backup: %s\n", line) }}
	taken, err := b.do(limited)
	if err != nil {
		err = o.name(explainEnd(ctx, limited, o, err))
		b.say(err.Error())
		b.report(failure{Error: err.Error()})
		return failed
	}
	b.report(taken)
	return 0
}

// do does what the arguments ask for, and returns what to report.
func (b *backup) do(ctx context.Context) (any, error) {
	switch {
	case b.isFetch:
		return b.fetch(ctx)
	case b.isVolumes:
		return b.copyVolumes(ctx)
	}
	return b.take(ctx)
}

// explainEnd returns why a backup failed: its own reason is none if somebody ended it.
func explainEnd(ctx, limited context.Context, o *options, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("the pod was ended before the backup was complete")
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return fmt.Errorf("not complete after %s: %w", o.timeout.Round(time.Second), err)
	}
	return err
}

// report writes the termination message.
func (b *backup) report(result any) {
	text, err := json.Marshal(result)
	if err == nil {
		err = os.WriteFile(b.terminationLog, text, 0o600)
	}
	if err != nil {
		b.say(fmt.Sprintf("the result can't be reported: %v", err))
	}
}
