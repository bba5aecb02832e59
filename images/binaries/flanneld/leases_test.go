package main

import (
	"fmt"
	"slices"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// node returns a Node that records its end of the VXLAN.
func node(name, subnet, address string) v1.Node {
	return v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{
			managedAnnotation: "true",
			typeAnnotation:    "vxlan",
			dataAnnotation:    `{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}`,
			addressAnnotation: address,
		}},
		Spec: v1.NodeSpec{PodCIDR: subnet},
	}
}

func without(each v1.Node, annotation string) v1.Node {
	delete(each.Annotations, annotation)
	return each
}

// replace is what leases of the Nodes `before` tell of when the Nodes are `now`.
func replace(before, now []v1.Node) []string {
	known := leases{}
	known.replace(before)
	var told []string
	for _, event := range known.replace(now) {
		word := []string{"add", "remove"}[event.Type]
		told = append(told, fmt.Sprintf("%s %s at %s", word, event.Lease.Subnet, event.Lease.Attrs.PublicIP))
	}
	return told
}

func TestWhatIsToldOfNodes(t *testing.T) {
	a := node("a", "198.18.0.0/24", "192.0.2.1")
	b := node("b", "198.18.1.0/24", "192.0.2.2")
	for name, each := range map[string]struct {
		before, now []v1.Node
		told        []string
	}{
		"a Node that comes":     {nil, []v1.Node{a}, []string{"add 198.18.0.0/24 at 192.0.2.1"}},
		"a Node that stays":     {[]v1.Node{a}, []v1.Node{a}, nil},
		"a Node that goes":      {[]v1.Node{a, b}, []v1.Node{a}, []string{"remove 198.18.1.0/24 at 192.0.2.2"}},
		"a Node that has moved": {[]v1.Node{a}, []v1.Node{node("a", "198.18.0.0/24", "192.0.2.9")}, []string{"add 198.18.0.0/24 at 192.0.2.9"}},
		"a Node with another subnet": {
			[]v1.Node{a}, []v1.Node{node("a", "198.18.7.0/24", "192.0.2.1")},
			[]string{"remove 198.18.0.0/24 at 192.0.2.1", "add 198.18.7.0/24 at 192.0.2.1"},
		},
		"a removal is reported first, as the subnet may be another's by now": {
			[]v1.Node{a}, []v1.Node{node("b", "198.18.0.0/24", "192.0.2.2")},
			[]string{"remove 198.18.0.0/24 at 192.0.2.1", "add 198.18.0.0/24 at 192.0.2.2"},
		},
		"a Node of another network daemon": {nil, []v1.Node{without(node("c", "198.18.2.0/24", "192.0.2.3"), managedAnnotation)}, nil},
		"a Node with no subnet yet":        {nil, []v1.Node{node("c", "", "192.0.2.3")}, nil},
		"a Node with an IPv6 subnet":       {nil, []v1.Node{node("c", "2001:db8::/64", "192.0.2.3")}, nil},
		"a Node with no address yet":       {nil, []v1.Node{without(node("c", "198.18.2.0/24", ""), addressAnnotation)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if told := replace(each.before, each.now); !slices.Equal(told, each.told) {
				t.Errorf("reported %q, not %q", told, each.told)
			}
		})
	}
}

// An added end of the network must not be confused with the removed one whose subnet it has.
func TestRemovalIsReportedFirst(t *testing.T) {
	before := []v1.Node{node("a", "198.18.0.0/24", "192.0.2.1")}
	now := []v1.Node{node("a", "198.18.7.0/24", "192.0.2.1"), node("b", "198.18.0.0/24", "192.0.2.2")}
	for range 50 { // Nodes come in any order
		if told := replace(before, now); len(told) != 3 || told[0] != "remove 198.18.0.0/24 at 192.0.2.1" {
			t.Fatalf("reported %q", told)
		}
	}
}
