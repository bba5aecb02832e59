package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// get returns a value from this node's own etcd, be it a learner or without quorum.
func (p *pod) get(key string) string {
	p.t.Helper()
	value := ""
	p.client(func(ctx context.Context, client *clientv3.Client) error {
		found, err := client.Get(ctx, key, clientv3.WithSerializable())
		if err == nil && len(found.Kvs) == 1 {
			value = string(found.Kvs[0].Value)
		}
		return err
	})
	return value
}

// What nodes do when one control-plane node becomes three, with all that etcd refuses meanwhile.
func TestANodeAloneAndTwoThatJoinAtOnceBecomeThreeVoters(t *testing.T) {
	c := newCluster(t)
	c.strict = true
	a, b, d := c.pod("a", 1), c.pod("b", 2), c.pod("d", 3)
	a.start("new", a.peerURL(a.address), "a="+a.peerURL(a.address)) // as a cluster of one has it
	a.put("key", "value")
	b.runUntil("waits for member a to have a peer URL that others reach", "join")
	if renamed, found := a.must("rename"), a.list()[0]; found.PeerURL != a.peerURL("a."+c.service) || found.ID != renamed {
		t.Fatalf("after the change of %s, it is %v", renamed, found)
	}
	var joining sync.WaitGroup
	for _, p := range []*pod{b, d} {
		joining.Go(func() {
			p.enter("await-data")
			p.stop() // as the first etcd of a node ends when it has the data
			p.restart()
			p.must("promote")
		})
	}
	joining.Wait()
	a.expect("a voter, b voter, d voter")
	if value := d.get("key"); value != "value" {
		t.Errorf("the value is %q", value)
	}
}

func TestALostVolumeCostsTheFormerMembershipAndNothingElse(t *testing.T) {
	c := newCluster(t)
	a, b, d := c.initialized("a", 1), c.pod("b", 2), c.pod("d", 3)
	b.enter("await-data", "promote")
	d.enter("await-data")
	previous := d.must("promote")
	a.put("key", "value")
	d.loseVolume()
	d.enter("await-data")
	if value := d.get("key"); value != "value" {
		t.Errorf("the value is %q", value)
	}
	for _, each := range []struct{ role, id string }{{"learner", ""}, {"removed", previous}} {
		if role := d.must("check", "--timeout", "0", "--id", each.id); role != each.role {
			t.Errorf("with id %q, it is %s, not %s", each.id, role, each.role)
		}
	}
	if id := d.must("promote"); id == previous {
		t.Errorf("the member is the previous one, %s", id)
	}
	a.expect("a voter, b voter, d voter")
}

func TestAnInterruptedJoinIsRepeated(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.must("join")
	a.expect("a voter, b learner")
	added := b.must("join")
	a.expect("a voter, b learner")
	for _, name := range []string{"a", "b"} {
		if pair := name + "=" + c.pod(name, 4).peerURL(name+"."+c.service); !strings.Contains(","+added+",", ","+pair+",") {
			t.Errorf("%s is not in %q", pair, added)
		}
	}
}

func TestALearnerThatNeverStartsAndHasNoAddressIsRemoved(t *testing.T) {
	c := newCluster(t)
	a, b, d := c.initialized("a", 1), c.pod("b", 2), c.pod("d", 3)
	b.must("join")
	d.runUntil("waits for control-plane node b to finish joining", "join", "--patience", "0")
	names.forget("b." + c.service)
	d.runUntil("waits for control-plane node b to finish joining", "join", "--patience", "1h")
	if found := d.run("join", "--patience", "0"); !strings.Contains(found.reason, "removes the learner of node b") {
		t.Errorf("it said %q", found.reason)
	}
	a.expect("a voter, d learner")
}

func TestTheOnlyVoterIsNotReplaced(t *testing.T) {
	c := newCluster(t)
	a := c.initialized("a", 1)
	a.put("key", "value")
	elsewhere := *a
	elsewhere.address = c.pod("other", 2).address // its pod has a new address, and its name server the previous one
	found := elsewhere.run("join")
	if found.code != failed || !strings.Contains(found.reason, "is the only voter of etcd") {
		t.Errorf("it ended with %d: %s", found.code, found.reason)
	}
	a.expect("a voter")
}
