package cnilist

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	subnet  = "198.18.3.0/24"
	chained = `{"type": "istio-cni", "log": {"level": 12345678901234567890}, "subnet": "10.0.0.0/8"}`
)

// update returns a list with our plugins, which may have been changed.
func update(t *testing.T, before string, mtu int, subnet string) string {
	t.Helper()
	var given []byte
	if before != "" {
		given = []byte(before)
	}
	after, err := Update(given, mtu, subnet)
	if err != nil {
		t.Fatal(err)
	}
	return string(after)
}

// chain returns a list with a plugin of somebody else at a place.
func chain(t *testing.T, content, plugin string, at int) string {
	t.Helper()
	whole, plugins, err := parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	var other object
	if err := json.Unmarshal([]byte(plugin), &other); err != nil {
		t.Fatal(err)
	}
	return string(format(whole, slices.Insert(plugins, at, other)))
}

// types returns which plugins a list has, in their order.
func types(t *testing.T, content string) string {
	t.Helper()
	_, plugins, err := parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, plugin := range plugins {
		found = append(found, readType(plugin))
	}
	return strings.Join(found, " ")
}

func TestWithoutAListThereAreOurPluginsAlone(t *testing.T) {
	first := update(t, "", 1400, subnet)
	var written struct {
		CNIVersion, Name string
		Plugins          []map[string]any
	}
	if err := json.Unmarshal([]byte(first), &written); err != nil {
		t.Fatal(err)
	}
	if written.CNIVersion != "1.0.0" || written.Name != "flannel" || types(t, first) != "ptp portmap" {
		t.Errorf("it is %s", first)
	}
	if found, err := Subnet([]byte(first)); found != subnet || err != nil || written.Plugins[0]["mtu"] != 1400.0 {
		t.Errorf("the subnet is %s (%v) in %s", found, err, first)
	}
}

func TestPluginsOfOthersStayWhereTheyAre(t *testing.T) {
	first := update(t, "", 1400, subnet)
	for _, at := range []int{0, 1, 2} {
		before := strings.Replace(chain(t, first, chained, at), `"name"`, `"disableCheck": true, "name"`, 1)
		after := update(t, before, 1300, "198.18.7.0/24")
		if types(t, after) != types(t, before) || !strings.Contains(after, "12345678901234567890") {
			t.Errorf("of %s, it makes %s", before, after)
		}
		if !strings.Contains(after, `"disableCheck": true`) || strings.Contains(after, subnet) {
			t.Errorf("of %s, it makes %s", before, after)
		}
		if found, err := Subnet([]byte(after)); found != "198.18.7.0/24" || err != nil {
			t.Errorf("the subnet is %s (%v) in %s", found, err, after)
		}
	}
}

func TestWhatOthersSayOfOurPluginsStays(t *testing.T) {
	before := strings.Replace(update(t, "", 1400, subnet), `"mtu"`, `"sysctl": {"a": "1"}, "mtu"`, 1)
	if after := update(t, before, 1300, subnet); !strings.Contains(after, `"sysctl"`) {
		t.Errorf("of %s, it makes %s", before, after)
	}
}

func TestNothingIsWrittenIfNothingChanges(t *testing.T) {
	list := chain(t, update(t, "", 1400, subnet), chained, 2)
	for _, same := range []string{list, strings.Join(strings.Fields(list), "")} {
		if after, err := Update([]byte(same), 1400, subnet); after != nil || err != nil {
			t.Errorf("it writes %s (%v)", after, err)
		}
	}
}

func TestPluginsOfOursThatAreMissingAreAdded(t *testing.T) {
	before := `{"cniVersion": "0.4.0", "name": "mine", "plugins": [` + chained + `]}`
	after := update(t, before, 1400, subnet)
	if types(t, after) != "ptp portmap istio-cni" || !strings.Contains(after, `"0.4.0"`) {
		t.Errorf("it is %s", after)
	}
}

func TestAListThatCantBeReadIsReplacedAndItIsSaidWhy(t *testing.T) {
	want := update(t, "", 1400, subnet)
	for _, broken := range []string{
		"", "{", "[]", "{}", `{"plugins": {}}`, `{"plugins": [1]}`, `{"plugins": [{"name": "x"}]}`, `{"plugins": null}`,
	} {
		after, err := Update([]byte(broken), 1400, subnet)
		if isNull := strings.Contains(broken, "null"); string(after) != want || (err == nil) != isNull {
			t.Errorf("of %q, it makes %s (%v)", broken, after, err)
		}
	}
}

func TestTheSubnetIsThatOfOurPluginAlone(t *testing.T) {
	for content, reason := range map[string]string{
		"{":                              "unexpected end",
		`{"plugins": []}`:                "no plugin ptp",
		`{"plugins": [` + chained + `]}`: "no plugin ptp",
		`{"plugins": [{"type": "ptp", "ipam": {"ranges": []}}]}`: "no plugin ptp",
	} {
		if found, err := Subnet([]byte(content)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("of %s, it is %q (%v)", content, found, err)
		}
	}
}

func TestPluginsWithoutTheirProgramAreLeftOut(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"ptp", "host-local", "portmap", "there", "data"} {
		mode := os.FileMode(0o755)
		if name == "data" {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(folder, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	content := update(t, "", 1400, subnet)
	for _, plugin := range []string{
		`{"type": "there"}`, `{"type": "gone"}`, `{"type": "data"}`, `{"type": "there", "ipam": {"type": "whereabouts"}}`,
	} {
		content = chain(t, content, plugin, 2)
	}
	kept, missing, err := KeepRunnable([]byte(content), folder)
	if err != nil || types(t, string(kept)) != "ptp portmap there" {
		t.Errorf("kept is %s (%v)", kept, err)
	}
	if strings.Join(missing, " ") != "whereabouts data gone" {
		t.Errorf("missing is %v", missing)
	}
	if _, _, err := KeepRunnable([]byte("{"), folder); err == nil {
		t.Error("it reads what is no list")
	}
}

func TestAWrittenListIsWholeAndAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.d", "10-flannel.conflist")
	for _, content := range []string{"first, and longer", "second"} {
		if err := Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if found, err := os.ReadFile(path); string(found) != content || err != nil {
			t.Errorf("it is %q (%v)", found, err)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("there are %v", files)
	}
}
