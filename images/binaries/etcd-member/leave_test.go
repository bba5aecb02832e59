package main

import (
	"strings"
	"testing"
)

func TestANodeLeavesTheOthersWithAQuorum(t *testing.T) {
	c := newCluster(t)
	a, b, d := c.initialized("a", 1), c.pod("b", 2), c.pod("d", 3)
	b.enter("await-data", "promote")
	d.enter("await-data", "promote")
	d.stop()
	b.runUntil("waits for 2 of the other 2 voters of etcd to answer, not 1", "leave")
	a.expect("a voter, b voter, d voter")
	d.restart()
	b.must("leave")
	a.expect("a voter, d voter")
	b.must("leave") // interrupted, and repeated
	d.must("leave")
	a.expect("a voter")
	a.put("key", "value")
	found := a.run("leave")
	if found.code != failed || !strings.Contains(found.reason, "the only voter of etcd") {
		t.Errorf("it ended with %d: %s", found.code, found.reason)
	}
	a.expect("a voter")
}

func TestALearnerLeavesAtOnce(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.must("join")
	b.must("leave")
	a.expect("a voter")
}

func TestOnlyALostMemberIsRemoved(t *testing.T) {
	c := newCluster(t)
	a, b, d := c.initialized("a", 1), c.pod("b", 2), c.pod("d", 3)
	b.enter("await-data", "promote")
	d.enter("await-data", "promote")
	for member, sentence := range map[string]string{
		"a": "a node does not remove its own member",
		"d": "member d answers at " + d.clientURL("d."+c.service),
	} {
		if found := a.run("remove", "--member", member); found.code != failed || !strings.Contains(found.reason, sentence) {
			t.Errorf("for %s, it ended with %d: %s", member, found.code, found.reason)
		}
	}
	a.expect("a voter, b voter, d voter")
	d.stop()
	for range 2 { // interrupted, and repeated
		a.must("remove", "--member", "d")
	}
	a.expect("a voter, b voter")
}
