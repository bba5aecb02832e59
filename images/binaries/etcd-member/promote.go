package main

import (
	"context"
	"slices"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// awaitData returns when the local learner has what the cluster had when it was asked.
func (n *node) awaitData(ctx context.Context) error {
	goal := uint64(0)
	return n.until(ctx, func(ctx context.Context) error {
		if goal == 0 {
			found, err := n.readIndex(ctx)
			if err != nil {
				return err
			}
			goal = found
		}
		local, err := n.readLocalStatus(ctx)
		if err != nil {
			return err
		}
		if local.RaftAppliedIndex < goal {
			return waiting{"the data of the other members", nil}
		}
		return nil
	})
}

// readIndex returns the index of the last entry that the cluster has committed. A member that has confirmed a list with
// a quorum has that.
func (n *node) readIndex(ctx context.Context) (uint64, error) {
	listed, err := n.readMembersOfOthers(ctx)
	if err != nil {
		return 0, err
	}
	found, err := n.readStatus(ctx, listed.from)
	if err != nil {
		return 0, waiting{"the status of another member", err}
	}
	return found.RaftIndex, nil
}

// readLocalStatus returns the status of this node's etcd, once that has found the leader; an error so long as it has
// not, and errRemoved if there is none because others have removed its member.
func (n *node) readLocalStatus(ctx context.Context) (*clientv3.StatusResponse, error) {
	local, err := n.readStatus(ctx, n.local)
	if err != nil {
		listed, unlisted := n.readMembersOfOthers(ctx)
		if unlisted == nil && len(selectMembers(listed.members, n.isOwn)) == 0 {
			return nil, errRemoved
		}
		return nil, waiting{"etcd of this node", err}
	}
	if local.Leader == 0 {
		return nil, waiting{"etcd of this node to find a leader", nil}
	}
	return local, nil
}

// promote returns the id of this node's member once that is a voter. It runs by then: a voter that does not run could
// cost the others their quorum.
func (n *node) promote(ctx context.Context) (string, error) {
	id := ""
	err := n.until(ctx, func(ctx context.Context) error {
		local, err := n.readLocalStatus(ctx)
		if err != nil {
			return err
		}
		// A voter has the list itself: others may be there that have no etcd yet, and wait for this one.
		listed, err := n.readMembersOfAnybody(ctx)
		if err != nil {
			return err
		}
		own := findByID(listed.members, local.Header.MemberId)
		if own == nil {
			return errRemoved
		}
		id = formatID(own.ID)
		if isVoter(own) {
			return nil
		}
		return n.makeVoter(ctx, listed, own)
	})
	return id, err
}

// makeVoter promotes a learner.
func (n *node) makeVoter(ctx context.Context, listed answer, learner *member) error {
	err := n.changeThroughOthers(ctx, listed.from, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.MemberPromote(ctx, learner.ID)
		return err
	})
	if err != nil {
		return explain("promote this node", err)
	}
	return nil
}

// rename gives a local voter the URL by which others reach it, and returns the id of the member. A learner keeps what
// it has: etcd 3.6 would make it one that can't be promoted any more.
func (n *node) rename(ctx context.Context) (string, error) {
	id := ""
	err := n.until(ctx, func(ctx context.Context) error {
		local, err := n.readLocalStatus(ctx)
		if err != nil {
			return err
		}
		id = formatID(local.Header.MemberId)
		if local.IsLearner {
			return nil
		}
		listed, err := n.readMembers(ctx, []string{n.local})
		if err != nil {
			return err
		}
		own := findByID(listed.members, local.Header.MemberId)
		if own == nil {
			return errRemoved
		}
		if own.IsLearner || slices.Equal(own.PeerURLs, []string{n.ownPeerURL()}) {
			return nil
		}
		return n.takeURL(ctx, own)
	})
	return id, err
}

// takeURL replaces the URL of a voter.
func (n *node) takeURL(ctx context.Context, own *member) error {
	err := n.change(ctx, n.local, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.MemberUpdate(ctx, own.ID, []string{n.ownPeerURL()})
		return err
	})
	if err != nil {
		return explain("take the URL of this node", err)
	}
	return nil
}
