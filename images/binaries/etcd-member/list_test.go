package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/version"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// list returns what the program lists on this node, sorted by name.
func (p *pod) list() []line {
	p.t.Helper()
	return p.parse(p.must("list", "--timeout", "0")).Members
}

// parse reads what the program has printed, and sorts it by name.
func (p *pod) parse(printed string) listing {
	p.t.Helper()
	var found listing
	if err := json.Unmarshal([]byte(printed), &found); err != nil {
		p.t.Error(err)
	}
	slices.SortFunc(found.Members, func(a, b line) int { return strings.Compare(a.Name, b.Name) })
	return found
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
	listed := a.parse(found.printed)
	if listed.Quorum || len(listed.Members) != 2 || !listed.Members[0].Answers || listed.Members[1].Answers {
		t.Errorf("it printed %s", found.printed)
	}
}

func TestAListSaysHowMuchDataThoseThatAnswerHave(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	a.put("key", strings.Repeat("value", 10_000))
	b.must("join") // and never starts
	var listed listing
	await(t, "member that has written its data", func() bool {
		listed = a.parse(a.must("list"))
		return listed.Members[0].DBSize > 50_000
	})
	if first := listed.Members[0]; !listed.Quorum || first.Version != version.Version {
		t.Errorf("it printed %v", listed)
	}
	if second := listed.Members[1]; second.Name != "b" || second.Answers || second.DBSize != 0 || second.Version != "" {
		t.Errorf("of a learner that never started, it printed %v", second)
	}
}

func TestAMemberThatIsCutOffDoesNotNameTheLeader(t *testing.T) {
	n, say := &node{service: "demo-etcd"}, func(leader, term uint64) *clientv3.StatusResponse {
		return &clientv3.StatusResponse{Header: &etcdserverpb.ResponseHeader{}, Leader: leader, RaftTerm: term}
	}
	members := []*member{{ID: 1, Name: "a"}, {ID: 2, Name: "b"}, {ID: 3, Name: "c"}}
	for roles, statuses := range map[string]map[uint64]*clientv3.StatusResponse{
		"voter leader voter": {1: say(1, 4), 2: say(2, 5), 3: say(2, 5)},
		"voter voter voter":  {1: say(0, 9), 3: say(0, 9)},
	} {
		var found []string
		for _, each := range n.describeMembers(members, statuses) {
			found = append(found, each.Role)
		}
		if strings.Join(found, " ") != roles {
			t.Errorf("the roles are %v, not %s", found, roles)
		}
	}
}

func TestANodeWhoseEtcdIsStoppedListsWhatOthersKnow(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	a.put("key", "value")
	b.expect("a voter")
}
