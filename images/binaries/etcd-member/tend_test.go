package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// fill writes as much under one key, in values of half a mebibyte, or until etcd accepts no more; whether it does.
func (p *pod) fill(bytes int) bool {
	p.t.Helper()
	for written := 0; written < bytes; written += mebibyte / 2 {
		if !p.write("key", mebibyte/2) {
			return false
		}
	}
	return true
}

// write writes so many bytes; whether etcd accepts them.
func (p *pod) write(key string, bytes int) bool {
	p.t.Helper()
	hasRoom := true
	p.client(func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.Put(ctx, key, strings.Repeat("v", bytes))
		if errors.Is(err, rpctypes.ErrNoSpace) {
			hasRoom, err = false, nil
		}
		return err
	})
	return hasRoom
}

// forget deletes all that was written, and its history: nothing of the file is in use any more.
func (p *pod) forget() {
	p.t.Helper()
	p.client(func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.Delete(ctx, "key")
		if err == nil {
			_, err = client.Compact(ctx, response.Header.Revision, clientv3.WithCompactPhysical())
		}
		return err
	})
	await(p.t, "room in the file", func() bool {
		p.write("touched", 1) // pages are free only when something else is written
		return p.status().DbSizeInUse < mebibyte
	})
}

func (p *pod) status() *clientv3.StatusResponse {
	p.t.Helper()
	var found *clientv3.StatusResponse
	p.client(func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.Status(ctx, p.clientURL(p.address))
		found = response
		return err
	})
	return found
}

// tend runs the program, with turns as short as a test.
func (p *pod) tend() ended {
	p.t.Helper()
	found := p.run("tend", "--data", p.volume, "--turn", "1ns")
	if found.code != 0 {
		p.t.Errorf("%s: it ended with %d: %s", p.name, found.code, found.reason)
	}
	return found
}

func TestADatabaseThatIsMostlyUnusedIsWrittenAnew(t *testing.T) {
	a := newCluster(t).initialized("a", 1)
	a.fill(leastWaste + 8*mebibyte)
	if found := a.tend(); found.printed != "" || found.reason != "" {
		t.Errorf("of what is in use, it says %v", found)
	}
	a.forget()
	before := a.status().DbSize
	found := a.tend()
	if found.printed != "" || !strings.Contains(found.reason, "its database is rewritten: of ") {
		t.Errorf("it says %v", found)
	}
	if after := a.status().DbSize; after > mebibyte || before < leastWaste {
		t.Errorf("the file has %d bytes after %d", after, before)
	}
}

func TestAFullDatabaseAcceptsChangesAgainOnceThereIsRoom(t *testing.T) {
	c := newCluster(t)
	c.quota = 8 * mebibyte
	a := c.initialized("a", 1)
	if a.fill(16 * mebibyte) {
		t.Fatal("it accepts more than its quota")
	}
	// Most of it is history, which the API server can't drop then.
	var found ended
	await(t, "room", func() bool {
		found = a.tend()
		return found.printed == ""
	})
	if !strings.Contains(found.reason, " is taken back") {
		t.Errorf("it says %v", found)
	}
	a.put("key", "value")
	if found := a.tend(); found.printed != "" || found.reason != "" {
		t.Errorf("of a database with room, it says %v", found)
	}
}

func TestADatabaseThatIsFullOfWhatIsThereIsReportedAndNotWrittenAnew(t *testing.T) {
	c := newCluster(t)
	c.quota = 16 * mebibyte
	a := c.initialized("a", 1)
	want, number := "EtcdFull The database of etcd is full (alarm NOSPACE): ", 0
	// On a slow machine the file has unused pages when it is full: then it is rewritten, and there is room once more.
	await(t, "database that is full of what is there", func() bool {
		for a.write("key/"+strconv.Itoa(number), mebibyte/32) {
			number++
		}
		return strings.HasPrefix(a.tend().printed, want)
	})
	for range 3 {
		if found := a.tend(); !strings.HasPrefix(found.printed, want) || found.reason != "" {
			t.Errorf("it says %v", found)
		}
	}
	a.client(func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.Delete(ctx, "key/", clientv3.WithPrefix())
		return err
	})
	await(t, "room", func() bool { return a.tend().printed == "" })
	a.put("key", "value")
}

func TestAFullDatabaseAcceptsChangesAgainWithoutALostMember(t *testing.T) {
	c := newCluster(t)
	c.quota = 16 * mebibyte
	a, b, d := c.initialized("a", 1), c.pod("b", 2), c.pod("d", 3)
	b.enter("await-data", "promote")
	d.enter("await-data", "promote")
	for a.write("key", mebibyte/32) { // so little at a time that the files of all have about the same size
	}
	lost := d.status().Header.MemberId
	d.raise(lost, etcdserverpb.AlarmType_NOSPACE)
	d.stop()
	await(t, "turn", func() bool { return strings.Contains(a.tend().reason, "its database is rewritten: of ") })
	if a.hasAlarm(lost) {
		t.Error("the alarm of the lost member is still there")
	}
	a.put("key", "value")
	d.restart()
	if a.fill(32 * mebibyte) {
		t.Error("no member raises the alarm again")
	}
	await(t, "room in all", func() bool {
		for _, each := range []*pod{a, b, d} {
			each.tend()
		}
		return a.write("key", mebibyte/2)
	})
}

// hasAlarm is whether there is alarm NOSPACE of a member.
func (p *pod) hasAlarm(id uint64) bool {
	p.t.Helper()
	has := false
	p.client(func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.AlarmList(ctx)
		if err == nil {
			has = slices.ContainsFunc(response.Alarms, func(alarm *etcdserverpb.AlarmMember) bool {
				return alarm.MemberID == id && isOfSpace(alarm)
			})
		}
		return err
	})
	return has
}

func TestADatabaseThatIsNearlyFullIsReportedBeforeThat(t *testing.T) {
	c := newCluster(t)
	c.quota = 64 * mebibyte
	a := c.initialized("a", 1)
	number := 0
	write := func() {
		a.write("key"+strconv.Itoa(number), mebibyte/2)
		number++
	}
	for number < 100 {
		write()
	}
	// On a slow machine the file has unused pages and is full before that: it is rewritten, and takes the rest.
	await(t, "warning", func() bool {
		write()
		return strings.HasPrefix(a.tend().printed, "EtcdNearlyFull ")
	})
}

func TestAnAlarmOfAMemberThatIsGoneIsTakenBack(t *testing.T) {
	a := newCluster(t).initialized("a", 1)
	a.raise(42, etcdserverpb.AlarmType_NOSPACE)
	if found := a.tend(); !strings.Contains(found.reason, " is taken back") {
		t.Errorf("it says %v", found)
	}
	a.put("key", "value")
}

func TestCorruptDataIsReportedAndNothingElseIsDone(t *testing.T) {
	a := newCluster(t).initialized("a", 1)
	a.raise(a.status().Header.MemberId, etcdserverpb.AlarmType_CORRUPT)
	want := "EtcdCorrupt The data of member a of etcd is corrupt (alarm CORRUPT), and etcd refuses all requests: " +
		"restore a backup."
	if found := a.tend(); found.printed != want {
		t.Errorf("it says %v", found)
	}
}

// raise raises an alarm, as the etcd of a member does.
func (p *pod) raise(id uint64, kind etcdserverpb.AlarmType) {
	p.t.Helper()
	_, err := p.etcd.Server.Alarm(p.t.Context(), &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_ACTIVATE, MemberID: id, Alarm: kind,
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestNoMemberStandsStillWhileAnotherDoesNotAnswer(t *testing.T) {
	c := newCluster(t)
	a, b, d := c.initialized("a", 1), c.pod("b", 2), c.pod("d", 3)
	b.enter("await-data", "promote")
	d.enter("await-data", "promote")
	a.fill(leastWaste + 8*mebibyte)
	a.forget()
	d.stop()
	for range 5 {
		if found := a.tend(); strings.Contains(found.reason, "rewritten") {
			t.Errorf("it says %v", found)
		}
	}
	d.restart()
	for _, each := range []*pod{a, b, d} {
		await(t, "turn", func() bool { return strings.Contains(each.tend().reason, "rewritten") })
	}
}

func TestALearnerIsLeftAlone(t *testing.T) {
	c := newCluster(t)
	a, b := c.initialized("a", 1), c.pod("b", 2)
	b.enter("await-data")
	a.put("key", "value")
	if found := b.run("tend", "--data", b.volume); found.printed != "" {
		t.Errorf("it says %v", found)
	}
}

func TestMembersStandStillOneAfterTheOther(t *testing.T) {
	voters := []*member{{ID: 30}, {ID: 10}, {ID: 20}}
	for second := range 12 {
		now, having := time.Unix(int64(second), 0), 0
		for _, each := range voters {
			if hasTurn(voters, each.ID, now, 2*time.Second) {
				having++
			}
		}
		if having != 1 || hasTurn(voters, 10, now, 2*time.Second) != (second/2%3 == 0) {
			t.Errorf("after %d s, %d have their turn", second, having)
		}
	}
	if !hasTurn(voters[:1], 30, time.Unix(3, 0), time.Second) {
		t.Error("the only one waits for others")
	}
}

func TestADiskWithoutRoomForANewFileIsReported(t *testing.T) {
	n := &node{say: func(string) {}}
	own := &clientv3.StatusResponse{
		Header: &etcdserverpb.ResponseHeader{MemberId: 1}, DbSize: 1 << 62, DbSizeInUse: 1 << 60,
	}
	problems, err := n.defragment(t.Context(), []*member{{ID: 1}}, own, true, &options{data: t.TempDir(), turn: time.Second})
	if err != nil || len(problems) != 1 || !strings.HasPrefix(problems[0], "EtcdNoRoom The database of etcd takes ") {
		t.Errorf("it says %v (%v)", problems, err)
	}
	if _, err := n.defragment(t.Context(), []*member{{ID: 1}}, own, true, &options{data: "/nowhere", turn: time.Second}); err == nil {
		t.Error("a folder that is not there is none")
	}
}

func TestPodsAreEvictedForANewFileOnlyIfNothingElseHelps(t *testing.T) {
	own := &clientv3.StatusResponse{DbSize: 1000 * mebibyte, DbSizeInUse: 300 * mebibyte}
	if needed := neededRoom(own, false); needed != 700*mebibyte {
		t.Errorf("for a file with unused pages, it needs %d", needed)
	}
	if needed := neededRoom(own, true); needed != 332*mebibyte {
		t.Errorf("for a full one, it needs %d", needed)
	}
}
