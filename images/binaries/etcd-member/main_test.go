package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestAWrongCommandLineIsNoFailureOfEtcd(t *testing.T) {
	for _, name := range []string{"NODE_NAME", "ETCD_SERVICE", "POD_IP"} {
		t.Setenv(name, "")
	}
	whole := []string{"--name", "a", "--service", "demo-etcd", "--address", "192.0.2.1"}
	for sentence, arguments := range map[string][]string{
		"a command is missing":             {},
		`there is no command "found"`:      {"found"},
		"--name, --service and --address":  {"join"},
		"--member has to be given":         append([]string{"remove"}, whole...),
		"--id: strconv.ParseUint":          append([]string{"check", "--id", "a voter"}, whole...),
		"flag provided but not defined":    append([]string{"join", "--member", "b"}, whole...),
		"certificates: open /nowhere/none": append([]string{"join", "--cert", "/nowhere/none"}, whole...),
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), arguments, &stdout, &stderr)
		if code != misused || !strings.Contains(stderr.String(), sentence) || stdout.Len() > 0 {
			t.Errorf("%q ended with %d: %s", arguments, code, stderr.String())
		}
	}
}

func TestANodeKnowsByItselfWhoItIs(t *testing.T) {
	for name, value := range map[string]string{"NODE_NAME": "a", "ETCD_SERVICE": "demo-etcd", "POD_IP": "192.0.2.1"} {
		t.Setenv(name, value)
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"list"}, &stdout, &stderr)
	if code != misused || !strings.Contains(stderr.String(), "certificates: open "+etcdPKI) {
		t.Errorf("it ended with %d: %s", code, stderr.String())
	}
}

func TestWhoeverWaitsTooLongIsToldWhatFor(t *testing.T) {
	c := newCluster(t)
	a, b := c.pod("a", 1), c.pod("b", 2)
	found := a.run("join", "--timeout", "1s")
	want := "gave up, as it waited for a member of etcd that has a quorum: " + b.clientURL(b.address)
	if found.code != failed || !strings.Contains(found.reason, want) {
		t.Errorf("it ended with %d: %s", found.code, found.reason)
	}
}
