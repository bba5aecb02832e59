package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// patience ends a test that waits for what does not come.
const patience = 5 * time.Minute

// clusters counts them, so that each has its own addresses.
var clusters struct {
	sync.Mutex
	number int
}

// cluster is the control-plane nodes of one virtual cluster, on addresses of its own of this machine.
type cluster struct {
	t                    *testing.T
	service, network     string
	clientPort, peerPort int
	directory            string
	// What etcd may have on its disk; 0 is its own default.
	quota int64
	// Whether etcd refuses changes until its members have been connected for five seconds, as it does for users.
	strict bool
}

// pod is a control-plane node: an address, a name, a volume, and etcd if it runs.
type pod struct {
	*cluster
	name, address, volume string
	etcd                  *embed.Etcd
}

// ended is what a command of the program left.
type ended struct {
	code            int
	printed, reason string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	t.Parallel()
	clusters.Lock()
	clusters.number++
	number := clusters.number
	clusters.Unlock()
	c := &cluster{
		t: t, service: fmt.Sprintf("demo-etcd.team-%d.svc.cluster.test", number),
		network: fmt.Sprintf("127.%d.%d.", 64+os.Getpid()%128, number), directory: t.TempDir(),
	}
	c.clientPort, c.peerPort = choosePort(t, c.network+"1"), choosePort(t, c.network+"1")
	c.writeCertificates()
	return c
}

// choosePort returns a port of an address that nobody has.
func choosePort(t *testing.T, address string) int {
	t.Helper()
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // so that the second port is another
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	return port
}

// pod returns a node that has an address, and no etcd yet.
func (c *cluster) pod(name string, last int) *pod {
	address := c.network + strconv.Itoa(last)
	names.add(c.service, address)
	names.add(name+"."+c.service, address)
	return &pod{cluster: c, name: name, address: address, volume: filepath.Join(c.directory, name)}
}

// initialized returns a node whose etcd has initialized a cluster, with the URL by which others reach it.
func (c *cluster) initialized(name string, last int) *pod {
	p := c.pod(name, last)
	p.start(embed.ClusterStateFlagNew, p.peerURL(p.name+"."+p.service), p.name+"="+p.peerURL(p.name+"."+p.service))
	return p
}

func (p *pod) peerURL(host string) string {
	return fmt.Sprintf("https://%s:%d", host, p.peerPort)
}

func (p *pod) clientURL(host string) string {
	return fmt.Sprintf("https://%s:%d", host, p.clientPort)
}

// start runs etcd as the scripts of a node do.
func (p *pod) start(state, peerURL, initialCluster string) {
	p.t.Helper()
	config := embed.NewConfig()
	config.Name, config.Dir, config.ClusterState, config.InitialCluster = p.name, p.volume, state, initialCluster
	config.ListenClientUrls, config.ListenPeerUrls = parseURL(p.t, p.clientURL(p.address)), parseURL(p.t, p.peerURL(p.address))
	config.AdvertiseClientUrls = parseURL(p.t, p.clientURL(p.name+"."+p.service))
	config.AdvertisePeerUrls = parseURL(p.t, peerURL)
	config.ClientTLSInfo, config.PeerTLSInfo = p.serverFiles(), p.serverFiles()
	config.PeerTLSInfo.SkipClientSANVerify = true
	config.TickMs, config.ElectionMs, config.UnsafeNoFsync = 50, 500, true
	config.StrictReconfigCheck, config.EnableGRPCGateway = p.strict, false
	config.QuotaBackendBytes = p.quota
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	running, err := embed.StartEtcd(config)
	if err != nil {
		p.t.Errorf("etcd of %s: %v", p.name, err)
		return
	}
	p.etcd = running
	p.t.Cleanup(p.stop)
}

// restart runs it again with its data; the list of members that a node gives it has only itself.
func (p *pod) restart() {
	p.t.Helper()
	own := p.peerURL(p.name + "." + p.service)
	p.start(embed.ClusterStateFlagExisting, own, p.name+"="+own)
}

func (p *pod) stop() {
	if p.etcd != nil {
		p.etcd.Close()
		p.etcd = nil
	}
}

// loseVolume is what only a new volume follows.
func (p *pod) loseVolume() {
	p.t.Helper()
	p.stop()
	if err := os.RemoveAll(p.volume); err != nil {
		p.t.Fatal(err)
	}
}

// enter makes the node without data a member, as the scripts of a node do, up to the given step.
func (p *pod) enter(steps ...string) {
	p.t.Helper()
	added := p.must("join")
	p.start(embed.ClusterStateFlagExisting, p.peerURL(p.name+"."+p.service), added)
	for _, step := range steps {
		p.must(step)
	}
}

// must runs a command that has to succeed and returns what it printed.
func (p *pod) must(arguments ...string) string {
	p.t.Helper()
	found := p.run(arguments...)
	if found.code != 0 {
		p.t.Errorf("%s: %v ended with %d: %s", p.name, arguments, found.code, found.reason)
	}
	return found.printed
}

// run runs a command on the node.
func (p *pod) run(arguments ...string) ended {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, p.complete(arguments), &stdout, &stderr)
	return ended{code, strings.TrimSpace(stdout.String()), stderr.String()}
}

// runUntil runs a command until it says something, and ends it.
func (p *pod) runUntil(line string, arguments ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	said := &watched{text: line, found: cancel}
	var stdout bytes.Buffer
	code := run(ctx, p.complete(arguments), &stdout, said)
	if code != failed || !strings.Contains(said.String(), line) {
		p.t.Errorf("%s: %v ended with %d and said %q, not %q", p.name, arguments, code, said, line)
	}
}

func (p *pod) complete(arguments []string) []string {
	return append([]string{
		arguments[0], "--name", p.name, "--service", p.service, "--address", p.address,
		"--local", p.clientURL(p.address), "--client-port", strconv.Itoa(p.clientPort), "--peer-port", strconv.Itoa(p.peerPort),
		"--ca", p.file("ca.crt"), "--cert", p.file("client.crt"), "--key", p.file("client.key"),
	}, arguments[1:]...)
}

// put writes a key, as soon as there is a leader.
func (p *pod) put(key, value string) {
	p.t.Helper()
	p.client(func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.Put(ctx, key, value)
		return err
	})
}

// client talks to this node's etcd until that does not fail.
func (p *pod) client(request func(context.Context, *clientv3.Client) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	asking := &node{say: func(string) {}}
	var err error
	if asking.tls, err = p.clientFiles().ClientConfig(); err != nil {
		p.t.Fatal(err)
	}
	err = asking.until(ctx, func(ctx context.Context) error {
		return asking.ask(ctx, p.clientURL(p.address), request)
	})
	if err != nil {
		p.t.Error(err)
	}
}
