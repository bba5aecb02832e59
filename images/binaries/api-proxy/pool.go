package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
)

// failuresToLeave: one check may be late on a busy host.
const failuresToLeave = 2

// server is one API server. Its pool guards it.
type server struct {
	address     string
	client      *http.Client
	isListed    bool // in DNS
	failures    int  // checks that failed, in a row
	isReady     bool // whether the last check succeeded
	connections map[net.Conn]struct{}
}

// isLost is whether connections to it are closed while another one is ready.
func (s *server) isLost() bool { return s.failures >= failuresToLeave }

// pool is all API servers that are known.
type pool struct {
	mutex   sync.Mutex
	tls     *tls.Config
	port    string
	servers map[string]*server // by address and port
}

func newPool(config *tls.Config, port string) *pool {
	return &pool{tls: config, port: port, servers: map[string]*server{}}
}

// follow makes these addresses the listed ones. Without any, as when DNS does not answer, everything stays. One that is
// listed no more is kept as long as it is ready or has connections.
func (p *pool) follow(addresses []string) {
	if len(addresses) == 0 {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, each := range p.servers {
		each.isListed = false
	}
	for _, address := range addresses {
		target := net.JoinHostPort(address, p.port)
		if p.servers[target] == nil {
			p.servers[target] = newServer(target, p.tls)
		}
		p.servers[target].isListed = true
	}
	for target, each := range p.servers {
		if !each.isListed && !each.isReady && len(each.connections) == 0 {
			each.client.CloseIdleConnections()
			delete(p.servers, target)
		}
	}
}

// newServer has a client of its own, with one connection that is kept. HTTP/1.1, because there a request that times out
// ends its connection.
func newServer(target string, config *tls.Config) *server {
	dialer := &net.Dialer{Timeout: checkTimeout}
	transport := &http.Transport{
		TLSClientConfig: config.Clone(),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, target)
		},
		Protocols: new(http.Protocols),
	}
	transport.Protocols.SetHTTP1(true)
	return &server{
		address:     target,
		client:      &http.Client{Transport: transport, Timeout: checkTimeout},
		connections: map[net.Conn]struct{}{},
	}
}

// check asks all API servers at once, and returns when the last has answered or not.
func (p *pool) check(ctx context.Context) {
	p.mutex.Lock()
	asked := make([]*server, 0, len(p.servers))
	for _, each := range p.servers {
		asked = append(asked, each)
	}
	p.mutex.Unlock()
	var waiting sync.WaitGroup
	for _, each := range asked {
		waiting.Go(func() { p.note(each, ask(ctx, each.client)) })
	}
	waiting.Wait()
}

// ask returns why the API server is not ready; nil if it is. One that wants to know who asks is ready.
func ask(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}

// note takes down the result of a check, and closes the connections that another server serves better.
func (p *pool) note(each *server, failure error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if failure == nil {
		if each.isLost() {
			log.Printf("%s is ready again", each.address)
		}
		each.failures, each.isReady = 0, true
	} else {
		each.failures, each.isReady = each.failures+1, false
		if each.failures == failuresToLeave {
			log.Printf("%s is not ready: %v", each.address, failure)
		}
	}
	if !slices.ContainsFunc(p.list(), func(other *server) bool { return other.isReady }) {
		return // the last one is never left
	}
	for _, other := range p.servers {
		if other.isLost() && len(other.connections) > 0 {
			log.Printf("%d connections to %s are closed, as others are ready", len(other.connections), other.address)
			other.leave()
		}
	}
}

// leave closes all connections, without waiting for a host that may be gone.
func (s *server) leave() {
	for connection := range s.connections {
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
	clear(s.connections)
}

// connect returns a connection to the best server that accepts one, and what gives it back; nil if none does.
func (p *pool) connect() (net.Conn, func()) {
	for _, each := range p.rank() {
		connection, err := net.DialTimeout("tcp", each.address, dialTimeout)
		if err != nil {
			continue
		}
		p.mutex.Lock()
		each.connections[connection] = struct{}{}
		p.mutex.Unlock()
		return connection, func() {
			p.mutex.Lock()
			delete(each.connections, connection)
			p.mutex.Unlock()
			_ = connection.Close()
		}
	}
	return nil, nil
}

// rank returns the servers in the order in which to try them: ready ones first, then those that were not asked yet, and
// of these the one with the fewest connections.
func (p *pool) rank() []*server {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	ranked := p.list()
	slices.SortFunc(ranked, func(a, b *server) int {
		return cmp.Or(
			first(a.isReady, b.isReady),
			first(a.isListed, b.isListed),
			cmp.Compare(a.failures, b.failures),
			cmp.Compare(len(a.connections), len(b.connections)),
		)
	})
	return ranked
}

// first compares such that true is before false.
func first(one, other bool) int {
	switch {
	case one == other:
		return 0
	case one:
		return -1
	default:
		return 1
	}
}

// list returns all servers, in no order.
func (p *pool) list() []*server {
	all := make([]*server, 0, len(p.servers))
	for _, each := range p.servers {
		all = append(all, each)
	}
	return all
}
