package main

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/client-go/tools/clientcmd/api"
)

// fakeAPI is the API of a virtual cluster: the lists, and the ports of its pods, which all lead to one address.
type fakeAPI struct {
	t       *testing.T
	pods    []v1.Pod
	nodes   []v1.Node
	address string
	asked   string
}

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/portforward"):
		a.asked = r.URL.Path
		a.forward(w, r)
	case r.URL.Path == "/api/v1/namespaces/kube-system/pods" && r.URL.Query().Get("labelSelector") == etcdPods:
		a.answer(w, v1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Items: a.pods})
	case r.URL.Path == "/api/v1/nodes":
		a.answer(w, v1.NodeList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"}, Items: a.nodes})
	case r.URL.Path == "/version":
		a.answer(w, version.Info{GitVersion: "v1.34.4"})
	default:
		http.NotFound(w, r)
	}
}

func (a *fakeAPI) answer(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(content); err != nil {
		a.t.Error(err)
	}
}

// forward does what a kubelet does: each pair of streams is a connection.
func (a *fakeAPI) forward(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		a.t.Error(err)
		return
	}
	streams := make(chan httpstream.Stream)
	upgrader := spdy.NewResponseUpgrader()
	connection := upgrader.UpgradeResponse(w, r, func(stream httpstream.Stream, _ <-chan struct{}) error {
		go func() { streams <- stream }()
		return nil
	})
	if connection == nil {
		return
	}
	defer func() { _ = connection.Close() }()
	for {
		select {
		case stream := <-streams:
			if stream.Headers().Get(v1.StreamType) == v1.StreamTypeData {
				go a.connect(stream)
			} else {
				_ = stream.Close()
			}
		case <-connection.CloseChan():
			return
		}
	}
}

func (a *fakeAPI) connect(stream httpstream.Stream) {
	defer func() { _ = stream.Close() }()
	if port := stream.Headers().Get(v1.PortHeader); port != "2379" {
		a.t.Errorf("port %s was asked for", port)
	}
	target, err := net.Dial("tcp", a.address)
	if err != nil {
		a.t.Error(err)
		return
	}
	defer func() { _ = target.Close() }()
	go func() { _, _ = io.Copy(target, stream) }()
	_, _ = io.Copy(stream, target)
}

// open starts the API and returns a client with a kubeconfig as the hooks write it.
func (a *fakeAPI) open() *virtualCluster {
	server := httptest.NewTLSServer(a)
	a.t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	path := writeKubeconfig(a.t, &api.Cluster{Server: server.URL, CertificateAuthorityData: authority})
	virtual, err := openVirtualCluster(path)
	if err != nil {
		a.t.Fatal(err)
	}
	return virtual
}

func newPod(name string, ready v1.ConditionStatus) v1.Pod {
	conditions := []v1.PodCondition{{Type: v1.PodScheduled, Status: v1.ConditionTrue}, {Type: v1.PodReady, Status: ready}}
	return v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: v1.PodStatus{Conditions: conditions}}
}

func TestOnlyReadyMembersAreAsked(t *testing.T) {
	a := &fakeAPI{t: t, pods: []v1.Pod{newPod("etcd-a", v1.ConditionFalse), newPod("etcd-b", v1.ConditionTrue)}}
	found, err := a.open().listMembers(context.Background())
	if err != nil || len(found) != 1 || found[0] != "etcd-b" {
		t.Errorf("%v, %v", found, err)
	}
}

func TestNoReadyMemberIsNamed(t *testing.T) {
	a := &fakeAPI{t: t, pods: []v1.Pod{newPod("etcd-a", v1.ConditionFalse)}}
	_, err := a.open().listMembers(context.Background())
	if err == nil || err.Error() != "no etcd of a control-plane node is Ready" {
		t.Error(err)
	}
}

func TestTunnelLeadsToTheLoopbackOfTheNode(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go echo(listener)
	a := &fakeAPI{t: t, address: listener.Addr().String()}
	opened, err := a.open().openTunnel(context.Background(), "etcd-a")
	if err != nil {
		t.Fatal(err)
	}
	defer opened.close()
	connection, err := net.Dial("tcp", strings.TrimPrefix(opened.endpoint, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := fmt.Fprintln(connection, "hello"); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil || line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
	if a.asked != "/api/v1/namespaces/kube-system/pods/etcd-a/portforward" {
		t.Error(a.asked)
	}
}

func echo(listener net.Listener) {
	connection, err := listener.Accept()
	if err == nil {
		_, _ = io.Copy(connection, connection)
		_ = connection.Close()
	}
}

func TestSnapshotSaysWhichNodesThereWere(t *testing.T) {
	master := v1.Node{ObjectMeta: metav1.ObjectMeta{Name: "m", Labels: map[string]string{controlPlaneRole: ""}}}
	a := &fakeAPI{t: t, nodes: []v1.Node{master, {ObjectMeta: metav1.ObjectMeta{Name: "w"}}}}
	found := &description{Nodes: map[string]string{}, Authorities: map[string]string{}}
	if err := a.open().describe(context.Background(), found); err != nil {
		t.Fatal(err)
	}
	if found.KubernetesVersion != "v1.34.4" || found.Nodes["m"] != "master" || found.Nodes["w"] != "worker" {
		t.Errorf("%+v", found)
	}
	if !strings.HasPrefix(found.Authorities["ca"], "sha256:") {
		t.Error(found.Authorities)
	}
}

func TestClusterThatDoesNotAnswerIsNamed(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	virtual, err := openVirtualCluster(writeKubeconfig(t, &api.Cluster{Server: server.URL}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = virtual.listMembers(context.Background())
	if err == nil || !strings.HasPrefix(err.Error(), "the API of the virtual cluster does not answer: ") {
		t.Error(err)
	}
}

func writeKubeconfig(t *testing.T, cluster *api.Cluster) string {
	t.Helper()
	config := api.NewConfig()
	config.Clusters["demo"] = cluster
	config.Contexts["demo"] = &api.Context{Cluster: "demo"}
	config.CurrentContext = "demo"
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamagedSnapshotIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.db")
	for content, expected := range map[string]string{
		"short":                  "it is cut off",
		strings.Repeat("x", 100): "its checksum differs",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkSnapshot(path); err == nil || err.Error() != expected {
			t.Errorf("%v, not %q", err, expected)
		}
	}
}
