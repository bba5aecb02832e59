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
	"strings"
	"time"
)

const (
	// newest is what an owner writes for the last snapshot that was stored.
	newest = "latest"
	// What restic says if it can't write what it has read.
	noSpace = "no space left on device"
	// A message lists so many snapshots.
	mostListed = 5
)

// fetched is what the termination message says of a snapshot that is where a restore looks for it.
type fetched struct {
	Snapshot string    `json:"snapshot,omitempty"`
	Time     time.Time `json:"time,omitzero"`
	Name     string    `json:"name,omitempty"`
	// Nodes that have volumes in the same backup.
	Volumes []string `json:"volumes,omitempty"`
	// How many nodes have none because it was not completed, in words.
	Missing string `json:"missing,omitempty"`
}

// fetch brings a node what it begins with: the snapshot of etcd, if it initializes the cluster, and its volumes.
func (b *backup) fetch(ctx context.Context) (*fetched, error) {
	found := &fetched{}
	if b.into != "" {
		var err error
		if found, err = b.fetchSnapshot(ctx); err != nil || found.Snapshot == "" {
			return found, err
		}
		b.snapshot = found.Snapshot
	}
	if b.node == "" || (b.into != "" && !includes(found.Volumes, b.node)) {
		return found, nil
	}
	return found, b.fetchVolumes(ctx)
}

// fetchSnapshot puts a snapshot into the directory: etcd.db, and then meta.json, so that with meta.json it is complete. A
// directory that has it already stays as it is, and so does a node that has data.
func (b *backup) fetchSnapshot(ctx context.Context) (*fetched, error) {
	if b.hasData() {
		b.say("this node has data of etcd, so no snapshot is fetched")
		return &fetched{}, nil
	}
	if found := b.findFetched(); found != nil {
		b.say("snapshot " + found.Snapshot + " is here already")
		return found, nil
	}
	store, err := b.openExisting(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := store.choose(ctx)
	if err != nil {
		return nil, err
	}
	described, err := store.describe(ctx, chosen.ID)
	if err != nil {
		return nil, err
	}
	b.say(fmt.Sprintf("fetching snapshot %s of %s, %d bytes", chosen.ShortID, described.Time.Format(time.RFC3339), described.Size))
	copies, err := store.listCopies(ctx, chosen.ShortID)
	if err != nil {
		return nil, err
	}
	described.Volumes, described.Missing = nameNodes(copies), describeMissing(chosen, copies)
	if described.Missing != "" {
		b.say(fmt.Sprintf("the cold backup of snapshot %s is not complete: volumes of %s are missing", chosen.ShortID, described.Missing))
	}
	if err := store.download(ctx, chosen, described); err != nil {
		return nil, err
	}
	return describeFetched(described), nil
}

func describeFetched(found *description) *fetched {
	return &fetched{
		Snapshot: found.Fetched, Time: found.Time, Name: found.Name, Volumes: found.Volumes, Missing: found.Missing,
	}
}

// hasData returns whether etcd has begun to write here.
func (b *backup) hasData() bool {
	logs, err := filepath.Glob(filepath.Join(b.data, "member", "wal", "*.wal"))
	return err == nil && len(logs) > 0
}

// findFetched returns the snapshot that is complete in the directory, if it is the one that is asked for. One that has been
// damaged there is not complete.
func (b *backup) findFetched() *fetched {
	var found description
	text, err := os.ReadFile(filepath.Join(b.into, metadata))
	if err != nil || json.Unmarshal(text, &found) != nil || found.Fetched == "" {
		return nil
	}
	if sum, err := checkSum(filepath.Join(b.into, database)); err != nil || sum != found.SHA256 {
		return nil
	}
	if found.Namespace != b.about.Namespace || found.Name != b.about.Name || (b.snapshot != newest && b.snapshot != found.Fetched) {
		return nil
	}
	return describeFetched(&found)
}

// openExisting opens the repository to read; it needs no right to write there.
func (b *backup) openExisting(ctx context.Context) (*store, error) {
	s, err := b.prepareStore(ctx, "--no-lock")
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	err = s.run(limited, io.Discard, "", "cat", "config")
	if errors.Is(err, errNoRepository) {
		return nil, fmt.Errorf("%s has no backup of Vk8s %s/%s", b.target(), b.about.Namespace, b.about.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.target(), err)
	}
	return s, nil
}

// choose returns the snapshot that the owner wants.
func (s *store) choose(ctx context.Context) (*stored, error) {
	all, err := s.list(ctx, "vk8s")
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no snapshot of Vk8s %s/%s", s.target(), s.about.Namespace, s.about.Name)
	}
	if s.snapshot == newest {
		return findNewest(all), nil
	}
	for i := range all {
		if len(s.snapshot) >= 8 && strings.HasPrefix(all[i].ID, s.snapshot) {
			return &all[i], nil
		}
	}
	return nil, fmt.Errorf(
		"%s has no snapshot %s of Vk8s %s/%s; write %s, or one of %s",
		s.target(), s.snapshot, s.about.Namespace, s.about.Name, newest, listNewest(all),
	)
}

// listNewest names the last few, the newest first.
func listNewest(all []stored) string {
	names := make([]string, 0, mostListed)
	for i := len(all) - 1; i >= 0 && len(names) < mostListed; i-- {
		names = append(names, fmt.Sprintf("%s (%s)", all[i].ShortID, all[i].Time.UTC().Format(time.RFC3339)))
	}
	return strings.Join(names, ", ")
}

// describe returns the snapshot's meta.json.
func (s *store) describe(ctx context.Context, id string) (*description, error) {
	var said bytes.Buffer
	if err := s.run(ctx, &said, "", "dump", id, "/"+metadata); err != nil {
		return nil, fmt.Errorf("%s: snapshot %s can't be read: %w", s.target(), id[:8], err)
	}
	var found description
	if err := json.Unmarshal(said.Bytes(), &found); err != nil {
		return nil, fmt.Errorf("%s: meta.json of snapshot %s can't be read: %w", s.target(), id[:8], err)
	}
	if found.Format > format {
		return nil, fmt.Errorf(
			"snapshot %s was taken by a newer version of this project: use an image of that version", id[:8],
		)
	}
	return &found, nil
}

// download writes the files, and checks what it has written.
func (s *store) download(ctx context.Context, chosen *stored, described *description) error {
	if err := os.RemoveAll(s.into); err != nil {
		return err
	}
	if err := os.MkdirAll(s.into, 0o700); err != nil {
		return err
	}
	path := filepath.Join(s.into, database)
	err := s.dump(ctx, chosen.ID, path)
	if err != nil && strings.Contains(err.Error(), noSpace) {
		return fmt.Errorf("the state volume of the node has no room for snapshot %s, which has %d bytes", chosen.ShortID, described.Size)
	}
	if err != nil {
		return fmt.Errorf("%s: snapshot %s can't be read: %w", s.target(), chosen.ShortID, err)
	}
	found, err := checkSnapshot(path)
	if err != nil {
		return fmt.Errorf("snapshot %s is damaged: %w", chosen.ShortID, err)
	}
	if found.SHA256 != described.SHA256 {
		return fmt.Errorf("snapshot %s is damaged: it is not what its meta.json describes", chosen.ShortID)
	}
	described.Fetched = chosen.ShortID
	partial := filepath.Join(s.into, metadata+".partial")
	if err := described.write(partial); err != nil {
		return err
	}
	return os.Rename(partial, filepath.Join(s.into, metadata))
}

// dump writes the data of etcd to a file, and returns when it is on the disk.
func (s *store) dump(ctx context.Context, id, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if err := s.run(ctx, file, "", "dump", id, "/"+database); err != nil {
		return err
	}
	return file.Sync()
}
