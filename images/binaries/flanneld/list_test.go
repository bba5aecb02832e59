package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// useFolder makes an empty one that of the node's CNI list, and of the plugins' programs.
func useFolder(t *testing.T) (string, string) {
	t.Helper()
	folder := t.TempDir()
	list, kept := filepath.Join(folder, "10-flannel.conflist"), filepath.Join(folder, "kept")
	for name, value := range map[string]string{"CNI_CONF": list, "CNI_KEPT": kept, "CNI_BIN": folder} {
		t.Setenv(name, value)
	}
	return list, kept
}

// read returns what a file contains.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// write makes a file.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// updated returns the list once flanneld has the network.
func updated(t *testing.T, list string, mtu int) string {
	t.Helper()
	if err := updateList(mtu, "198.18.3.0/24"); err != nil {
		t.Fatal(err)
	}
	return read(t, list)
}

func TestItWritesAListThatOthersMayAddTo(t *testing.T) {
	list, _ := useFolder(t)
	first := updated(t, list, 1400)
	write(t, list, strings.Replace(first, `"plugins": [`, `"plugins": [{"type": "other"},`, 1))
	if after := updated(t, list, 1300); !strings.Contains(after, `"other"`) || !strings.Contains(after, "1300") {
		t.Errorf("it makes %s", after)
	}
	touched, _ := os.Stat(list)
	updated(t, list, 1300)
	if again, _ := os.Stat(list); !os.SameFile(touched, again) {
		t.Error("it writes what is there already")
	}
	write(t, list, "{")
	if after := updated(t, list, 1400); after != first {
		t.Errorf("it makes %s", after)
	}
}

func TestOthersInTheListOfThePreviousBootStay(t *testing.T) {
	list, kept := useFolder(t)
	write(t, kept, `{"plugins": [{"type": "there"}, {"type": "gone"}]}`)
	write(t, filepath.Join(filepath.Dir(kept), "there"), "")
	if after := updated(t, list, 1400); !strings.Contains(after, `"there"`) || strings.Contains(after, `"gone"`) {
		t.Errorf("it makes %s", after)
	}
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	write(t, kept, "{")
	if after := updated(t, list, 1400); !strings.Contains(after, `"ptp"`) {
		t.Errorf("it makes %s", after)
	}
}
