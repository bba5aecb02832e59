package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// Tags of what is stored of a cold backup: the volumes of one node, and the snapshot of etcd that they belong to.
	volumesTag = "vk8s-volumes"
	coldTag    = "cold"
	// A message has room for the names of some nodes.
	mostNamed = 3000
	everyNode = "*"
	// What is missing if there is no copy of any.
	allNodes = "all nodes"
	// Written by the host, where it has SELinux, which lets no pod change it: restic would fail.
	labelOfHost = "security.selinux"
	partialEnd  = ".partial"
)

// copied is what the termination message says of the volumes of a node that are stored.
type copied struct {
	Node    string `json:"node"`
	Copy    string `json:"copy"`
	Volumes int    `json:"volumes"`
	Files   int64  `json:"files"`
	Size    int64  `json:"size"`
}

// total is what restic says of all files of a snapshot.
type total struct {
	Files int64 `json:"total_file_count"`
	Size  int64 `json:"total_size"`
}

// copyVolumes stores the volumes of a node, which nobody writes to meanwhile, and reads the list of its files back.
func (b *backup) copyVolumes(ctx context.Context) (*copied, error) {
	store, err := b.openCommon(ctx)
	if err != nil {
		return nil, err
	}
	volumes, err := listVolumes(b.volumes)
	if err != nil {
		return nil, err
	}
	directory := b.volumes
	if len(volumes) == 0 {
		if directory, err = makeEmpty(b.work); err != nil {
			return nil, err
		}
	}
	// Whom restic runs as can't enter it before restic runs.
	if err := os.Chdir(directory); err != nil {
		return nil, err
	}
	b.say(fmt.Sprintf("storing %d volumes of node %s in %s", len(volumes), b.node, b.target()))
	before, err := store.list(ctx, volumesTag+",node="+b.node)
	if err != nil {
		return nil, err
	}
	id, err := store.addVolumes(ctx, len(volumes), before)
	if err != nil {
		return nil, err
	}
	found, err := store.measure(ctx, id)
	if err != nil {
		return nil, err
	}
	b.say(fmt.Sprintf("copy %s of %d files, %d bytes, is stored", id, found.Files, found.Size))
	return &copied{Node: b.node, Copy: id, Volumes: len(volumes), Files: found.Files, Size: found.Size}, nil
}

// makeEmpty returns a directory that restic stores: it refuses one that has nothing.
func makeEmpty(work string) (string, error) {
	directory, err := os.MkdirTemp(work, "volumes-")
	if err != nil {
		return "", err
	}
	return directory, os.Mkdir(filepath.Join(directory, "none"), 0o700)
}

// listVolumes returns the volumes in a directory, which may not exist.
func listVolumes(directory string) ([]os.DirEntry, error) {
	found, err := os.ReadDir(directory)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return found, err
}

// openCommon opens the repository that has the snapshot of etcd already; other nodes may use it at the same time.
func (b *backup) openCommon(ctx context.Context) (*store, error) {
	s, err := b.prepareStore(ctx, "--retry-lock", b.lockTimeout.String())
	if err != nil {
		return nil, err
	}
	return s, s.becomeOwner()
}

// becomeOwner lets restic write as the user to whom the repository in a directory belongs, who has to read it later.
func (s *store) becomeOwner() error {
	if s.directory == "" {
		return nil
	}
	var found unix.Stat_t
	if err := unix.Stat(s.repository(), &found); err != nil {
		return fmt.Errorf("%s has no backup of Vk8s %s/%s", s.target(), s.about.Namespace, s.about.Name)
	}
	if int(found.Uid) != os.Geteuid() {
		s.user = &user{found.Uid, found.Gid}
	}
	return nil
}

// addVolumes stores the current directory with the number of its volumes, and returns the name of the copy. What the last
// copy has and was not changed since is not read again.
func (s *store) addVolumes(ctx context.Context, count int, before []stored) (string, error) {
	arguments := []string{
		"backup", "--host", s.about.Name, "--tag", volumesTag, "--tag", s.uidTag(), "--tag", "node=" + s.node,
		"--tag", "of=" + s.of, "--tag", "nodes=" + strconv.Itoa(s.nodes), "--tag", "volumes=" + strconv.Itoa(count), "--no-scan",
	}
	if last := findNewest(before); last != nil {
		arguments = append(arguments, "--parent", last.ID)
	}
	var said bytes.Buffer
	err := s.run(ctx, &said, "", append(arguments, ".")...)
	id := readSnapshotID(said.String())
	switch {
	case err != nil && id != "": // files that can't be read are left out
		_ = s.run(ctx, io.Discard, "", "forget", id)
		return "", fmt.Errorf("the volumes of node %s can't be read: %w", s.node, err)
	case err != nil:
		return "", fmt.Errorf("%s: %w", s.target(), err)
	case id == "":
		return "", errors.New("restic did not say which snapshot it stored")
	}
	return id, nil
}

// measure reads the directories of a copy back, and returns the sum of its files.
func (s *store) measure(ctx context.Context, id string) (*total, error) {
	var said bytes.Buffer
	if err := s.run(ctx, &said, "", "stats", "--mode", "restore-size", id); err != nil {
		return nil, fmt.Errorf("%s: copy %s can't be read back: %w", s.target(), id, err)
	}
	found := &total{}
	if err := json.Unmarshal(said.Bytes(), found); err != nil {
		return nil, fmt.Errorf("restic's sum of copy %s can't be read: %w", id, err)
	}
	return found, nil
}

// fetchVolumes puts the volumes of this node into their directory, as they were stored with the snapshot of etcd. Volumes
// that are there stay as they are. It may be interrupted and repeated at any moment.
func (b *backup) fetchVolumes(ctx context.Context) error {
	present, err := listVolumes(b.volumes)
	if err != nil {
		return err
	}
	if len(present) > 0 {
		b.say(fmt.Sprintf("node %s has volumes, so none are fetched", b.node))
		return nil
	}
	store, err := b.openExisting(ctx)
	if err != nil {
		return err
	}
	copies, err := store.listCopies(ctx, b.snapshot)
	if err != nil {
		return err
	}
	of := findCopy(copies, b.node)
	if of == nil {
		b.say(fmt.Sprintf("snapshot %s has no volumes of node %s", b.snapshot, b.node))
		return nil
	}
	return store.downloadVolumes(ctx, of)
}

// findCopy returns the last copy of a node that has volumes, as a first attempt may have been stored and not reported; nil
// if there is none. `copies`: the oldest first.
func findCopy(copies []stored, node string) *stored {
	for i := range slices.Backward(copies) {
		if copies[i].read("node") == node && copies[i].read("volumes") != "0" {
			return &copies[i]
		}
	}
	return nil
}

// downloadVolumes writes a copy next to the directory, and puts it in place when it is complete.
func (s *store) downloadVolumes(ctx context.Context, of *stored) error {
	partial := s.volumes + partialEnd
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return err
	}
	s.say(fmt.Sprintf("fetching %s volumes of node %s, copy %s", of.read("volumes"), s.node, of.ShortID))
	err := s.run(
		ctx, io.Discard, "", "restore", of.ID, "--target", partial, "--delete", "--sparse", "--exclude-xattr", labelOfHost,
	)
	if err != nil {
		return fmt.Errorf("%s: copy %s of the volumes of node %s can't be read: %w", s.target(), of.ShortID, s.node, err)
	}
	return putInPlace(partial, s.volumes)
}

// putInPlace gives a directory its name once all of it is on the disk. Another one of that name is empty.
func putInPlace(partial, directory string) error {
	opened, err := os.Open(filepath.Dir(directory))
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	if err := unix.Syncfs(int(opened.Fd())); err != nil {
		return err
	}
	if err := os.Remove(directory); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(partial, directory); err != nil {
		return err
	}
	return opened.Sync()
}

// listCopies returns what a cold backup has in addition to the snapshot of etcd; nothing if it was none.
func (s *store) listCopies(ctx context.Context, snapshot string) ([]stored, error) {
	return s.list(ctx, volumesTag+",of="+snapshot)
}

// nameNodes returns the nodes of which there are volumes.
func nameNodes(copies []stored) []string {
	var names []string
	length := 0
	for _, each := range copies {
		if each.read("volumes") != "0" {
			names = append(names, each.read("node"))
			length += len(each.read("node"))
		}
	}
	slices.Sort(names)
	if length > mostNamed {
		return []string{everyNode}
	}
	return slices.Compact(names)
}

// includes returns whether a list of nodes, as nameNodes returns it, has this one.
func includes(names []string, node string) bool {
	return slices.Contains(names, node) || slices.Contains(names, everyNode)
}

// pruneCold removes what is too much of cold backups. `keep` complete ones stay, and none of those counts that were not
// completed: such a one stays only while it is newer than all others.
func (s *store) pruneCold(ctx context.Context) error {
	snapshots, err := s.list(ctx, "vk8s,"+coldTag+","+s.uidTag())
	if err != nil {
		return err
	}
	copies, err := s.list(ctx, volumesTag+","+s.uidTag())
	if err != nil {
		return err
	}
	gone := chooseGone(snapshots, copies, s.keep)
	if len(gone) == 0 {
		return nil
	}
	return s.run(ctx, io.Discard, "", append([]string{"forget", "--retry-lock", s.lockTimeout.String(), "--prune"}, gone...)...)
}

// chooseGone returns the names of snapshots and copies to remove.
func chooseGone(snapshots, copies []stored, keep int) []string {
	slices.SortFunc(snapshots, func(a, b stored) int { return b.Time.Compare(a.Time) })
	of, kept := map[string][]stored{}, map[string]bool{}
	for _, each := range copies {
		of[each.read("of")] = append(of[each.read("of")], each)
	}
	var gone []string
	complete, incomplete := 0, 0
	for _, each := range snapshots {
		isComplete := isWhole(of[each.ShortID])
		kept[each.ShortID] = complete < keep && (isComplete || (complete == 0 && incomplete == 0))
		if isComplete {
			complete++
		} else {
			incomplete++
		}
		if !kept[each.ShortID] {
			gone = append(gone, each.ID)
		}
	}
	for _, each := range copies {
		if !kept[each.read("of")] {
			gone = append(gone, each.ID)
		}
	}
	return gone
}

// isWhole returns whether there is a copy of each node that the backup is of.
func isWhole(copies []stored) bool {
	return len(copies) > 0 && strconv.Itoa(countNodes(copies)) == copies[0].read("nodes")
}

func countNodes(copies []stored) int {
	nodes := map[string]bool{}
	for _, each := range copies {
		nodes[each.read("node")] = true
	}
	return len(nodes)
}

// describeMissing says of how many nodes there is no copy, if the snapshot is of a cold backup that was not completed;
// empty otherwise.
func describeMissing(of *stored, copies []stored) string {
	if !slices.Contains(of.Tags, coldTag) || isWhole(copies) {
		return ""
	}
	if len(copies) == 0 {
		return allNodes
	}
	nodes := copies[0].read("nodes")
	all, err := strconv.Atoi(nodes)
	if err != nil {
		return allNodes
	}
	return fmt.Sprintf("%d of %s nodes", all-countNodes(copies), nodes)
}

// list returns the snapshots that have all of these tags, the oldest first.
func (s *store) list(ctx context.Context, tags string) ([]stored, error) {
	var said bytes.Buffer
	if err := s.run(ctx, &said, "", "snapshots", "--tag", tags); err != nil {
		return nil, fmt.Errorf("%s: %w", s.target(), err)
	}
	var all []stored
	if err := json.Unmarshal(said.Bytes(), &all); err != nil {
		return nil, fmt.Errorf("restic's list of snapshots can't be read: %w", err)
	}
	slices.SortFunc(all, func(a, b stored) int { return a.Time.Compare(b.Time) })
	return all, nil
}

// stored is a snapshot, as restic lists it.
type stored struct {
	ShortID string    `json:"short_id"`
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Tags    []string  `json:"tags"`
}

// read returns the value of a tag such as node=demo-worker; empty if there is none.
func (s stored) read(key string) string {
	for _, tag := range s.Tags {
		if value, isIt := strings.CutPrefix(tag, key+"="); isIt {
			return value
		}
	}
	return ""
}

// findNewest returns the last one of a list, or nil.
func findNewest(all []stored) *stored {
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}
