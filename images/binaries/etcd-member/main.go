// etcd-member changes and shows the membership of a control-plane node in etcd, where there are several such nodes, and
// tends the database of each.
//
// The node's scripts start and stop etcd; what they ask the other members for is here, on etcd's own client.
//
//	check        prints voter, learner, removed or unknown: what the others have this node as
//	join         adds this node as a learner, in place of its previous member, and prints etcd's --initial-cluster
//	await-data   waits until the local learner has the data that the others had when it asked
//	promote      waits until this node is a voter, and prints the id of its member
//	rename       gives a local voter the peer URL that the others reach, and prints the id of its member
//	leave        removes this node's member
//	remove       removes the member of another node, whose volume or host is lost (--member)
//	list         prints the members as JSON: who leads, votes, learns and answers, and how much data each has
//	tend         keeps the database of the local member in order, and prints what only people can repair
//
// In a node, it needs no flag: who the node is comes from its environment, and the certificates are those of kubeadm.
//
// It ends with 0 when it is done, 1 when it failed, or waited longer than --timeout, and 3 when this node's member has
// been removed by others. Whatever it waits for is a line on stderr.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// Exit codes.
const (
	failed  = 1
	misused = 2
	removed = 3
)

// etcdPKI is where kubeadm writes the certificates of etcd.
const etcdPKI = "/etc/kubernetes/pki/etcd/"

// The scripts wait as long as it takes; these have to say what they know.
const answerTimeout = 5 * time.Second

// Of which one part may rewrite all data.
const tendTimeout = 3 * time.Minute

// command is what an argument names: its default timeout, and what it does, with what it prints.
type command struct {
	timeout time.Duration
	run     func(context.Context, *node, *options) (string, error)
}

// options are the flags that only some commands have.
type options struct {
	id     string
	member string
	data   string
	turn   time.Duration
}

var commands = map[string]command{
	"check": {answerTimeout, func(ctx context.Context, n *node, o *options) (string, error) { return n.check(ctx, o.id) }},
	"join":  {0, func(ctx context.Context, n *node, _ *options) (string, error) { return n.join(ctx) }},
	"await-data": {0, func(ctx context.Context, n *node, _ *options) (string, error) {
		return "", n.awaitData(ctx)
	}},
	"promote": {0, func(ctx context.Context, n *node, _ *options) (string, error) { return n.promote(ctx) }},
	"rename":  {0, func(ctx context.Context, n *node, _ *options) (string, error) { return n.rename(ctx) }},
	"leave":   {0, func(ctx context.Context, n *node, _ *options) (string, error) { return "", n.leave(ctx) }},
	"remove": {0, func(ctx context.Context, n *node, o *options) (string, error) {
		return "", n.remove(ctx, o.member)
	}},
	"tend": {tendTimeout, func(ctx context.Context, n *node, o *options) (string, error) { return n.tend(ctx, o) }},
	"list": {answerTimeout, func(ctx context.Context, n *node, _ *options) (string, error) { return n.list(ctx) }},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the arguments name and returns the exit code.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	if len(arguments) == 0 {
		return misuse(stderr, errors.New("a command is missing"))
	}
	chosen, known := commands[arguments[0]]
	if !known {
		return misuse(stderr, fmt.Errorf("there is no command %q", arguments[0]))
	}
	n, o, timeout, err := parse(arguments[0], chosen, arguments[1:], stderr)
	if err != nil {
		return misuse(stderr, err)
	}
	if timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		ctx = limited
	}
	printed, err := chosen.run(ctx, n, o)
	if err != nil {
		fmt.Fprintf(stderr, "etcd-member: %v\n", err)
	}
	if printed != "" {
		fmt.Fprintln(stdout, printed)
	}
	switch {
	case errors.Is(err, errRemoved):
		return removed
	case err != nil:
		return failed
	}
	return 0
}

func misuse(stderr io.Writer, err error) int {
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "etcd-member: %v\n", err)
	}
	return misused
}

// parse reads the flags of a command.
func parse(name string, chosen command, arguments []string, stderr io.Writer) (*node, *options, time.Duration, error) {
	n, o := &node{say: func(line string) { fmt.Fprintf(stderr, "etcd-member: %s\n", line) }}, &options{}
	flags := flag.NewFlagSet("etcd-member "+name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&n.name, "name", os.Getenv("NODE_NAME"), "name of the node, and of its member")
	flags.StringVar(&n.service, "service", os.Getenv("ETCD_SERVICE"), "Service whose addresses are the control-plane nodes")
	flags.StringVar(&n.address, "address", os.Getenv("POD_IP"), "address of this node's pod")
	flags.StringVar(&n.local, "local", "https://127.0.0.1:2379", "URL of this node's etcd for clients")
	flags.IntVar(&n.clientPort, "client-port", 2379, "port of etcd for clients")
	flags.IntVar(&n.peerPort, "peer-port", 2380, "port of etcd for members")
	flags.DurationVar(&n.patience, "patience", 2*time.Minute, "how long a learner that never starts may keep others out")
	var files transport.TLSInfo
	flags.StringVar(&files.TrustedCAFile, "ca", etcdPKI+"ca.crt", "file with etcd's certificate authority")
	flags.StringVar(&files.CertFile, "cert", etcdPKI+"healthcheck-client.crt", "file with a client certificate")
	flags.StringVar(&files.KeyFile, "key", etcdPKI+"healthcheck-client.key", "file with its key")
	timeout := flags.Duration("timeout", chosen.timeout, "how long to wait; 0 is as long as it takes")
	switch name {
	case "check":
		flags.StringVar(&o.id, "id", "", "id of the member whose data is here, in hexadecimal digits")
	case "tend":
		flags.StringVar(&o.data, "data", "/var/lib/etcd", "folder of the local member's data")
		flags.DurationVar(&o.turn, "turn", 5*time.Minute, "how long it is the turn of each member to stand still")
	case "remove":
		flags.StringVar(&o.member, "member", "", "name of the node whose member is to be removed")
	}
	if err := flags.Parse(arguments); err != nil {
		return nil, nil, 0, flag.ErrHelp // flags has said why
	}
	if err := checkFlags(name, n, o); err != nil {
		return nil, nil, 0, err
	}
	access, err := files.ClientConfig()
	if err != nil {
		return nil, nil, 0, fmt.Errorf("certificates: %w", err)
	}
	n.tls = access
	return n, o, *timeout, nil
}

// checkFlags returns what is missing or wrong.
func checkFlags(name string, n *node, o *options) error {
	if name == "tend" {
		if o.turn <= 0 {
			return errors.New("--turn has to be longer than 0")
		}
		return nil // of a node alone as well
	}
	if n.name == "" || n.service == "" || n.address == "" {
		return errors.New("--name, --service and --address have to be given: this node is not one of several")
	}
	if name == "remove" && o.member == "" {
		return errors.New("--member has to be given")
	}
	if o.id != "" {
		if _, err := strconv.ParseUint(o.id, 16, 64); err != nil {
			return fmt.Errorf("--id: %w", err)
		}
	}
	return nil
}
