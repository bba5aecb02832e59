package networkpolicies

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-iptables/iptables"
	v1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// useProgram puts a program of that name before all others, for this test.
func useProgram(t *testing.T, name, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

// useKernel makes one whose filter table has these chains.
func useKernel(t *testing.T, chains ...string) *firewall {
	t.Helper()
	useProgram(t, "iptables", `case "$*" in *--version*) echo "iptables v1.8.9 (nf_tables)" ;; *`+strings.Join(chains, "* | *")+
		`*) ;; *) echo "iptables: No chain/target/match by that name." >&2; exit 1 ;; esac`)
	rules, err := iptables.NewWithProtocol(iptables.ProtocolIPv4)
	if err != nil {
		t.Fatal(err)
	}
	return &firewall{iptables: rules}
}

// follow returns what follows the policies of a cluster, and the file that notes that there are any.
func follow(t *testing.T, client *fake.Clientset) (*demand, string) {
	t.Helper()
	note := filepath.Join(t.TempDir(), "policies")
	policies := newInformers(client, own).Networking().V1().NetworkPolicies().Informer()
	first, err := followPolicies(policies, note)
	if err != nil {
		t.Fatal(err)
	}
	go policies.Run(t.Context().Done())
	if !cache.WaitForCacheSync(t.Context().Done(), policies.HasSynced) {
		t.Fatal("the policies are not read")
	}
	return first, note
}

func policy(name string) *networking.NetworkPolicy {
	return &networking.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop"}}
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func leaveNote(t *testing.T, note string) {
	t.Helper()
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestNothingIsEnforcedUntilThereIsAPolicy(t *testing.T) {
	client, rules := fake.NewClientset(), useKernel(t, "NONE")
	first, note := follow(t, client)
	ended := make(chan error)
	go func() { ended <- first.await(t.Context(), rules) }()
	select {
	case err := <-ended:
		t.Fatalf("it does not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	_, err := client.NetworkingV1().NetworkPolicies("shop").Create(t.Context(), policy("deny"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the next boot does not know that there are policies", func() bool { return isThere(note) })
}

func TestRulesOfAPreviousProcessAreTakenOverEvenWithoutPolicies(t *testing.T) {
	first, note := follow(t, fake.NewClientset())
	leaveNote(t, note)
	if err := first.await(t.Context(), useKernel(t, topChain)); err != nil {
		t.Fatal(err)
	}
	if isThere(note) {
		t.Error("policies are recorded, and none is left")
	}
}

func TestWaitEndsWithTheProcess(t *testing.T) {
	first, _ := follow(t, fake.NewClientset())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := first.await(ctx, useKernel(t, "NONE")); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

func TestNoteGoesWithTheLastPolicy(t *testing.T) {
	client := fake.NewClientset(policy("one"), policy("two"))
	_, note := follow(t, client)
	waitFor(t, "policies are not recorded", func() bool { return isThere(note) })
	for _, name := range []string{"one", "two"} {
		if !isThere(note) {
			t.Error("policies are left, and not recorded")
		}
		if err := client.NetworkingV1().NetworkPolicies("shop").Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "policies are recorded, and none is left", func() bool { return !isThere(note) })
}

func TestNoteOfAPreviousClusterGoes(t *testing.T) {
	first, note := follow(t, fake.NewClientset())
	leaveNote(t, note)
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if err := first.await(ctx, useKernel(t, "NONE")); !errors.Is(err, context.DeadlineExceeded) || isThere(note) {
		t.Errorf("it ends with %v, recorded: %v", err, isThere(note))
	}
}

func TestNodeMustHaveTheAddressOfThisBoot(t *testing.T) {
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: "here"}}
	for address, right := range map[string]bool{"192.0.2.1": false, "192.0.2.7": true} {
		node.Status.Addresses = []v1.NodeAddress{{Type: v1.NodeHostName, Address: "here"}, {Type: v1.NodeInternalIP, Address: address}}
		err := checkAddress(t.Context(), fake.NewClientset(node), own)
		if (err == nil) != right {
			t.Errorf("with %s: %v", address, err)
		}
	}
	if err := checkAddress(t.Context(), fake.NewClientset(), own); err == nil {
		t.Error("a Node that is not there has the address")
	}
}

func TestEverySettingIsNeeded(t *testing.T) {
	names := []string{"KUBECONFIG", "NODE_NAME", "POD_IP", "POLICIES"}
	for _, name := range names {
		t.Setenv(name, "set")
	}
	if _, err := readSettings(); err != nil {
		t.Error(err)
	}
	for _, name := range names {
		t.Setenv(name, "")
		if _, err := readSettings(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
		t.Setenv(name, "set")
	}
}

func TestSetsOfOthersAreLeftAlone(t *testing.T) {
	useProgram(t, "ipset", `cat <<'END'
create KUBE-SRC-A hash:ip family inet hashsize 1024 maxelem 65536 timeout 0
add KUBE-SRC-A 198.18.0.9 timeout 0
create theirs hash:ip family inet hashsize 1024 maxelem 65536
add theirs 192.0.2.1
create KUBE-DST-B hash:net family inet hashsize 1024 maxelem 65536 timeout 0
END`)
	found, err := utils.NewIPSet(false)
	if err != nil {
		t.Fatal(err)
	}
	sets := &ownSets{found}
	if err := sets.Save(); err != nil {
		t.Fatal(err)
	}
	if len(sets.Sets()) != 2 || sets.Get("theirs") != nil || len(sets.Get("KUBE-SRC-A").Entries) != 1 {
		t.Errorf("those are %v", sets.Sets())
	}
}

func TestFailureOfIpsetIsReported(t *testing.T) {
	useProgram(t, "ipset", "echo 'Kernel error' >&2; exit 1")
	found, err := utils.NewIPSet(false)
	if err != nil {
		t.Fatal(err)
	}
	if (&ownSets{found}).Save() == nil {
		t.Error("a failure counts as no sets")
	}
}
