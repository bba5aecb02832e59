package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const patience = 30 * time.Second

// apiServer has Nodes, and refuses the first requests for them, as one that is not ready yet.
type apiServer struct {
	mutex    sync.Mutex
	nodes    []v1.Node
	refusals int
	patches  map[string]string
	// changed is closed when the Nodes are others, whose version is the next.
	changed chan struct{}
	version int
}

// start is what a node `a` has to do with the Nodes of that API server.
func (s *apiServer) start(t *testing.T) *nodes {
	t.Helper()
	s.patches = map[string]string{}
	s.changed = make(chan struct{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Cleanup(func() { s.change(nil) })
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	config, err := subnet.ParseConfig(`{"Network": "198.18.0.0/16", "EnableNFTables": true, "Backend": {"Type": "vxlan"}}`)
	if err != nil {
		t.Fatal(err)
	}
	return &nodes{client: client, name: "a", config: config}
}

// change replaces its Nodes, and ends all watches: clients have to start them again.
func (s *apiServer) change(all []v1.Node) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	s.version++
	s.nodes = all
}

func (s *apiServer) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	if s.refusals > 0 {
		s.refusals--
		s.mutex.Unlock()
		writer.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	changed, version, answer := s.changed, strconv.Itoa(s.version), s.find(request)
	s.mutex.Unlock()
	writer.Header().Set("Content-Type", "application/json")
	query := request.URL.Query()
	if !query.Has("watch") {
		_ = json.NewEncoder(writer).Encode(answer)
		return
	}
	writer.WriteHeader(http.StatusOK)
	writer.(http.Flusher).Flush()
	if query.Get("resourceVersion") == version {
		<-changed
	}
}

// find is what it answers, and notes what is written.
func (s *apiServer) find(request *http.Request) any {
	if request.URL.Path == "/api/v1/nodes" {
		kind := metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"}
		return v1.NodeList{TypeMeta: kind, ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(s.version)}, Items: s.nodes}
	}
	if request.Method == http.MethodPatch {
		var patch v1.Node
		_ = json.NewDecoder(request.Body).Decode(&patch)
		s.patches[request.URL.Path] = request.Header.Get("Content-Type")
		for key, value := range patch.Annotations {
			s.nodes[0].Annotations[key] = value
		}
	}
	own := s.nodes[0]
	own.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}
	return own
}

func TestItsEndOfTheNetworkIsNotedOnTheNode(t *testing.T) {
	server := &apiServer{nodes: []v1.Node{node("a", "198.18.3.0/24", "")}}
	server.nodes[0].Annotations = map[string]string{"example.com/kept": "yes"}
	attrs := lease.LeaseAttrs{
		PublicIP: ip.MustParseIP4("192.0.2.1"), BackendType: "vxlan", BackendData: json.RawMessage(`{"VNI":1}`),
	}
	got, err := server.start(t).AcquireLease(t.Context(), &attrs)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subnet.String() != "198.18.3.0/24" || !reflect.DeepEqual(got.Attrs, attrs) {
		t.Errorf("the lease is %v", got)
	}
	if recorded := readLease(&server.nodes[0]); !reflect.DeepEqual(recorded, got) {
		t.Errorf("recorded is %v, not %v", recorded, got)
	}
	if server.nodes[0].Annotations["example.com/kept"] != "yes" {
		t.Error("the annotation of another writer is gone")
	}
	// What a kubelet's identity may write, and nothing else of the Node.
	if server.patches["/api/v1/nodes/a/status"] != "application/merge-patch+json" || len(server.patches) != 1 {
		t.Errorf("written was %v", server.patches)
	}
}

func TestNoLeaseBeforeTheNodeHasASubnetOfTheNetwork(t *testing.T) {
	for subnet, sentence := range map[string]string{
		"":            "Node a has no IPv4 subnet",
		"10.0.0.0/24": "subnet 10.0.0.0/24 of Node a is not in 198.18.0.0/16",
	} {
		server := &apiServer{nodes: []v1.Node{node("a", subnet, "")}}
		_, err := server.start(t).AcquireLease(t.Context(), &lease.LeaseAttrs{})
		if err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("with subnet %q: %v", subnet, err)
		}
		if len(server.patches) != 0 {
			t.Errorf("with subnet %q, written was %v", subnet, server.patches)
		}
	}
}

func TestNodesAreFollowedOverTheTimesInWhichTheAPIServerIsAway(t *testing.T) {
	server := &apiServer{nodes: []v1.Node{node("b", "198.18.1.0/24", "192.0.2.2")}, refusals: 2}
	manager := server.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	receiver := make(chan []lease.LeaseWatchResult)
	go func() { _ = manager.WatchLeases(ctx, receiver) }()
	expect(t, receiver, "192.0.2.2")
	server.change([]v1.Node{node("b", "198.18.1.0/24", "192.0.2.9")})
	expect(t, receiver, "192.0.2.9")
	cancel()
	for range receiver {
		t.Error("it went on telling after its end")
	}
}

// expect waits for one event of the node b, and its address.
func expect(t *testing.T, receiver <-chan []lease.LeaseWatchResult, address string) {
	t.Helper()
	select {
	case results := <-receiver:
		var addresses []string
		for _, event := range results[0].Events {
			addresses = append(addresses, event.Lease.Attrs.PublicIP.String())
		}
		if !slices.Equal(addresses, []string{address}) {
			t.Fatalf("reported %q, not %q", addresses, address)
		}
	case <-time.After(patience):
		t.Fatalf("%s is not reported", address)
	}
}
