package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/bcrypt"
	"sigs.k8s.io/yaml"
)

// Fields and words of Dex's own form, which clients go by.
var form = template.Must(template.New("form").Parse(`<!DOCTYPE html>
<html><head><title>dex</title></head><body>
<h2>Log in to Your Account</h2>
<form method="post" action="{{.Action}}">
<label for="userid">Email Address</label><input type="text" id="login" name="login" value="{{.Login}}">
<label for="password">Password</label><input type="password" id="password" name="password">
{{if .Wrong}}<div id="login-error">Invalid Email Address and password.</div>{{end}}
<button type="submit" id="submit-login">Login</button>
</form></body></html>
`))

type user struct {
	Email       string `json:"email"`
	HashFromEnv string `json:"hashFromEnv"`
}

// dex knows who logs in, and where to they go afterwards: each request and each code is good for once.
type dex struct {
	users    []user
	mutex    sync.Mutex
	requests map[string]url.Values
	codes    map[string]string
}

// serveDex reads config.yaml once, as Dex does, and hashes of passwords from the environment that it names.
func serveDex(address, directory string) error {
	text, err := os.ReadFile(filepath.Join(directory, "config.yaml"))
	if err != nil {
		return err
	}
	var config struct {
		StaticPasswords []user `json:"staticPasswords"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("config.yaml: %w", err)
	}
	server := &dex{users: config.StaticPasswords, requests: map[string]url.Values{}, codes: map[string]string{}}
	http.HandleFunc("GET /dex/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /dex/auth", server.authorise)
	http.HandleFunc("GET /dex/auth/local/login", server.ask)
	http.HandleFunc("POST /dex/auth/local/login", server.check)
	http.HandleFunc("POST /dex/token", server.redeem)
	return http.ListenAndServe(address, nil)
}

// authorise begins a login for the client that sent the browser here.
func (server *dex) authorise(answer http.ResponseWriter, asked *http.Request) {
	state := rand.Text()
	server.mutex.Lock()
	server.requests[state] = asked.URL.Query()
	server.mutex.Unlock()
	http.Redirect(answer, asked, "/dex/auth/local/login?back=&state="+state, http.StatusFound)
}

func (server *dex) ask(answer http.ResponseWriter, asked *http.Request) {
	if server.find(asked) == nil {
		http.Error(answer, "User session error.", http.StatusBadRequest)
		return
	}
	show(answer, asked, "", false)
}

// check shows the form again to whoever is wrong, and sends others back with a code.
func (server *dex) check(answer http.ResponseWriter, asked *http.Request) {
	client, login := server.find(asked), asked.PostFormValue("login")
	if client == nil {
		http.Error(answer, "User session error.", http.StatusBadRequest)
		return
	}
	if !server.knows(login, asked.PostFormValue("password")) {
		show(answer, asked, login, true)
		return
	}
	code := rand.Text()
	server.mutex.Lock()
	server.codes[code] = login
	delete(server.requests, asked.URL.Query().Get("state"))
	server.mutex.Unlock()
	query := url.Values{"code": {code}, "state": {client.Get("state")}}
	http.Redirect(answer, asked, client.Get("redirect_uri")+"?"+query.Encode(), http.StatusSeeOther)
}

// redeem tells whose code it is, to the client alone that got it.
func (server *dex) redeem(answer http.ResponseWriter, asked *http.Request) {
	code := asked.PostFormValue("code")
	server.mutex.Lock()
	email := server.codes[code]
	delete(server.codes, code)
	server.mutex.Unlock()
	if email == "" {
		http.Error(answer, "Invalid or expired code parameter.", http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(answer).Encode(map[string]string{"email": email})
}

func (server *dex) find(asked *http.Request) url.Values {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	return server.requests[asked.URL.Query().Get("state")]
}

func (server *dex) knows(login, password string) bool {
	for _, user := range server.users {
		hash := []byte(os.Getenv(user.HashFromEnv))
		if user.Email == login && bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil {
			return true
		}
	}
	return false
}

func show(answer http.ResponseWriter, asked *http.Request, login string, wrong bool) {
	answer.Header().Set("Content-Type", "text/html; charset=utf-8")
	fields := map[string]any{"Action": asked.URL.RequestURI(), "Login": login, "Wrong": wrong}
	_ = form.Execute(answer, fields)
}
