package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// nameServer is a name server on loopback with addresses by full name.
type nameServer struct {
	mutex     sync.Mutex
	addresses map[string][]string
	isBroken  bool
}

func (s *nameServer) set(isBroken bool, addresses map[string][]string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.isBroken, s.addresses = isBroken, addresses
}

func (s *nameServer) ServeDNS(writer dns.ResponseWriter, question *dns.Msg) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	answer := new(dns.Msg).SetReply(question)
	name := question.Question[0].Name
	found, exists := s.addresses[name]
	switch {
	case s.isBroken:
		answer.Rcode = dns.RcodeServerFailure
	case !exists:
		answer.Rcode = dns.RcodeNameError
	case question.Question[0].Qtype == dns.TypeA:
		for _, address := range found {
			header := dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5}
			answer.Answer = append(answer.Answer, &dns.A{Hdr: header, A: net.ParseIP(address)})
		}
	}
	_ = writer.WriteMsg(answer)
}

// startNames starts a name server, and writes the file that leads to it.
func startNames(t *testing.T) (*nameServer, *names) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.5:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{}
	server := &dns.Server{PacketConn: packets, Handler: s}
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	resolver := writeResolver(t, "127.0.0.5")
	return s, &names{servers: "members.test", endpoint: "endpoint.test", resolver: resolver, port: port(packets)}
}

func port(packets net.PacketConn) string {
	_, port, _ := net.SplitHostPort(packets.LocalAddr().String())
	return port
}

func writeResolver(t *testing.T, server string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	content := fmt.Sprintf("search first.example second.example\nnameserver %s\noptions ndots:5\n", server)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAddressesAreThoseOfAllServers(t *testing.T) {
	server, n := startNames(t)
	server.set(false, map[string][]string{"members.test.second.example.": {"10.0.0.1", "10.0.0.2"}})
	if found := n.find(t.Context()); !slices.Equal(found, []string{"10.0.0.1", "10.0.0.2"}) {
		t.Errorf("found %v", found)
	}
}

func TestTheEndpointIsUsedWhereThereAreNoSeveralServers(t *testing.T) {
	server, n := startNames(t)
	server.set(false, map[string][]string{"endpoint.test.": {"10.96.0.7"}, "members.test.": nil})
	if found := n.find(t.Context()); !slices.Equal(found, []string{"10.96.0.7"}) {
		t.Errorf("found %v", found)
	}
}

func TestNothingIsFoundWhileTheNameServerFails(t *testing.T) {
	server, n := startNames(t)
	server.set(true, map[string][]string{"endpoint.test.": {"10.96.0.7"}})
	if found := n.find(t.Context()); found != nil {
		t.Errorf("found %v", found)
	}
}

func TestTheProxyServesWithWhatItsFilesSay(t *testing.T) {
	server, n := startNames(t)
	api := startServer(t, "127.0.0.2", "0")
	server.set(false, map[string][]string{"members.test.": {api.address}})
	file := filepath.Join(t.TempDir(), "ca.crt")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.tls.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	listen := freeAddress(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- run(ctx, settings{
			listen: listen, servers: n.servers, endpoint: endpoint, port: api.port(), authority: file,
			resolver: n.resolver, resolverPort: n.port,
		})
	}()
	w := &world{t: t, one: api, proxy: listen}
	for end := time.Now().Add(10 * time.Second); w.connect().askWho() != api.address; {
		if time.Now().After(end) {
			t.Fatal("it does not serve")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func TestAFileWithoutACertificateIsRejected(t *testing.T) {
	_, n := startNames(t)
	err := run(t.Context(), settings{listen: "127.0.0.1:0", authority: n.resolver})
	if err == nil {
		t.Error("it serves without an authority")
	}
}
