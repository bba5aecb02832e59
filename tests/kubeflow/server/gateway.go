package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

const (
	callback = "/oauth2/callback"
	cookie   = "oauth2_proxy_kubeflow"
	// One for each login that has begun: a browser that asks for a picture begins another.
	stateCookie  = cookie + "_csrf_"
	healthPort   = ":15021"
	readyAddress = "/healthz/ready"
)

var dashboard = template.Must(template.New("dashboard").Parse(`<!DOCTYPE html>
<html><head><title>Kubeflow Central Dashboard</title></head><body>
<h1>Welcome</h1><p id="user">{{.}}</p>
</body></html>
`))

// gateway is Istio's, with OAuth2 Proxy in it and the dashboard behind: who has no session is sent to Dex.
type gateway struct {
	dex      string
	mutex    sync.Mutex
	sessions map[string]string
}

func serveGateway(address, dex string) error {
	// A connection to a pod that is gone would be held for a while, and Dex is started anew for each new password.
	http.DefaultTransport.(*http.Transport).DisableKeepAlives = true
	target, err := url.Parse(dex)
	if err != nil {
		return err
	}
	server := &gateway{dex: dex, sessions: map[string]string{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(call *httputil.ProxyRequest) { call.SetURL(target) }}
	pages := http.NewServeMux()
	pages.Handle("/dex/", proxy)
	pages.HandleFunc(callback, server.welcome)
	pages.HandleFunc("/", server.show)
	health := http.NewServeMux()
	health.HandleFunc("GET "+readyAddress, func(http.ResponseWriter, *http.Request) {})
	failed := make(chan error)
	go func() { failed <- http.ListenAndServe(healthPort, health) }()
	go func() { failed <- http.ListenAndServe(address, pages) }()
	return <-failed
}

// show is the dashboard, for users; others are to come back with a code, and with the state that they get here.
func (server *gateway) show(answer http.ResponseWriter, asked *http.Request) {
	if email := server.findUser(asked); email != "" {
		answer.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = dashboard.Execute(answer, email)
		return
	}
	state := rand.Text()
	setCookie(answer, stateCookie+state, state)
	query := url.Values{
		"client_id": {"kubeflow-oidc-authservice"}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {state},
	}
	http.Redirect(answer, asked, "/dex/auth?"+query.Encode(), http.StatusFound)
}

// welcome begins a session for whoever Dex has sent.
func (server *gateway) welcome(answer http.ResponseWriter, asked *http.Request) {
	if _, err := asked.Cookie(stateCookie + asked.URL.Query().Get("state")); err != nil {
		http.Error(answer, "Unable to find a valid CSRF token. Please try again.", http.StatusForbidden)
		return
	}
	email, err := server.redeem(asked.URL.Query().Get("code"))
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	session := rand.Text()
	server.mutex.Lock()
	server.sessions[session] = email
	server.mutex.Unlock()
	setCookie(answer, cookie, session)
	http.Redirect(answer, asked, "/", http.StatusFound)
}

func (server *gateway) redeem(code string) (string, error) {
	said, err := http.PostForm(server.dex+"/dex/token", url.Values{"code": {code}})
	if err != nil {
		return "", err
	}
	defer said.Body.Close()
	if said.StatusCode != http.StatusOK {
		return "", fmt.Errorf("Dex answers %s", said.Status)
	}
	var token struct {
		Email string `json:"email"`
	}
	err = json.NewDecoder(said.Body).Decode(&token)
	return token.Email, err
}

func (server *gateway) findUser(asked *http.Request) string {
	sent, err := asked.Cookie(cookie)
	if err != nil {
		return ""
	}
	server.mutex.Lock()
	defer server.mutex.Unlock()
	return server.sessions[sent.Value]
}

func setCookie(answer http.ResponseWriter, name, value string) {
	http.SetCookie(answer, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
