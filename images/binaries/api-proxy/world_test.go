package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

const endpoint = "example.com" // in the certificate of httptest

// apiServer is an API server at a loopback address, which a test makes answer or not.
type apiServer struct {
	mutex   sync.Mutex
	status  int
	silent  chan struct{}
	address string
	tls     *httptest.Server
}

// startServer starts a ready API server. All of a test have the same port.
func startServer(t *testing.T, address, port string) *apiServer {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, port))
	if err != nil {
		t.Fatal(err)
	}
	s := &apiServer{status: http.StatusOK, address: address}
	s.tls = httptest.NewUnstartedServer(http.HandlerFunc(s.answer))
	s.tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	_ = s.tls.Listener.Close()
	s.tls.Listener = listener
	s.tls.StartTLS()
	t.Cleanup(func() { s.set(http.StatusOK, false); s.tls.Close() })
	return s
}

func (s *apiServer) answer(writer http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	status, silent := s.status, s.silent
	s.mutex.Unlock()
	if request.URL.Path != "/readyz" {
		_, _ = io.WriteString(writer, s.address)
		return
	}
	if silent != nil {
		<-silent
	}
	writer.WriteHeader(status)
}

// set makes it answer with a status, or not at all.
func (s *apiServer) set(status int, isSilent bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.silent != nil {
		close(s.silent)
		s.silent = nil
	}
	if isSilent {
		s.silent = make(chan struct{})
	}
	s.status = status
}

func (s *apiServer) port() string {
	_, port, _ := net.SplitHostPort(s.tls.Listener.Addr().String())
	return port
}

// world is two API servers, and a proxy in front of them whose checks a test runs itself.
type world struct {
	t        *testing.T
	one, two *apiServer
	pool     *pool
	proxy    string
}

func startWorld(t *testing.T) *world {
	t.Helper()
	one := startServer(t, "127.0.0.2", "0")
	two := startServer(t, "127.0.0.3", one.port())
	w := &world{t: t, one: one, two: two, pool: newPool(trust(one), one.port())}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- serve(listener, w.pool) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	w.proxy = listener.Addr().String()
	w.pool.follow([]string{one.address, two.address})
	w.check()
	return w
}

// trust is what a client has to know: all servers have the same certificate.
func trust(s *apiServer) *tls.Config {
	authority := x509.NewCertPool()
	authority.AddCert(s.tls.Certificate())
	return &tls.Config{RootCAs: authority, ServerName: endpoint}
}

func (w *world) check() { w.pool.check(context.Background()) }

// client is a program with one connection.
type client struct {
	http.Client
	proxy string
}

func (w *world) connect() *client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, w.proxy)
	}
	transport := &http.Transport{TLSClientConfig: trust(w.one), DialContext: dial}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &client{http.Client{Transport: transport, Timeout: 10 * time.Second}, w.proxy}
}

// askWho returns the address of the server that answers; empty if none does.
func (c *client) askWho() string {
	answer, err := c.Get("https://api/")
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}
