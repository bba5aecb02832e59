package main

import (
	"crypto/tls"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
)

// member is one of etcd's members, as etcd lists it; the name of one that has never started is empty.
type member = etcdserverpb.Member

// node is the control-plane node that this program works for.
type node struct {
	name, service, address, local string
	clientPort, peerPort          int
	patience                      time.Duration
	tls                           *tls.Config
	say                           func(line string)
	// Where members say that clients reach them, besides the addresses of the Service.
	known []string
}

// ownPeerURL is where other members reach this node's: a name, as the pod's address changes.
func (n *node) ownPeerURL() string {
	return "https://" + net.JoinHostPort(n.name+"."+n.service, strconv.Itoa(n.peerPort))
}

// clientURL is where clients reach the etcd at an address, or of a name.
func (n *node) clientURL(host string) string {
	return "https://" + net.JoinHostPort(host, strconv.Itoa(n.clientPort))
}

// isOwn is whether a member is this node's, by its name, or by its URL if it has never started.
func (n *node) isOwn(each *member) bool {
	return each.Name == n.name || slices.Contains(each.PeerURLs, n.ownPeerURL())
}

// readName returns the name of a member's node, which is in its URL if it has never started.
func (n *node) readName(each *member) string {
	if each.Name != "" {
		return each.Name
	}
	for _, host := range readHosts(each) {
		if name, isOurs := strings.CutSuffix(host, "."+n.service); isOurs {
			return name
		}
	}
	return formatID(each.ID)
}

// readHosts returns the hosts of a member's peer URLs.
func readHosts(each *member) []string {
	var hosts []string
	for _, text := range each.PeerURLs {
		if parsed, err := url.Parse(text); err == nil {
			hosts = append(hosts, parsed.Hostname())
		}
	}
	return hosts
}

func isVoter(each *member) bool {
	return !each.IsLearner
}

func selectMembers(members []*member, matches func(*member) bool) []*member {
	return slices.DeleteFunc(slices.Clone(members), func(each *member) bool { return !matches(each) })
}

// findByID returns the member with an id, or nil.
func findByID(members []*member, id uint64) *member {
	for _, each := range members {
		if each.ID == id {
			return each
		}
	}
	return nil
}

// formatID writes an id as etcd does in its log; ids are too large for what reads numbers of JSON.
func formatID(id uint64) string {
	return strconv.FormatUint(id, 16)
}
