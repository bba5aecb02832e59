package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	mebibyte = 1 << 20
	// Less is not worth that etcd stands still meanwhile.
	leastWaste = 64 * mebibyte
	// What has to be left on the disk besides the new file: the kubelet evicts pods below 200 MiB.
	spareRoom = 400 * mebibyte
	// The same if etcd accepts no changes before that.
	leastSpareRoom = 32 * mebibyte
	// etcd's own, for members that do not tell.
	defaultQuota = 2048 * mebibyte
	// So long etcd may take to rewrite its file.
	defragTimeout = 2 * time.Minute
)

// Percent of the quota: from which on there is a warning; below which so little is in use that a new file of a full
// database has room, and is worth it; and below which there is room again.
const (
	warnPercent  = 80
	worthPercent = 87
	roomPercent  = 90
)

// tend keeps the database of the local member in order: it frees what is unused in the file, drops the history of a full
// one, and takes back its alarm once there is room again. It returns what only people can repair: lines with a reason and
// a sentence.
func (n *node) tend(ctx context.Context, o *options) (string, error) {
	listed, err := n.readMembers(ctx, []string{n.local})
	if err != nil {
		return "", err
	}
	own, err := n.readStatus(ctx, n.local)
	if err != nil {
		return "", err
	}
	if own.IsLearner {
		return "", nil
	}
	alarms, err := n.readAlarms(ctx)
	if err != nil {
		return "", err
	}
	problems := n.describeCorruption(listed.members, alarms)
	if len(problems) > 0 {
		return strings.Join(problems, "\n"), nil
	}
	isStuck := slices.ContainsFunc(alarms, isOfSpace) && !hasRoom(own)
	if isStuck {
		if err := n.compact(ctx, own.Header.Revision); err != nil {
			return "", err
		}
		if own, err = n.readStatus(ctx, n.local); err != nil {
			return "", err
		}
	}
	if isWasteful(own) || isStuck && own.DbSizeInUse < percent(readQuota(own), worthPercent) {
		problem, err := n.defragment(ctx, listed.members, own, isStuck, o)
		if err != nil {
			return "", err
		}
		problems = append(problems, problem...)
		if own, err = n.readStatus(ctx, n.local); err != nil {
			return "", err
		}
	}
	problem, err := n.disarm(ctx, listed.members, alarms, own)
	return strings.Join(append(problems, problem...), "\n"), err
}

// readAlarms returns the alarms of all members.
func (n *node) readAlarms(ctx context.Context) ([]*etcdserverpb.AlarmMember, error) {
	var alarms []*etcdserverpb.AlarmMember
	err := n.change(ctx, n.local, func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.AlarmList(ctx)
		if err == nil {
			alarms = response.Alarms
		}
		return err
	})
	return alarms, err
}

// describeCorruption returns a problem for each member whose data differs from that of the others.
func (n *node) describeCorruption(members []*member, alarms []*etcdserverpb.AlarmMember) []string {
	var problems []string
	for _, alarm := range alarms {
		if alarm.Alarm != etcdserverpb.AlarmType_CORRUPT {
			continue
		}
		name := formatID(alarm.MemberID)
		if found := findByID(members, alarm.MemberID); found != nil {
			name = n.readName(found)
		}
		way := "restore a backup"
		if len(members) > 1 {
			way = "replace the volume of that node, and then disarm the alarm"
		}
		problems = append(problems, fmt.Sprintf(
			"EtcdCorrupt The data of member %s of etcd is corrupt (alarm CORRUPT), and etcd refuses all requests: %s.", name, way,
		))
	}
	return problems
}

// isOfSpace is whether etcd accepts nothing but deletions because the database of a member has reached its quota: be it
// that of any member.
func isOfSpace(alarm *etcdserverpb.AlarmMember) bool {
	return alarm.Alarm == etcdserverpb.AlarmType_NOSPACE
}

// hasRoom is whether the file of the database is so small that changes may be accepted again.
func hasRoom(own *clientv3.StatusResponse) bool {
	return own.DbSize < percent(readQuota(own), roomPercent)
}

// isWasteful is whether most of the file of the database is unused.
func isWasteful(own *clientv3.StatusResponse) bool {
	waste := own.DbSize - own.DbSizeInUse
	return waste > leastWaste && waste > own.DbSize/2
}

// compact drops the history before a revision. The API server does that every five minutes, but not with a full database,
// as it notes that in the database first.
func (n *node) compact(ctx context.Context, revision int64) error {
	err := n.change(ctx, n.local, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.Compact(ctx, revision, clientv3.WithCompactPhysical())
		return err
	})
	if errors.Is(err, rpctypes.ErrCompacted) {
		return nil
	}
	return err
}

// defragment rewrites the file of the database, unless that has to wait: the member answers nothing meanwhile, so others
// have to, and no two may do it at a time.
func (n *node) defragment(
	ctx context.Context, members []*member, own *clientv3.StatusResponse, isStuck bool, o *options,
) ([]string, error) {
	voters := selectMembers(members, isVoter)
	if !hasTurn(voters, own.Header.MemberId, time.Now(), o.turn) || !n.doOthersAnswer(ctx, voters, isStuck) {
		return nil, nil
	}
	free, err := readFree(o.data)
	if err != nil {
		return nil, err
	}
	if needed := neededRoom(own, isStuck); free < needed {
		return []string{fmt.Sprintf(
			"EtcdNoRoom The database of etcd takes %d MiB, of which %d are in use. To rewrite it, %d MiB of its disk have to "+
				"be free, and there are only %d: free some.",
			own.DbSize/mebibyte, own.DbSizeInUse/mebibyte, needed/mebibyte, free/mebibyte,
		)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, defragTimeout)
	defer cancel()
	err = n.ask(ctx, n.local, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.Defragment(ctx, n.local)
		return err
	})
	if err != nil {
		return nil, err
	}
	n.say(fmt.Sprintf(
		"its database is rewritten: of %d MiB, %d were in use", own.DbSize/mebibyte, own.DbSizeInUse/mebibyte,
	))
	return nil, nil
}

// hasTurn is whether a voter is the one that may stand still now. All know that without asking, from their clocks.
func hasTurn(voters []*member, id uint64, now time.Time, turn time.Duration) bool {
	if len(voters) == 1 {
		return true
	}
	var ids []uint64
	for _, each := range voters {
		ids = append(ids, each.ID)
	}
	slices.Sort(ids)
	return ids[now.UnixNano()/int64(turn)%int64(len(ids))] == id
}

// neededRoom is how many bytes of the disk have to be free to rewrite the database.
func neededRoom(own *clientv3.StatusResponse, isStuck bool) int64 {
	if isStuck {
		return own.DbSizeInUse + leastSpareRoom
	}
	return own.DbSizeInUse + spareRoom
}

// doOthersAnswer is whether all voters answer and know a leader. So long as etcd accepts no changes anyway, a quorum will
// do, if the rest can't be reached: a member that is lost can't be replaced before there is room.
func (n *node) doOthersAnswer(ctx context.Context, voters []*member, isStuck bool) bool {
	if len(voters) == 1 {
		return true
	}
	statuses := n.readStatuses(ctx, voters)
	for _, status := range statuses {
		if status.Leader == 0 {
			return false
		}
	}
	return len(statuses) == len(voters) || isStuck && len(statuses) > len(voters)/2
}

// disarm takes back the alarms of a full database once the own one has room, or their member is gone, and describes a
// database that is full, or nearly. All have the same data: what has room in one file has room in those of others, once
// they are rewritten, and if that is not the case yet, their members raise the alarm again.
func (n *node) disarm(
	ctx context.Context, members []*member, alarms []*etcdserverpb.AlarmMember, own *clientv3.StatusResponse,
) ([]string, error) {
	isFull := false
	for _, alarm := range alarms {
		if !isOfSpace(alarm) {
			continue
		}
		if !hasRoom(own) && findByID(members, alarm.MemberID) != nil {
			isFull = true
			continue
		}
		err := n.change(ctx, n.local, func(ctx context.Context, client *clientv3.Client) error {
			_, err := client.AlarmDisarm(ctx, (*clientv3.AlarmMember)(alarm))
			return err
		})
		if err != nil {
			return nil, err
		}
		n.say("its database has room: alarm NOSPACE of member " + formatID(alarm.MemberID) + " is taken back")
	}
	quota := readQuota(own)
	used := fmt.Sprintf("%d of the %d MiB that etcd may have are in use", own.DbSizeInUse/mebibyte, quota/mebibyte)
	switch {
	case isFull:
		return []string{"EtcdFull The database of etcd is full (alarm NOSPACE): " + used + ", and the API server accepts " +
			"nothing but deletions. Delete objects: it accepts changes again within five minutes for each control-plane node."}, nil
	case own.DbSizeInUse > percent(quota, warnPercent):
		return []string{"EtcdNearlyFull The database of etcd is nearly full: " + used + ". Once it is full, the API server " +
			"accepts nothing but deletions. Find the kind of which there are so many objects, and delete what is not needed."}, nil
	}
	return nil, nil
}

func readQuota(own *clientv3.StatusResponse) int64 {
	if own.DbSizeQuota > 0 {
		return own.DbSizeQuota
	}
	return defaultQuota
}

func percent(of int64, many int64) int64 {
	return of / 100 * many
}

// readFree returns how many bytes can be written to the disk of a folder.
func readFree(folder string) (int64, error) {
	var found syscall.Statfs_t
	if err := syscall.Statfs(folder, &found); err != nil {
		return 0, fmt.Errorf("%s: %w", folder, err)
	}
	return int64(found.Bavail) * found.Bsize, nil
}
