package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
)

// connectTo returns a program that is connected to that server.
func (w *world) connectTo(server *apiServer) *client {
	w.t.Helper()
	for range 3 { // each new connection goes to the server with the fewest
		if c := w.connect(); c.askWho() == server.address {
			return c
		}
	}
	w.t.Fatalf("no connection goes to %s", server.address)
	return nil
}

func TestConnectionsAreSpreadOverTheServers(t *testing.T) {
	w := startWorld(t)
	answers := []string{w.connect().askWho(), w.connect().askWho()}
	slices.Sort(answers)
	if !slices.Equal(answers, []string{w.one.address, w.two.address}) {
		t.Errorf("answers from %v", answers)
	}
}

func TestConnectionsToASilentServerAreClosedAfterTwoChecks(t *testing.T) {
	w := startWorld(t)
	kept, left := w.connectTo(w.two), w.connectTo(w.one)
	w.one.set(http.StatusOK, true)
	w.check()
	if who := left.askWho(); who != w.one.address {
		t.Errorf("after one check, %q answers", who)
	}
	w.check()
	if who := left.askWho(); who != w.two.address {
		t.Errorf("after two checks, %q answers", who)
	}
	if who := kept.askWho(); who != w.two.address {
		t.Errorf("on the other connection, %q answers", who)
	}
}

func TestAServerThatIsNotReadyIsLeftAndUsedAgain(t *testing.T) {
	w := startWorld(t)
	c := w.connectTo(w.one)
	w.one.set(http.StatusInternalServerError, false)
	w.check()
	w.check()
	if who := c.askWho(); who != w.two.address {
		t.Errorf("%q answers", who)
	}
	w.one.set(http.StatusOK, false)
	w.check()
	w.connectTo(w.one)
}

func TestTheLastServerIsNeverLeft(t *testing.T) {
	w := startWorld(t)
	c := w.connectTo(w.one)
	w.two.tls.Close()
	w.one.set(http.StatusInternalServerError, false)
	for range 3 {
		w.check()
	}
	if who := c.askWho(); who != w.one.address {
		t.Errorf("%q answers", who)
	}
}

func TestAConnectionToALostServerIsClosedWhenAnotherIsReady(t *testing.T) {
	w := startWorld(t)
	c := w.connectTo(w.one)
	w.one.set(http.StatusInternalServerError, false)
	w.two.set(http.StatusInternalServerError, false)
	w.check()
	w.check()
	w.two.set(http.StatusOK, false)
	w.check()
	if who := c.askWho(); who != w.two.address {
		t.Errorf("%q answers", who)
	}
}

func TestAServerThatWantsToKnowWhoAsksIsReady(t *testing.T) {
	w := startWorld(t)
	c := w.connectTo(w.one)
	w.one.set(http.StatusUnauthorized, false)
	w.check()
	w.check()
	if who := c.askWho(); who != w.one.address {
		t.Errorf("%q answers", who)
	}
}

func TestAServerThatRefusesIsPassedOver(t *testing.T) {
	w := startWorld(t)
	w.one.tls.Close() // no check has noticed that
	for range 4 {
		if who := w.connect().askWho(); who != w.two.address {
			t.Errorf("%q answers", who)
		}
	}
}

func TestAServerWithAnotherCertificateIsNotReady(t *testing.T) {
	w := startWorld(t)
	strangers := newPool(trust(w.one), w.one.port())
	strangers.tls.ServerName = "another.example.org"
	strangers.follow([]string{w.one.address})
	strangers.check(t.Context())
	if each := strangers.list()[0]; each.isReady || each.failures != 1 {
		t.Errorf("ready: %v, failures: %d", each.isReady, each.failures)
	}
}

func TestAnAddressThatIsGoneIsForgottenWhenNothingAnswersThere(t *testing.T) {
	w := startWorld(t)
	w.pool.follow([]string{w.two.address})
	if len(w.pool.list()) != 2 {
		t.Error("a ready server was forgotten")
	}
	w.one.set(http.StatusInternalServerError, false)
	w.check()
	w.pool.follow([]string{w.two.address})
	if len(w.pool.list()) != 1 {
		t.Error("a server is remembered that is neither listed nor ready")
	}
}

func TestWithoutAddressesEverythingStays(t *testing.T) {
	w := startWorld(t)
	w.pool.follow(nil)
	if who := w.connect().askWho(); who == "" {
		t.Error("nobody answers")
	}
}

func TestTheEndOfOneDirectionReachesTheOtherSide(t *testing.T) {
	w := startWorld(t)
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.4", "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() { // answers when it has read everything
		server, err := listener.Accept()
		if err != nil {
			return
		}
		all, _ := io.ReadAll(server)
		_, _ = server.Write(all)
		_ = server.Close()
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	echo := newPool(trust(w.one), port)
	echo.follow([]string{"127.0.0.4"})
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = proxy.Close() }()
	go func() { _ = serve(proxy, echo) }()
	connection, err := net.Dial("tcp", proxy.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(connection, "all of it")
	_ = connection.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(connection)
	if string(answer) != "all of it" || err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", answer, err)
	}
}
