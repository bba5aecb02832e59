package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// list returns what the program lists on this node, sorted by name.
func (p *pod) list() []line {
	p.t.Helper()
	var lines []line
	for text := range strings.Lines(p.must("list", "--timeout", "0")) {
		var each line
		if err := json.Unmarshal([]byte(text), &each); err != nil {
			p.t.Error(err)
		}
		lines = append(lines, each)
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.Name, b.Name) })
	return lines
}

// members returns the names of the members with what they are; any of the voters may be the leader.
func (p *pod) members() string {
	p.t.Helper()
	var words []string
	for _, each := range p.list() {
		words = append(words, each.Name+" "+strings.Replace(each.Role, "leader", "voter", 1))
	}
	return strings.Join(words, ", ")
}

// expect compares the members with what they have to be.
func (p *pod) expect(members string) {
	p.t.Helper()
	if found := p.members(); found != members {
		p.t.Errorf("the members are %q, not %q", found, members)
	}
}

// await waits for a condition.
func await(t *testing.T, what string, isMet func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !isMet(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("there is no %s", what)
		}
	}
}

func TestAListNamesRolesIdsAndWhoAnswers(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data")
	id := ""
	await(t, "leader and learner that answer", func() bool {
		lines := a.list()
		if len(lines) != 2 || lines[0].Role != "leader" || !lines[0].Answers || !lines[1].Answers {
			return false
		}
		id = lines[1].ID
		return lines[1].Role == "learner" && lines[1].PeerURL == b.peerURL("b."+c.service)
	})
	if promoted := b.must("promote"); promoted != id {
		t.Errorf("the id of b is %q in the list, and %q when it is promoted", id, promoted)
	}
}

func TestAListWithoutQuorumSaysSo(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data", "promote")
	b.stop()
	found := a.run("list", "--timeout", "0")
	if found.code != 0 || !strings.Contains(found.reason, "etcd has no quorum") {
		t.Errorf("it ended with %d: %s", found.code, found.reason)
	}
	if strings.Count(found.printed, `"answers":true`) != 1 || strings.Count(found.printed, "\n") != 1 {
		t.Errorf("it printed %s", found.printed)
	}
}

func TestANodeWhoseEtcdIsStoppedListsWhatOthersKnow(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	a.put("key", "value")
	b.expect("a voter")
}
