// api-proxy gives the programs of a worker one address for the API servers of several control-plane nodes.
//
// The Service of the host cluster sends a connection to one of them, and leaves it there even if the host of that one
// vanishes without a word: a program then waits until it finds out by itself, which may take minutes. api-proxy asks
// each API server every two seconds whether it is ready, and closes the connections to one that is not while another
// is, so that programs connect to that one. It only passes bytes on: the certificate that a program sees is that of the
// API server.
//
// It finds the API servers by the name of their headless Service (--servers). If no such name exists, which is so when
// a single control-plane node is left, it uses the Service in front of them (--endpoint). If DNS does not answer, it
// goes on with what it knows.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// A host that is gone is noticed after two checks that time out.
const (
	checkInterval = 2 * time.Second
	checkTimeout  = 2 * time.Second
	namesInterval = 5 * time.Second
	dialTimeout   = 2 * time.Second
	acceptPause   = 100 * time.Millisecond
)

type settings struct {
	listen, servers, endpoint, port, authority, resolver, resolverPort string
}

func main() {
	log.SetFlags(log.LstdFlags | log.Lmsgprefix)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := run(ctx, parse())
	stop()
	if err != nil {
		log.Fatalf("api-proxy: %v", err)
	}
}

func parse() settings {
	var s settings
	flag.StringVar(&s.listen, "listen", "127.0.0.1:6443", "address to listen at")
	flag.StringVar(&s.servers, "servers", "", "name in DNS with the addresses of all API servers")
	flag.StringVar(&s.endpoint, "endpoint", "", "name of the Service in front of them, which is in their certificates")
	flag.StringVar(&s.port, "port", "6443", "port of the API servers")
	flag.StringVar(&s.authority, "ca", "", "file with the certificate of their authority")
	flag.StringVar(&s.resolver, "resolver", "/etc/resolv.conf", "file with the name servers to ask")
	flag.StringVar(&s.resolverPort, "resolver-port", "53", "port of the name servers")
	flag.Parse()
	return s
}

// run serves until the context ends.
func run(ctx context.Context, s settings) error {
	pem, err := os.ReadFile(s.authority)
	if err != nil {
		return err
	}
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s contains no certificate", s.authority)
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	names := &names{servers: s.servers, endpoint: s.endpoint, resolver: s.resolver, port: s.resolverPort}
	all := newPool(&tls.Config{RootCAs: authority, ServerName: s.endpoint, MinVersion: tls.VersionTLS12}, s.port)
	all.follow(names.find(ctx))
	go every(ctx, namesInterval, func() { all.follow(names.find(ctx)) })
	go every(ctx, checkInterval, func() { all.check(ctx) })
	return serve(listener, all)
}

// every runs what is to be done again and again, a while after it was done the last time.
func every(ctx context.Context, interval time.Duration, do func()) {
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-time.After(interval):
		}
	}
}

// serve passes each connection on, until the listener is closed.
func serve(listener net.Listener, all *pool) error {
	for {
		client, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil: // no file descriptor is left, for example
			log.Printf("can't accept a connection: %v", err)
			time.Sleep(acceptPause)
		default:
			go pass(client, all)
		}
	}
}
