package main

import (
	"context"
	"errors"
	"strconv"
)

// check returns what the others have this node as: voter, learner, removed, or unknown if none of them has a quorum
// before ctx ends, or there is no other. The id, if there is one, is that of the member whose data is here.
func (n *node) check(ctx context.Context, id string) (string, error) {
	found := "unknown"
	err := n.until(ctx, func(ctx context.Context) error {
		listed, err := n.readMembersOfOthers(ctx)
		if errors.Is(err, errAlone) {
			return nil
		}
		if err != nil {
			return err
		}
		found = n.readRole(listed.members, id)
		return nil
	})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		n.say(err.Error())
		err = nil
	}
	return found, err
}

// readRole returns what a list of members has this node as.
func (n *node) readRole(members []*member, id string) string {
	matches := n.isOwn
	if id != "" {
		matches = func(each *member) bool { return formatID(each.ID) == canonicalID(id) }
	}
	own := selectMembers(members, matches)
	switch {
	case len(own) == 0:
		return "removed"
	case isVoter(own[0]):
		return "voter"
	}
	return "learner"
}

// canonicalID returns hexadecimal digits as formatID writes them.
func canonicalID(digits string) string {
	id, _ := strconv.ParseUint(digits, 16, 64) // checkFlags has
	return formatID(id)
}
