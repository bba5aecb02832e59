// The program reads objects and prints what is said of each: by kstatus, which Flux and Helm use, by the health check
// expressions of a Kustomization of Flux, and by a health script of Argo CD. Both ways, it is JSON.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type request struct {
	Script  string                       `json:"script"`
	Check   kustomize.CustomHealthCheck  `json:"check"`
	Objects []*unstructured.Unstructured `json:"objects"`
}

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type answer struct {
	Kstatus verdict `json:"kstatus"`
	Flux    verdict `json:"flux"`
	ArgoCD  verdict `json:"argocd"`
}

func main() {
	log.SetFlags(0)
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		log.Fatal(err)
	}
	answers, err := judgeAll(asked)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func judgeAll(asked request) ([]answer, error) {
	evaluator, err := cel.NewStatusEvaluator(&asked.Check.HealthCheckExpressions)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, 0, len(asked.Objects))
	for _, object := range asked.Objects {
		kstatus, err := status.Compute(object)
		if err != nil {
			return nil, err
		}
		flux := read(kstatus)
		if object.GetAPIVersion() == asked.Check.APIVersion && object.GetKind() == asked.Check.Kind {
			flux = evaluate(evaluator, object)
		}
		argocd, err := runScript(asked.Script, object)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer{read(kstatus), flux, argocd})
	}
	return answers, nil
}

// An expression may read a field that the object does not have: Flux then shows the error, and asks again.
func evaluate(evaluator *cel.StatusEvaluator, object *unstructured.Unstructured) verdict {
	result, err := evaluator.Evaluate(context.Background(), object)
	if err != nil {
		return verdict{"Error", err.Error()}
	}
	return read(result)
}

func read(result *status.Result) verdict {
	return verdict{string(result.Status), result.Message}
}
