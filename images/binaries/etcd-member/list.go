package main

import (
	"context"
	"encoding/json"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// line is what list prints of a member.
type line struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	Role    string `json:"role"`
	PeerURL string `json:"peerURL"`
	Answers bool   `json:"answers"`
}

// list returns a line for each member. Without quorum, these are the members that one of them knows of, and it says so.
func (n *node) list(ctx context.Context) (string, error) {
	var listed answer
	err := n.until(ctx, func(ctx context.Context) error {
		found, err := n.readMembersOfAnybody(ctx)
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
	return n.formatMembers(listed.members, n.readStatuses(ctx, listed.members))
}

// formatMembers returns the lines of all members.
func (n *node) formatMembers(members []*member, statuses map[uint64]*clientv3.StatusResponse) (string, error) {
	var lines []string
	for _, each := range members {
		text, err := json.Marshal(n.describeMember(each, statuses))
		if err != nil {
			return "", err
		}
		lines = append(lines, string(text))
	}
	return strings.Join(lines, "\n"), nil
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

// describeMember returns the line of a member, by what members say of themselves and of their leader.
func (n *node) describeMember(each *member, statuses map[uint64]*clientv3.StatusResponse) line {
	found := line{
		Name: n.readName(each), ID: formatID(each.ID), Role: "voter",
		PeerURL: strings.Join(each.PeerURLs, ","), Answers: statuses[each.ID] != nil,
	}
	if each.IsLearner {
		found.Role = "learner"
	}
	for _, status := range statuses {
		if status.Leader == each.ID {
			found.Role = "leader"
		}
	}
	return found
}
