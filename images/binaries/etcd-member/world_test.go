package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// names is the name server of all that runs in this process, etcd as well as the program.
var names = &nameServer{addresses: map[string][]string{}}

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait for each other's etcd, not for the processor
		panic(err)
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: names.dial}
	os.Exit(m.Run())
}

// nameServer answers for the Services of the tests, and that there is nothing else.
type nameServer struct {
	sync.Mutex
	addresses map[string][]string
}

func (s *nameServer) add(name, address string) {
	s.Lock()
	defer s.Unlock()
	s.addresses[name+"."] = append(s.addresses[name+"."], address)
}

// forget makes a name one that does not exist.
func (s *nameServer) forget(name string) {
	s.Lock()
	defer s.Unlock()
	delete(s.addresses, name+".")
}

func (s *nameServer) find(name string) []string {
	s.Lock()
	defer s.Unlock()
	return s.addresses[name]
}

func (s *nameServer) dial(context.Context, string, string) (net.Conn, error) {
	asking, answering := net.Pipe()
	go func() {
		defer func() { _ = answering.Close() }()
		connection := dns.Conn{Conn: answering}
		for {
			question, err := connection.ReadMsg()
			if err != nil || connection.WriteMsg(s.answer(question)) != nil {
				return
			}
		}
	}()
	return asking, nil
}

func (s *nameServer) answer(question *dns.Msg) *dns.Msg {
	reply := new(dns.Msg).SetReply(question)
	asked := question.Question[0]
	found := s.find(asked.Name)
	if len(found) == 0 {
		reply.Rcode = dns.RcodeNameError
	}
	for _, address := range found {
		if asked.Qtype == dns.TypeA {
			header := dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}
			reply.Answer = append(reply.Answer, &dns.A{Hdr: header, A: net.ParseIP(address)})
		}
	}
	return reply
}

// writeCertificates writes an authority, a certificate for all members and one for clients, as kubeadm makes them.
func (c *cluster) writeCertificates() {
	c.t.Helper()
	authority := &x509.Certificate{
		Subject: pkix.Name{CommonName: "etcd-ca"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key := c.writeCertificate("ca", authority, authority, nil)
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	server := &x509.Certificate{Subject: pkix.Name{CommonName: "server"}, ExtKeyUsage: usage, DNSNames: []string{"*." + c.service}}
	for _, last := range []string{"1", "2", "3", "4"} {
		server.IPAddresses = append(server.IPAddresses, net.ParseIP(c.network+last))
	}
	c.writeCertificate("server", server, authority, key)
	c.writeCertificate("client", &x509.Certificate{Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: usage[1:]}, authority, key)
}

// writeCertificate writes a certificate and its key, and returns the key; with no signer, it signs itself.
func (c *cluster) writeCertificate(name string, made, authority *x509.Certificate, signer *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	made.SerialNumber = big.NewInt(time.Now().UnixNano())
	made.NotBefore, made.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	certificate, err := x509.CreateCertificate(rand.Reader, made, authority, &key.PublicKey, signer)
	if err != nil {
		c.t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	c.writePEM(name+".crt", "CERTIFICATE", certificate)
	c.writePEM(name+".key", "EC PRIVATE KEY", private)
	return key
}

func (c *cluster) writePEM(name, kind string, content []byte) {
	c.t.Helper()
	if err := os.WriteFile(c.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) file(name string) string {
	return filepath.Join(c.directory, name)
}

func (c *cluster) serverFiles() transport.TLSInfo {
	return transport.TLSInfo{
		TrustedCAFile: c.file("ca.crt"), CertFile: c.file("server.crt"), KeyFile: c.file("server.key"), ClientCertAuth: true,
	}
}

func (c *cluster) clientFiles() transport.TLSInfo {
	return transport.TLSInfo{
		TrustedCAFile: c.file("ca.crt"), CertFile: c.file("client.crt"), KeyFile: c.file("client.key"),
	}
}

// watched is what a command says, and calls `found` once that contains a text.
type watched struct {
	bytes.Buffer
	text  string
	found func()
}

func (w *watched) Write(said []byte) (int, error) {
	count, err := w.Buffer.Write(said)
	if strings.Contains(w.String(), w.text) {
		w.found()
	}
	return count, err
}

func parseURL(t *testing.T, text string) []url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return []url.URL{*parsed}
}
