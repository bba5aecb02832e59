package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	log "k8s.io/klog/v2"
)

const (
	// An API server that was away is asked again after this time, however long it was away.
	watchInterval = time.Second
	// Timeout of a request; duration of a watch.
	answerTimeout = 10 * time.Second
	watchSeconds  = 600
)

var errNotNeeded = errors.New("not needed with leases that are Nodes")

// nodes lends subnets to flannel's backend: those that Kubernetes has given to the Nodes.
//
// flannel's own manager does the same by an informer of client-go. This one has read the Nodes as soon as it starts, where
// flannel's looks once a second whether it has, and it asks an API server that was away again after a second, where an
// informer pauses for up to a minute: so long, pods would not reach those of a node with a new address.
type nodes struct {
	client kubernetes.Interface
	name   string
	config *subnet.Config
}

// newNodes reads flannel's configuration and the kubeconfig; it asks nothing yet.
func newNodes(kubeconfig, name, netConf string) (*nodes, error) {
	config, err := subnet.ParseConfig(netConf)
	if err != nil {
		return nil, fmt.Errorf("network configuration: %w", err)
	}
	access, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &nodes{client: client, name: name, config: config}, nil
}

// AcquireLease notes this node's end of the VXLAN on its Node; an error so long as the Node has no subnet.
func (n *nodes) AcquireLease(ctx context.Context, attrs *lease.LeaseAttrs) (*lease.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	node, err := n.client.CoreV1().Nodes().Get(ctx, n.name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	own, err := readSubnet(node)
	if err != nil {
		return nil, err
	}
	if !n.config.Network.Contains(own.IP) {
		return nil, fmt.Errorf("subnet %s of Node %s is not in %s", own, n.name, n.config.Network)
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
		managedAnnotation: "true",
		typeAnnotation:    attrs.BackendType,
		dataAnnotation:    string(attrs.BackendData),
		addressAnnotation: attrs.PublicIP.String(),
	}}})
	if err != nil {
		return nil, err
	}
	// By the status, as that is what a kubelet's identity may write.
	_, err = n.client.CoreV1().Nodes().Patch(ctx, n.name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil {
		return nil, err
	}
	return &lease.Lease{EnableIPv4: true, Subnet: own, Attrs: *attrs}, nil
}

// WatchLeases reports all Nodes with an end of the VXLAN, and every change of them, until ctx ends.
func (n *nodes) WatchLeases(ctx context.Context, receiver chan []lease.LeaseWatchResult) error {
	defer close(receiver)
	known := leases{}
	for {
		err := n.follow(ctx, known, receiver)
		if err != nil {
			log.Infof("the Nodes can't be watched: %v", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchInterval):
		}
	}
}

// follow reports what differs from what is known, and updates that, until the API server ends the watch or goes away.
func (n *nodes) follow(ctx context.Context, known leases, receiver chan<- []lease.LeaseWatchResult) error {
	tell := func(events []lease.Event) {
		if len(events) == 0 {
			return
		}
		select {
		case receiver <- []lease.LeaseWatchResult{{Events: events}}:
		case <-ctx.Done():
		}
	}
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	list, err := n.client.CoreV1().Nodes().List(asking, metav1.ListOptions{})
	if err != nil {
		return err
	}
	tell(known.replace(list.Items))
	seconds := int64(watchSeconds)
	options := metav1.ListOptions{ResourceVersion: list.ResourceVersion, TimeoutSeconds: &seconds}
	changes, err := n.client.CoreV1().Nodes().Watch(ctx, options)
	if err != nil {
		return err
	}
	defer changes.Stop()
	for change := range changes.ResultChan() {
		node, isNode := change.Object.(*v1.Node)
		switch {
		case !isNode:
			return fmt.Errorf("%s: %v", change.Type, change.Object)
		case change.Type == watch.Deleted:
			tell(known.set(node.Name, nil))
		default:
			tell(known.set(node.Name, readLease(node)))
		}
	}
	return nil
}

// GetStoredMacAddresses returns the MAC address on the VXLAN that the Node records from a previous boot; no IPv6.
func (n *nodes) GetStoredMacAddresses(ctx context.Context) (string, string) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	node, err := n.client.CoreV1().Nodes().Get(ctx, n.name, metav1.GetOptions{})
	if err != nil {
		return "", ""
	}
	var data struct{ VtepMAC string }
	// Empty if it records none.
	_ = json.Unmarshal([]byte(node.Annotations[dataAnnotation]), &data)
	return data.VtepMAC, ""
}

// The rest of subnet.Manager.

func (n *nodes) GetNetworkConfig(context.Context) (*subnet.Config, error) {
	return n.config, nil
}

func (n *nodes) HandleSubnetFile(
	path string, config *subnet.Config, masquerade bool, own ip.IP4Net, own6 ip.IP6Net, mtu int,
) error {
	return subnet.WriteSubnetFile(path, config, masquerade, own, own6, mtu)
}

// CompleteLease has nothing to do: no cloud has marked the Node as one whose network is not there.
func (n *nodes) CompleteLease(context.Context, *lease.Lease, *sync.WaitGroup) error {
	return nil
}

func (n *nodes) Name() string {
	return "Nodes, for " + n.name
}

// Leases do not end, and each backend of ours asks for all of them at once, by its own address.

func (n *nodes) RenewLease(context.Context, *lease.Lease) error {
	return errNotNeeded
}

func (n *nodes) WatchLease(context.Context, ip.IP4Net, ip.IP6Net, chan []lease.LeaseWatchResult) error {
	return errNotNeeded
}

func (n *nodes) GetStoredPublicIP(context.Context) (string, string) {
	return "", ""
}
