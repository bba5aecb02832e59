package main

import (
	"testing"
)

func TestALearnerIsNoVoterBeforeItRuns(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data")
	b.stop()
	b.runUntil("waits for etcd of this node", "promote")
	a.expect("a voter, b learner")
	b.restart()
	b.must("promote")
	a.expect("a voter, b voter")
}

func TestAVoterAloneIsPromotedThoughANodeWithoutEtcdIsThere(t *testing.T) {
	c := newCluster(t)
	a := c.initialized("a", 1)
	c.pod("b", 2)
	if promoted, renamed := a.must("promote"), a.must("rename"); promoted != renamed || promoted == "" {
		t.Errorf("the ids are %q and %q", promoted, renamed)
	}
}

// etcd 3.6 would make it one that can't be promoted any more.
func TestALearnerKeepsItsURL(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data")
	renamed, another := *b, *c
	another.peerPort++
	renamed.cluster = &another // whose node would have another URL
	renamed.must("rename")
	if found := a.list()[1]; found.PeerURL != b.peerURL("b."+c.service) || found.Role != "learner" {
		t.Errorf("it is %v", found)
	}
	b.must("promote")
	renamed.must("rename")
	if found := a.list()[1]; found.PeerURL != renamed.peerURL("b."+c.service) {
		t.Errorf("it is %v", found)
	}
}

func TestARemovedMemberIsTold(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data")
	b.stop()
	a.must("remove", "--member", "b")
	for _, command := range []string{"promote", "await-data", "rename"} {
		if found := b.run(command); found.code != removed {
			t.Errorf("%s ended with %d: %s", command, found.code, found.reason)
		}
	}
	if role := b.must("check", "--timeout", "0"); role != "removed" {
		t.Errorf("it is %q", role)
	}
}

func TestACheckNeedsTheWordOfOthersWithAQuorum(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data", "promote")
	if role := b.must("check", "--timeout", "0"); role != "voter" {
		t.Errorf("it is %q", role)
	}
	b.stop()
	if role := b.must("check", "--timeout", "1s"); role != "unknown" {
		t.Errorf("without a quorum, it is %q", role)
	}
	names.forget(c.service)
	names.add(c.service, a.address)
	if role := a.must("check", "--timeout", "0"); role != "unknown" {
		t.Errorf("with no other node, it is %q", role)
	}
}
