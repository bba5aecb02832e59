package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	database = "etcd.db"
	metadata = "meta.json"
)

// backup is one run.
type backup struct {
	*options
	say func(string)
}

// success is what the termination message says of a backup that can be read again.
type success struct {
	Snapshot  string    `json:"snapshot"`
	Time      time.Time `json:"time"`
	Size      int64     `json:"size"`
	Revision  int64     `json:"revision"`
	Encrypted bool      `json:"encrypted"`
	// What did not work, although the snapshot is stored.
	Note string `json:"note,omitempty"`
}

// failure is what it says otherwise.
type failure struct {
	Error string `json:"error"`
}

// take stores a snapshot and reads it back. The target is opened first: a target that can't be used costs etcd nothing.
func (b *backup) take(ctx context.Context) (*success, error) {
	store, err := b.openStore(ctx)
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp(b.work, "snapshot-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	described, err := b.takeSnapshot(ctx, directory)
	if err != nil {
		return nil, err
	}
	if err := described.write(filepath.Join(directory, metadata)); err != nil {
		return nil, err
	}
	b.say(fmt.Sprintf("storing %d bytes of revision %d in %s", described.Size, described.Revision, b.target()))
	id, err := store.add(ctx, directory)
	if err != nil {
		return nil, err
	}
	if err := store.verify(ctx, id, described.SHA256); err != nil {
		return nil, err
	}
	b.say("snapshot " + id + " is stored, and was read back")
	return &success{
		Snapshot: id, Time: described.Time, Size: described.Size, Revision: described.Revision,
		Encrypted: described.Encrypted, Note: b.prune(ctx, store),
	}, nil
}

// prune removes the oldest snapshots. If that fails, the backup is there nevertheless, and the next one tries again.
func (b *backup) prune(ctx context.Context, store *store) string {
	err := store.prune(ctx)
	if err == nil {
		return ""
	}
	note := fmt.Sprintf("old snapshots were not removed: %v", err)
	if errors.Is(err, errLocked) {
		note = "old snapshots were not removed, as another backup uses the repository; the next one removes them"
	}
	b.say(note)
	return note
}

// takeSnapshot writes etcd's data into the directory and says what it is.
func (b *backup) takeSnapshot(ctx context.Context, directory string) (*description, error) {
	source, err := b.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer source.close()
	path := filepath.Join(directory, database)
	version, err := source.save(ctx, path)
	if err != nil {
		return nil, err
	}
	found, err := checkSnapshot(path)
	if err != nil {
		return nil, fmt.Errorf("the snapshot that etcd sent is damaged: %w", err)
	}
	found.about, found.EtcdVersion, found.Encrypted = b.about, version, b.passwordFile != ""
	return found, source.describe(ctx, found)
}
