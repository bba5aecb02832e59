package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newCopy(id, node, volumes string) stored {
	return stored{ID: id, ShortID: id, Tags: []string{"node=" + node, "nodes=2", "volumes=" + volumes}}
}

func TestLastCopyWithVolumesIsFetched(t *testing.T) {
	copies := []stored{newCopy("a", "m", "1"), newCopy("b", "w", "1"), newCopy("c", "w", "2"), newCopy("d", "m", "0")}
	for node, expected := range map[string]string{"w": "c", "m": "a"} {
		if found := findCopy(copies, node); found == nil || found.ID != expected {
			t.Errorf("%s: %+v", node, found)
		}
	}
	if found := findCopy(copies, "x"); found != nil {
		t.Errorf("%+v", found)
	}
}

func TestIncompleteColdBackupSaysWhatIsMissing(t *testing.T) {
	cold := &stored{Tags: []string{"vk8s", coldTag}}
	m, w := newCopy("a", "m", "1"), newCopy("b", "w", "0")
	for _, each := range []struct {
		name     string
		of       *stored
		copies   []stored
		expected string
	}{
		{"complete", cold, []stored{m, w}, ""},
		{"one node twice", cold, []stored{m, m}, "1 of 2 nodes"},
		{"none", cold, nil, "all nodes"},
		{"of etcd alone", &stored{Tags: []string{"vk8s"}}, nil, ""},
	} {
		if found := describeMissing(each.of, each.copies); found != each.expected {
			t.Errorf("%s: %q", each.name, found)
		}
	}
}

// A label of the host can't be written where SELinux is enforced, and restic fails then.
func TestVolumesComeBackSparseAndWithoutLabelsOfAHost(t *testing.T) {
	folder := t.TempDir()
	restic, calls := filepath.Join(folder, "restic"), filepath.Join(folder, "calls")
	if err := os.WriteFile(restic, []byte("#!/bin/sh\necho \"$@\" >>"+calls+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	given := &options{restic: restic, node: "m", volumes: filepath.Join(folder, "state", "volumes")}
	s := &store{backup: &backup{options: given, say: func(string) {}}}
	of := newCopy("a", "m", "1")
	if err := s.downloadVolumes(context.Background(), &of); err != nil {
		t.Fatal(err)
	}
	called, err := os.ReadFile(calls)
	if err != nil || !strings.HasSuffix(string(called), " --delete --sparse --exclude-xattr security.selinux\n") {
		t.Errorf("%s, %v", called, err)
	}
	if _, err := os.Stat(given.volumes); err != nil {
		t.Error(err)
	}
}
