package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// leave removes this node's member, once the others have a quorum without it.
func (n *node) leave(ctx context.Context) error {
	return n.until(ctx, func(ctx context.Context) error {
		listed, err := n.readMembersOfAnybody(ctx)
		if err != nil {
			return err
		}
		for _, own := range selectMembers(listed.members, n.isOwn) {
			if err := n.checkOthers(ctx, listed.members, own); err != nil {
				return err
			}
			if err := n.removeThroughOthers(ctx, listed, own); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkOthers returns why etcd can't do without a member, if it can't.
func (n *node) checkOthers(ctx context.Context, members []*member, leaving *member) error {
	if leaving.IsLearner {
		return nil
	}
	rest := selectMembers(members, func(each *member) bool { return isVoter(each) && each.ID != leaving.ID })
	if len(rest) == 0 {
		return refusal("this node has the only voter of etcd, which can't leave")
	}
	answering := 0
	for _, found := range n.readStatuses(ctx, rest) {
		if found != nil && found.Leader != 0 {
			answering++
		}
	}
	if quorum := len(rest)/2 + 1; answering < quorum {
		return waiting{fmt.Sprintf("%d of the other %d voters of etcd to answer, not %d", quorum, len(rest), answering), nil}
	}
	return nil
}

// readStatuses returns the status of each member that answers by its id, and none for the others.
func (n *node) readStatuses(ctx context.Context, members []*member) map[uint64]*clientv3.StatusResponse {
	found := map[uint64]*clientv3.StatusResponse{}
	var mutex sync.Mutex
	var asking sync.WaitGroup
	for _, each := range members {
		for _, endpoint := range each.ClientURLs {
			asking.Go(func() {
				if answer, err := n.readStatus(ctx, endpoint); err == nil {
					mutex.Lock()
					defer mutex.Unlock()
					found[each.ID] = answer
				}
			})
		}
	}
	asking.Wait()
	return found
}

// remove removes the member of another node, which is lost: one that still answers has to leave by itself.
func (n *node) remove(ctx context.Context, name string) error {
	if name == n.name {
		return refusal("a node does not remove its own member: leave does")
	}
	return n.until(ctx, func(ctx context.Context) error {
		listed, err := n.readMembers(ctx, []string{n.local})
		if err != nil {
			return err
		}
		for _, lost := range selectMembers(listed.members, func(each *member) bool { return n.readName(each) == name }) {
			if err := n.removeLost(ctx, lost); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeLost removes a member that does not answer.
func (n *node) removeLost(ctx context.Context, lost *member) error {
	name := n.readName(lost)
	if endpoint := n.findAnswering(ctx, lost); endpoint != "" {
		return refusal(fmt.Sprintf("member %s answers at %s: it has to leave by itself", name, endpoint))
	}
	err := n.change(ctx, n.local, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.MemberRemove(ctx, lost.ID)
		return err
	})
	if err != nil {
		return explain("remove member "+name, err)
	}
	return nil
}

// findAnswering returns where a member answers, or nothing: where it says that clients reach it, or where it would.
func (n *node) findAnswering(ctx context.Context, each *member) string {
	endpoints := append(slices.Clone(each.ClientURLs), n.clientURL(n.readName(each)+"."+n.service))
	slices.Sort(endpoints)
	for _, endpoint := range slices.Compact(endpoints) {
		if _, err := n.readStatus(ctx, endpoint); !isSilence(err) {
			return endpoint
		}
	}
	return ""
}

// isSilence is whether nobody has answered: an answer is one, even if it is no.
func isSilence(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.DeadlineExceeded
}
