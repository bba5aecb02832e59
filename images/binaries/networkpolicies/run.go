// Package networkpolicies enforces the NetworkPolicies of a virtual cluster on one node, with the controller of
// kube-router: iptables rules and ipsets for the pods of this node. Nothing else of kube-router is built in.
//
// As long as there is no policy, it only waits for the first one: then no rule is in the kernel, and no pod is read.
//
// Environment:
//
//	KUBECONFIG  identity of the process; the kubelet's own will do, with the rights of network-policies-access.yaml
//	NODE_NAME   the node whose pods are meant
//	POD_IP      address of this node
//	POLICIES    file that is there while the cluster has policies, so that the next boot enforces them sooner
package networkpolicies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
	"github.com/coreos/go-iptables/iptables"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	log "k8s.io/klog/v2"
)

const (
	// It is there as long as the kernel has rules of a previous process, in the same network namespace.
	topChain = "KUBE-ROUTER-FORWARD"
	// The controller lets local connections to this range pass the policies of pods that connect. kube-proxy in nftables
	// mode has translated those to Services by then, so nothing has to: it is the address of no machine.
	noServices = "0.0.0.0/32"
	// How often a Node is read that does not have the address of this boot yet.
	addressInterval = time.Second
	answerTimeout   = 10 * time.Second
)

// settings is what the environment says.
type settings struct {
	kubeconfig, node, address, note string
}

func readSettings() (settings, error) {
	found := settings{os.Getenv("KUBECONFIG"), os.Getenv("NODE_NAME"), os.Getenv("POD_IP"), os.Getenv("POLICIES")}
	for name, value := range map[string]string{
		"KUBECONFIG": found.kubeconfig, "NODE_NAME": found.node, "POD_IP": found.address, "POLICIES": found.note,
	} {
		if value == "" {
			return settings{}, fmt.Errorf("%s is not set", name)
		}
	}
	return found, nil
}

// Run enforces policies until ctx ends. What is in the kernel then stays, so that a restart lets nothing through.
func Run(ctx context.Context) error {
	settings, err := readSettings()
	if err != nil {
		return err
	}
	access, err := clientcmd.BuildConfigFromFlags("", settings.kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	firewall, err := newFirewall()
	if err != nil {
		return err
	}
	policies := newInformers(client, settings).Networking().V1().NetworkPolicies().Informer()
	found, err := followPolicies(policies, settings.note)
	if err != nil {
		return err
	}
	go policies.Run(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), policies.HasSynced) {
		return ctx.Err()
	}
	if err := found.await(ctx, firewall); err != nil {
		return err
	}
	return enforce(ctx, client, settings, policies, firewall)
}

func newInformers(client kubernetes.Interface, settings settings) informers.SharedInformerFactory {
	return informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(settings.reduce))
}

// demand is whether there are policies: since the first one, `there` is closed, and the file `note` is there while any is.
type demand struct {
	policies cache.SharedIndexInformer
	note     string
	noting   sync.Mutex
	first    sync.Once
	there    chan struct{}
}

func followPolicies(policies cache.SharedIndexInformer, note string) (*demand, error) {
	found := &demand{policies: policies, note: note, there: make(chan struct{})}
	_, err := policies.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) {
			found.first.Do(func() { close(found.there) })
			found.record()
		},
		DeleteFunc: func(any) { found.record() },
	})
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	return found, nil
}

// await returns when something is to be enforced: a policy is there, or rules of a previous process are.
func (d *demand) await(ctx context.Context, rules *firewall) error {
	d.record()
	left, err := rules.iptables.ChainExists("filter", topChain)
	if err != nil {
		return fmt.Errorf("iptables: %w", err)
	}
	if left {
		log.Info("rules of a previous process are there")
		return nil
	}
	select {
	case <-d.there:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// record makes the file what it should be. Without it, the next boot begins later to enforce, and is as good otherwise.
func (d *demand) record() {
	d.noting.Lock()
	defer d.noting.Unlock()
	var err error
	if len(d.policies.GetStore().ListKeys()) > 0 {
		err = os.WriteFile(d.note, nil, 0o600)
	} else if err = os.Remove(d.note); errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		log.Warningf("whether there are policies is not recorded: %v", err)
	}
}

// firewall is how the controller changes the kernel.
type firewall struct {
	iptables *iptables.IPTables
	sets     *ownSets
}

func newFirewall() (*firewall, error) {
	rules, err := iptables.NewWithProtocol(iptables.ProtocolIPv4)
	if err != nil {
		return nil, fmt.Errorf("iptables: %w", err)
	}
	sets, err := utils.NewIPSet(false)
	if err != nil {
		return nil, fmt.Errorf("ipset: %w", err)
	}
	return &firewall{rules, &ownSets{sets}}, nil
}

// enforce runs the controller until ctx ends. It ends the process itself where the kernel refuses something.
func enforce(
	ctx context.Context, client kubernetes.Interface, settings settings, policies cache.SharedIndexInformer, rules *firewall,
) error {
	if err := awaitAddress(ctx, client, settings); err != nil {
		return err
	}
	core := newInformers(client, settings).Core().V1()
	pods, namespaces := core.Pods().Informer(), core.Namespaces().Informer()
	controller, err := netpol.NewNetworkPolicyController(
		client, configure(settings), pods, policies, namespaces, &sync.Mutex{},
		map[v1.IPFamily]utils.IPTablesHandler{v1.IPv4Protocol: rules.iptables},
		map[v1.IPFamily]utils.IPSetHandler{v1.IPv4Protocol: rules.sets},
	)
	if err != nil {
		return fmt.Errorf("controller: %w", err)
	}
	go pods.Run(ctx.Done())
	go namespaces.Run(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), pods.HasSynced, namespaces.HasSynced) {
		return ctx.Err()
	}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods:       controller.PodEventHandler,
		namespaces: controller.NamespaceEventHandler,
		policies:   controller.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return fmt.Errorf("events: %w", err)
		}
	}
	log.Info("NetworkPolicies are enforced")
	beats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range beats { // the controller waits for somebody to take them
		}
	}()
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(beats, ctx.Done(), &running)
	running.Wait()
	return ctx.Err()
}

func configure(settings settings) *options.KubeRouterConfig {
	config := options.NewKubeRouterConfig()
	config.EnableIPv4, config.EnableIPv6 = true, false
	config.HostnameOverride = settings.node
	config.ClusterIPCIDRs = []string{noServices}
	return config
}

// awaitAddress returns when the Node has the address of this boot: the controller reads it once.
func awaitAddress(ctx context.Context, client kubernetes.Interface, settings settings) error {
	for {
		err := checkAddress(ctx, client, settings)
		if err == nil {
			return nil
		}
		log.Infof("waiting: %v", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(addressInterval):
		}
	}
}

func checkAddress(ctx context.Context, client kubernetes.Interface, settings settings) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	node, err := client.CoreV1().Nodes().Get(ctx, settings.node, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, each := range node.Status.Addresses {
		if each.Type == v1.NodeInternalIP && each.Address == settings.address {
			return nil
		}
	}
	return fmt.Errorf("Node %s does not have the address %s yet", settings.node, settings.address)
}
