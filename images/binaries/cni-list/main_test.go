package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vk8s.sktelecom.com/binaries/cnilist"
)

// node is the folder of a node with these programs, and a list of its previous boot with these plugins besides ours.
func node(t *testing.T, programs, plugins []string) string {
	t.Helper()
	folder := t.TempDir()
	for _, program := range programs {
		if err := os.WriteFile(filepath.Join(folder, program), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	before := `{"plugins": [{"type": "` + strings.Join(plugins, `"}, {"type": "`) + `"}]}`
	content, err := cnilist.Update([]byte(before), 1400, "198.18.3.0/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kept"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestTheListOfThePreviousBootIsRestored(t *testing.T) {
	ours := []string{"ptp", "host-local", "portmap"}
	for _, programs := range [][]string{append(ours, "istio-cni"), ours} {
		folder := node(t, programs, []string{"istio-cni"})
		from, to := filepath.Join(folder, "kept"), filepath.Join(folder, "10-flannel.conflist")
		var stdout bytes.Buffer
		if err := run([]string{"restore", from, to, folder}, &stdout); err != nil {
			t.Fatal(err)
		}
		isThere := len(programs) > len(ours)
		content, err := os.ReadFile(to)
		if err != nil || strings.Contains(string(content), "istio-cni") != isThere || isThere != (stdout.Len() == 0) {
			t.Errorf("restored is %s (%v), and it says %q", content, err, stdout.String())
		}
		if _, err := os.Stat(from); err == nil {
			t.Error("there are two of it")
		}
		stdout.Reset()
		if err := run([]string{"subnet", to}, &stdout); err != nil || stdout.String() != "198.18.3.0/24\n" {
			t.Errorf("the subnet is %q (%v)", stdout.String(), err)
		}
	}
}

func TestWhatCantBeReadIsAnError(t *testing.T) {
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken")
	if err := os.WriteFile(broken, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for reason, arguments := range map[string][]string{
		"usage: ":        {"print"},
		"no such file":   {"subnet", filepath.Join(folder, "none")},
		"unexpected end": {"subnet", broken},
		"end of JSON":    {"restore", broken, filepath.Join(folder, "to"), folder},
	} {
		if err := run(arguments, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v", arguments, err)
		}
	}
	if _, err := os.Stat(broken); err != nil {
		t.Error("what can't be read is lost")
	}
}
