// api-writer is a user of a cluster who writes all the time: for tests of how long the API is away.
//
// Ten times a second, it creates a ConfigMap of a number, as any client of client-go does: over its connections, with
// its timeouts. A request that hangs does not delay the next one, as the users of a cluster do not wait for each other;
// else a gap would show the patience of the client, and not when the API answered again.
//
// Each request that has ended is a line of JSON: its number, when it began and ended in seconds since the start, and the
// error, if there is one: without it, the write was acknowledged. After SIGTERM no other request begins; the last line
// has the count of all, and when the last could have begun.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	interval = 100 * time.Millisecond
	// After which a user gives up a request. client-go itself waits as long as it takes.
	timeout = 10 * time.Second
	// With the name of the run: by it, all that a run has written is found.
	runLabel = "api-writer"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	namespace := flag.String("namespace", metav1.NamespaceDefault, "where to write")
	run := flag.String("run", "", "name of this run: the ConfigMaps are <run>-<number>, with label "+runLabel+"=<run>")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := write(ctx, *kubeconfig, *namespace, *run); err != nil {
		fmt.Fprintf(os.Stderr, "api-writer: %v\n", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, kubeconfig, namespace, run string) error {
	if kubeconfig == "" || run == "" {
		return errors.New("--kubeconfig and --run have to be given")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	create, err := newCreate(config, namespace, run)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return newWriter(create, os.Stdout).run(ctx, interval, timeout)
}

// newCreate returns what creates the ConfigMap of a number. All is as client-go has it, except that it is not held back
// to five requests a second.
func newCreate(config *rest.Config, namespace, run string) (func(context.Context, int) error, error) {
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, number int) error {
		metadata := metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", run, number), Labels: map[string]string{runLabel: run}}
		_, err := client.CoreV1().ConfigMaps(namespace).Create(
			ctx, &v1.ConfigMap{ObjectMeta: metadata}, metav1.CreateOptions{},
		)
		return err
	}, nil
}
