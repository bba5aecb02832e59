// kubeflow-in-small stands in for every program of Kubeflow in the tests: one binary, a subcommand for each part.
//
// What it shares with the original is what makes an installation hard: parts that take their time, a webhook without
// which objects are refused, and a login that leads a browser through three redirects before it asks for a password.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatalf("kubeflow-in-small: %v", err)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("dex, gateway, slow or webhook?")
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	address := flags.String("address", ":8080", "where to listen")
	after := flags.Duration("after", 0, "how long to take until it listens, or is ready")
	directory := flags.String("directory", "", "where the certificate, or the configuration, is")
	dex := flags.String("dex", "http://dex.auth:5556", "where the gateway finds Dex")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	switch arguments[0] {
	case "dex":
		return serveDex(*address, *directory)
	case "gateway":
		return serveGateway(*address, *dex)
	case "slow":
		return serveSlow(*address, *after)
	case "webhook":
		time.Sleep(*after)
		return serveWebhook(*address, *directory)
	default:
		return fmt.Errorf("there is no part %q", arguments[0])
	}
}

// serveSlow answers at once, and says only after a while that it is ready.
func serveSlow(address string, after time.Duration) error {
	start := time.Now()
	http.HandleFunc("GET /ready", func(answer http.ResponseWriter, _ *http.Request) {
		if time.Since(start) < after {
			http.Error(answer, "not yet", http.StatusServiceUnavailable)
		}
	})
	return http.ListenAndServe(address, nil)
}
