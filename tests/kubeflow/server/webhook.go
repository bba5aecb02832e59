package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
)

const refusal = "no runtime is accepted today."

// review is the part of an AdmissionReview, in either direction, that matters here.
type review struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Request    *request       `json:"request,omitempty"`
	Response   map[string]any `json:"response,omitempty"`
}

type request struct {
	UID string `json:"uid"`
}

// serveWebhook accepts every object at /validate, and none at /refuse. The certificate is in tls.crt and tls.key.
func serveWebhook(address, directory string) error {
	http.HandleFunc("POST /validate", func(answer http.ResponseWriter, asked *http.Request) {
		decide(answer, asked, map[string]any{"allowed": true})
	})
	http.HandleFunc("POST /refuse", func(answer http.ResponseWriter, asked *http.Request) {
		decide(answer, asked, map[string]any{"allowed": false, "status": map[string]any{"message": refusal}})
	})
	http.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	return http.ListenAndServeTLS(address, filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key"), nil)
}

func decide(answer http.ResponseWriter, asked *http.Request, response map[string]any) {
	var question review
	if err := json.NewDecoder(asked.Body).Decode(&question); err != nil || question.Request == nil {
		http.Error(answer, "this is no AdmissionReview", http.StatusBadRequest)
		return
	}
	response["uid"] = question.Request.UID
	answer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(answer).Encode(review{APIVersion: question.APIVersion, Kind: question.Kind, Response: response})
}
