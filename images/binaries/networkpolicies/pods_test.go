package networkpolicies

import (
	"reflect"
	"testing"

	v1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var own = settings{node: "here", address: "192.0.2.7"}

// pod returns one on a node, in whose status is the address that the node had in an earlier boot.
func pod(node string) *v1.Pod {
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "web", Namespace: "shop", Labels: map[string]string{"app": "web"}, Annotations: map[string]string{"long": "text"},
		},
		Spec: v1.PodSpec{NodeName: node, Containers: []v1.Container{
			{Name: "web", Image: "web", Ports: []v1.ContainerPort{{Name: "http", ContainerPort: 80}}}, {Name: "log", Image: "log"},
		}},
		Status: v1.PodStatus{
			Phase: v1.PodRunning, HostIP: "192.0.2.1", PodIP: "198.18.0.9", PodIPs: []v1.PodIP{{IP: "198.18.0.9"}},
		},
	}
}

func reduce(t *testing.T, object any) any {
	t.Helper()
	reduced, err := own.reduce(object)
	if err != nil {
		t.Fatal(err)
	}
	return reduced
}

func TestPodsOfTheNodeAreToldByItsNameAndNotByAnAddress(t *testing.T) {
	for node, address := range map[string]string{"here": "192.0.2.7", "there": "", "": ""} {
		if found := reduce(t, pod(node)).(*v1.Pod).Status.HostIP; found != address {
			t.Errorf("a pod on %q counts as one at %q", node, found)
		}
	}
}

func TestWhatTheControllerReadsOfAPodStays(t *testing.T) {
	expected := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{"app": "web"}},
		Spec: v1.PodSpec{NodeName: "here", Containers: []v1.Container{
			{Ports: []v1.ContainerPort{{Name: "http", ContainerPort: 80}}},
		}},
		Status: v1.PodStatus{
			Phase: v1.PodRunning, HostIP: "192.0.2.7", PodIP: "198.18.0.9", PodIPs: []v1.PodIP{{IP: "198.18.0.9"}},
		},
	}
	if found := reduce(t, pod("here")); !reflect.DeepEqual(found, expected) {
		t.Errorf("what stays is %v", found)
	}
	outside := pod("here")
	outside.Spec.HostNetwork = true
	if !reduce(t, outside).(*v1.Pod).Spec.HostNetwork {
		t.Error("a pod in the network of its node is taken for one with an address of its own")
	}
}

func TestLabelsOfNamespacesAndRulesOfPoliciesStay(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "a"}, ManagedFields: []metav1.ManagedFieldsEntry{{}}}
	namespace := reduce(t, &v1.Namespace{ObjectMeta: meta}).(*v1.Namespace)
	if namespace.Labels["team"] != "a" || namespace.ManagedFields != nil {
		t.Errorf("what stays is %v", namespace)
	}
	spec := networking.NetworkPolicySpec{PolicyTypes: []networking.PolicyType{networking.PolicyTypeEgress}}
	policy := reduce(t, &networking.NetworkPolicy{ObjectMeta: meta, Spec: spec}).(*networking.NetworkPolicy)
	if !reflect.DeepEqual(policy.Spec, spec) || policy.ManagedFields != nil {
		t.Errorf("what stays is %v", policy)
	}
}

func TestWhatAWatchSendsBesidesPassesAsItIs(t *testing.T) {
	if found := reduce(t, "bookmark"); found != "bookmark" {
		t.Errorf("it becomes %v", found)
	}
}
