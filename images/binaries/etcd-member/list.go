package main

import (
	"context"
	"encoding/json"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// listing is what list prints: whether a quorum has confirmed the members, and these.
type listing struct {
	Quorum  bool   `json:"quorum"`
	Members []line `json:"members"`
}

// line is what list prints of a member. The role is leader, voter or learner; the last two are of one that answers.
type line struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	Role    string `json:"role"`
	PeerURL string `json:"peerURL"`
	Answers bool   `json:"answers"`
	Version string `json:"version,omitempty"`
	DBSize  int64  `json:"dbSize,omitempty"`
}

// list returns all members as JSON. Without quorum, these are the members that one of them knows of, and it says so.
func (n *node) list(ctx context.Context) (string, error) {
	var listed answer
	hasQuorum := true
	err := n.until(ctx, func(ctx context.Context) error {
		found, err := n.readMembersOfAnybody(ctx)
		hasQuorum = err == nil
		if err != nil {
			known, unread := n.readKnownMembers(ctx)
			if unread != nil {
				return err
			}
			n.say("etcd has no quorum: these are the members that " + known.from + " knows of")
			found = known
		}
		listed = found
		return nil
	})
	if err != nil {
		return "", err
	}
	printed := listing{Quorum: hasQuorum, Members: n.describeMembers(listed.members, n.readStatuses(ctx, listed.members))}
	text, err := json.Marshal(printed)
	return string(text), err
}

// readKnownMembers returns the list of the first member that answers, be there a quorum or not.
func (n *node) readKnownMembers(ctx context.Context) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	others, _ := n.listOthers(ctx)
	var failure error
	for _, endpoint := range append([]string{n.local}, others...) {
		found := answer{from: endpoint}
		failure = n.ask(ctx, endpoint, func(ctx context.Context, client *clientv3.Client) error {
			response, err := client.MemberList(ctx, clientv3.WithSerializable())
			if err == nil {
				found.members = response.Members
			}
			return err
		})
		if failure == nil {
			return found, nil
		}
	}
	return answer{}, failure
}

// describeMembers returns the lines of all members, by what members say of themselves and of their leader.
func (n *node) describeMembers(members []*member, statuses map[uint64]*clientv3.StatusResponse) []line {
	leader, lines := findLeader(statuses), []line{}
	for _, each := range members {
		found := line{Name: n.readName(each), ID: formatID(each.ID), Role: "voter", PeerURL: strings.Join(each.PeerURLs, ",")}
		switch {
		case each.IsLearner:
			found.Role = "learner"
		case each.ID == leader:
			found.Role = "leader"
		}
		if status := statuses[each.ID]; status != nil {
			found.Answers, found.Version, found.DBSize = true, status.Version, status.DbSize
		}
		lines = append(lines, found)
	}
	return lines
}

// findLeader returns the id of the leader of the latest term, or 0: a member that is cut off knows of an earlier one.
func findLeader(statuses map[uint64]*clientv3.StatusResponse) uint64 {
	leader, term := uint64(0), uint64(0)
	for _, status := range statuses {
		if status.Leader != 0 && status.RaftTerm > term {
			leader, term = status.Leader, status.RaftTerm
		}
	}
	return leader
}
