package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

const (
	etcdNamespace    = metav1.NamespaceSystem
	etcdPods         = "component=etcd,tier=control-plane" // kubeadm labels them so
	etcdPort         = 2379
	controlPlaneRole = "node-role.kubernetes.io/control-plane"
)

// virtualCluster is the API of the virtual cluster.
type virtualCluster struct {
	config *rest.Config
	client kubernetes.Interface
}

// tunnel is a port of this pod that leads to the etcd of a node.
type tunnel struct {
	endpoint string
	stop     chan struct{}
	ended    chan error
}

func openVirtualCluster(kubeconfig string) (*virtualCluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &virtualCluster{config, client}, nil
}

// listMembers returns the names of the static pods of etcd that are Ready.
func (c *virtualCluster) listMembers(ctx context.Context) ([]string, error) {
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	pods, err := c.client.CoreV1().Pods(etcdNamespace).List(limited, metav1.ListOptions{LabelSelector: etcdPods})
	if err != nil {
		return nil, fmt.Errorf("the API of the virtual cluster does not answer: %w", err)
	}
	var names []string
	for _, pod := range pods.Items {
		if isReady(&pod) {
			names = append(names, pod.Name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no etcd of a control-plane node is Ready")
	}
	return names, nil
}

func isReady(pod *v1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == v1.PodReady {
			return condition.Status == v1.ConditionTrue
		}
	}
	return false
}

// openTunnel forwards a port to a pod, as kubectl port-forward does: etcd of a node alone listens on loopback only.
func (c *virtualCluster) openTunnel(ctx context.Context, pod string) (*tunnel, error) {
	round, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	url := c.client.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(etcdNamespace).Name(pod).SubResource("portforward").URL()
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: round}, http.MethodPost, url)
	opened := &tunnel{stop: make(chan struct{}), ended: make(chan error, 1)}
	ready, said := make(chan struct{}), &strings.Builder{}
	forwarder, err := portforward.NewOnAddresses(
		dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", etcdPort)}, opened.stop, ready, io.Discard, said,
	)
	if err != nil {
		return nil, err
	}
	go func() { opened.ended <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-opened.ended:
		return nil, fmt.Errorf("its port can't be forwarded: %w", errors.Join(err, readError(said)))
	case <-ctx.Done():
		opened.close()
		return nil, ctx.Err()
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return nil, err
	}
	opened.endpoint = fmt.Sprintf("https://127.0.0.1:%d", ports[0].Local)
	return opened, nil
}

func readError(said *strings.Builder) error {
	if said.Len() == 0 {
		return nil
	}
	return errors.New(strings.TrimSpace(said.String()))
}

func (t *tunnel) close() {
	close(t.stop)
}

// describe adds what the API of the virtual cluster says of itself.
func (c *virtualCluster) describe(ctx context.Context, found *description) error {
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	version, err := c.client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("the version of Kubernetes: %w", err)
	}
	nodes, err := c.client.CoreV1().Nodes().List(limited, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("the nodes: %w", err)
	}
	found.KubernetesVersion = version.GitVersion
	for _, node := range nodes.Items {
		found.Nodes[node.Name] = "worker"
		if _, has := node.Labels[controlPlaneRole]; has {
			found.Nodes[node.Name] = "master"
		}
	}
	found.Authorities["ca"], err = hashAuthority(c.config.CAData)
	if err != nil {
		return fmt.Errorf("the certificate authority in the kubeconfig: %w", err)
	}
	return nil
}
