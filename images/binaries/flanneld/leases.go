package main

import (
	"encoding/json"
	"fmt"
	"net"
	"reflect"
	"slices"

	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/lease"
	v1 "k8s.io/api/core/v1"
	log "k8s.io/klog/v2"
)

// What flannel notes on Nodes, so that its other daemons understand ours.
const (
	managedAnnotation = "flannel.alpha.coreos.com/kube-subnet-manager"
	typeAnnotation    = "flannel.alpha.coreos.com/backend-type"
	dataAnnotation    = "flannel.alpha.coreos.com/backend-data"
	addressAnnotation = "flannel.alpha.coreos.com/public-ip"
)

// leases are what flannel knows, by the name of the Node.
type leases map[string]*lease.Lease

// replace makes these Nodes all that is known, and returns what changes by that: what goes first, as somebody else may
// have its subnet by now.
func (l leases) replace(all []v1.Node) []lease.Event {
	there := map[string]*lease.Lease{}
	for i := range all {
		there[all[i].Name] = readLease(&all[i])
	}
	var events []lease.Event
	for name := range l {
		if there[name] == nil {
			events = append(events, l.set(name, nil)...)
		}
	}
	for name, each := range there {
		events = append(events, l.set(name, each)...)
	}
	slices.SortStableFunc(events, func(a, b lease.Event) int { return int(b.Type) - int(a.Type) })
	return events
}

// set makes a lease, or none, that of a Node, and returns what changes by that.
func (l leases) set(name string, now *lease.Lease) []lease.Event {
	var events []lease.Event
	was := l[name]
	if reflect.DeepEqual(was, now) {
		return nil
	}
	delete(l, name)
	if was != nil && (now == nil || !was.Subnet.Equal(now.Subnet)) {
		events = append(events, lease.Event{Type: lease.EventRemoved, Lease: *was})
	}
	if now != nil {
		l[name] = now
		events = append(events, lease.Event{Type: lease.EventAdded, Lease: *now})
	}
	return events
}

// readLease returns the lease that is recorded on a Node; nil if there is none, or none yet.
func readLease(node *v1.Node) *lease.Lease {
	notes := node.Annotations
	if notes[managedAnnotation] != "true" {
		return nil
	}
	own, err := readSubnet(node)
	if err != nil {
		log.Infof("passed over: %v", err)
		return nil
	}
	address, err := ip.ParseIP4(notes[addressAnnotation])
	if err != nil {
		log.Infof("passed over: Node %s: %v", node.Name, err)
		return nil
	}
	data := json.RawMessage(notes[dataAnnotation])
	attrs := lease.LeaseAttrs{PublicIP: address, BackendType: notes[typeAnnotation], BackendData: data}
	return &lease.Lease{EnableIPv4: true, Subnet: own, Attrs: attrs}
}

// readSubnet is the Node's IPv4 subnet; an error so long as it has none.
func readSubnet(node *v1.Node) (ip.IP4Net, error) {
	_, own, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil || own.IP.To4() == nil {
		return ip.IP4Net{}, fmt.Errorf("Node %s has no IPv4 subnet, but %q", node.Name, node.Spec.PodCIDR)
	}
	return ip.FromIPNet(own), nil
}
