package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// joining is a node without data on its way into the list of members.
type joining struct {
	*node
	// Whether it has asked to be added since nobody of its name was listed.
	hasAsked bool
	// A learner that keeps it out, and since when.
	blocker      uint64
	blockedSince time.Time
	members      []*member
}

// join adds the node as a learner and returns etcd's --initial-cluster.
//
// A member with its name or URL is one whose data is lost: it is removed first, as a member that comes back without
// what it has acknowledged breaks what the others rely on.
func (n *node) join(ctx context.Context) (string, error) {
	j := &joining{node: n}
	if err := n.until(ctx, j.attempt); err != nil {
		return "", err
	}
	return n.describe(j.members), nil
}

// attempt does what is left to do, by the list of members as it is now.
func (j *joining) attempt(ctx context.Context) error {
	listed, err := j.readMembersOfOthers(ctx)
	if err != nil {
		return err
	}
	own := selectMembers(listed.members, j.isOwn)
	if j.hasAsked && len(own) == 1 && own[0].IsLearner && own[0].Name == "" {
		j.members = listed.members // its request has arrived, and the answer was lost
		return nil
	}
	if len(own) > 0 {
		return j.replace(ctx, listed, own[0])
	}
	for _, each := range listed.members {
		if each.IsLearner {
			return j.waitFor(ctx, listed, each)
		}
		if isLocal(each) {
			return waiting{fmt.Sprintf("member %s to have a peer URL that others reach", j.readName(each)), nil}
		}
	}
	return j.add(ctx, listed)
}

// replace removes a previous member of this node, and goes on.
func (j *joining) replace(ctx context.Context, listed answer, previous *member) error {
	if isVoter(previous) && len(selectMembers(listed.members, isVoter)) == 1 {
		return refusal("the previous member of this node is the only voter of etcd: without its data there is none")
	}
	j.say(fmt.Sprintf("removes the previous member %s of this node, whose data is not here", formatID(previous.ID)))
	j.hasAsked = false
	if err := j.removeThroughOthers(ctx, listed, previous); err != nil {
		return err
	}
	return j.attempt(ctx)
}

// add asks the others to add this node.
func (j *joining) add(ctx context.Context, listed answer) error {
	j.hasAsked = true
	err := j.changeThroughOthers(ctx, listed.from, func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.MemberAddAsLearner(ctx, []string{j.ownPeerURL()})
		if err == nil {
			j.members = response.Members
		}
		return err
	})
	switch {
	case errors.Is(err, rpctypes.ErrMemberNotFound):
		// etcd makes ids of URL and second: this one has just been removed.
		return waiting{"an id that no previous member had", nil}
	case err != nil:
		return explain("add this node", err)
	}
	return nil
}

// waitFor waits for another learner, as etcd has only one at a time. One that has never started, and whose node is
// gone, would keep all others out forever: it is removed when patience is at its end.
func (j *joining) waitFor(ctx context.Context, listed answer, learner *member) error {
	if learner.ID != j.blocker {
		j.blocker, j.blockedSince = learner.ID, time.Now()
	}
	name := j.readName(learner)
	if learner.Name != "" || time.Since(j.blockedSince) < j.patience || !isGone(ctx, learner) {
		return waiting{fmt.Sprintf("control-plane node %s to finish joining", name), nil}
	}
	j.say(fmt.Sprintf("removes the learner of node %s, which has not started for %s and has no address", name, j.patience))
	if err := j.removeThroughOthers(ctx, listed, learner); err != nil {
		return err
	}
	return j.attempt(ctx)
}

// removeThroughOthers removes a member, on the word of a list.
func (n *node) removeThroughOthers(ctx context.Context, listed answer, each *member) error {
	err := n.changeThroughOthers(ctx, listed.from, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.MemberRemove(ctx, each.ID)
		return err
	})
	if err != nil {
		return explain("remove member "+n.readName(each), err)
	}
	return nil
}

// isGone is whether no name of a member has an address, by the word of a name server.
func isGone(ctx context.Context, each *member) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return !slices.ContainsFunc(readHosts(each), func(host string) bool {
		_, err := net.DefaultResolver.LookupHost(ctx, host)
		var reason *net.DNSError
		return !errors.As(err, &reason) || !reason.IsNotFound
	})
}

// isLocal is whether a member has the URL of a cluster of one, which every node takes for its own.
func isLocal(each *member) bool {
	return slices.ContainsFunc(readHosts(each), func(host string) bool {
		return host == "localhost" || net.ParseIP(host).IsLoopback()
	})
}

// describe returns a list of members as etcd's --initial-cluster, in which this node has its own name already.
func (n *node) describe(members []*member) string {
	var pairs []string
	for _, each := range members {
		for _, url := range each.PeerURLs {
			pairs = append(pairs, n.readName(each)+"="+url)
		}
	}
	return strings.Join(pairs, ",")
}
