// Package cnilist reads and writes the CNI list of a node. Plugins of others may be chained in it (meshes, Multus): they stay
// where they are, with all that is written of them.
package cnilist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
)

// Types of our plugins. `ptp` routes each pod by itself: unlike `bridge` it asks neither for br_netfilter nor for a bridge
// of the host's kernel.
const (
	router     = "ptp"
	portMapper = "portmap"
)

// object is one of JSON, whose values are as they were written.
type object = map[string]json.RawMessage

// ipam is how our plugin gives addresses. host-local keeps its leases in /run, or addresses of dead pods would be lost
// over a reboot of the node.
type ipam struct {
	Type    string              `json:"type"`
	DataDir string              `json:"dataDir"`
	Ranges  [][]addresses       `json:"ranges"`
	Routes  []map[string]string `json:"routes"`
}

type addresses struct {
	Subnet string `json:"subnet"`
}

// Update returns a list with our plugins for pods of a subnet, and the other plugins and keys of `before`, which is nil if
// there was none. It is nil if that would change nothing. The error is why nothing could be taken from `before`.
func Update(before []byte, mtu int, subnet string) ([]byte, error) {
	whole, plugins, err := parse(before)
	if err != nil {
		whole, plugins = object{}, nil
	}
	for key, value := range map[string]string{"cniVersion": "1.0.0", "name": "flannel"} {
		if _, isThere := whole[key]; !isThere {
			whole[key] = write(value)
		}
	}
	plugins = place(plugins, 0, router, object{
		"ipMasq": write(false), "mtu": write(mtu), "ipam": write(ipam{
			"host-local", "/run/cni/networks", [][]addresses{{{subnet}}}, []map[string]string{{"dst": "0.0.0.0/0"}},
		}),
	})
	plugins = place(plugins, 1, portMapper, object{"capabilities": write(map[string]bool{"portMappings": true})})
	after := format(whole, plugins)
	if err == nil && isSame(before, after) {
		return nil, nil
	}
	return after, err
}

// Subnet returns that of our plugin's pods.
func Subnet(content []byte) (string, error) {
	_, plugins, err := parse(content)
	if err != nil {
		return "", err
	}
	for _, plugin := range plugins {
		var own ipam
		if readType(plugin) == router && json.Unmarshal(plugin["ipam"], &own) == nil &&
			len(own.Ranges) > 0 && len(own.Ranges[0]) > 0 {
			return own.Ranges[0][0].Subnet, nil
		}
	}
	return "", fmt.Errorf("no plugin %s with a subnet", router)
}

// KeepRunnable returns the list without plugins whose program is not in a folder, and the names of these programs. As
// long as one is in the list, no pod starts.
func KeepRunnable(content []byte, folder string) ([]byte, []string, error) {
	whole, plugins, err := parse(content)
	if err != nil {
		return nil, nil, err
	}
	var missing []string
	kept := slices.DeleteFunc(plugins, func(plugin object) bool {
		for _, program := range listPrograms(plugin) {
			if !isProgram(filepath.Join(folder, program)) {
				missing = append(missing, program)
				return true
			}
		}
		return false
	})
	return format(whole, kept), missing, nil
}

// Write replaces a file atomically: no reader ever gets half of it.
func Write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o644); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// parse returns a list and its plugins; an empty one if there is none.
func parse(content []byte) (object, []object, error) {
	whole, plugins := object{}, []object{}
	if content == nil {
		return whole, nil, nil
	}
	if err := json.Unmarshal(content, &whole); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(whole["plugins"], &plugins); err != nil {
		return nil, nil, fmt.Errorf("plugins: %w", err)
	}
	if slices.ContainsFunc(plugins, func(plugin object) bool { return readType(plugin) == "" }) {
		return nil, nil, errors.New("plugins: one has no type")
	}
	return whole, plugins, nil
}

// place gives the plugin of a type these values, and leaves what others have written besides; if there is none, it gets
// that place.
func place(plugins []object, at int, kind string, values object) []object {
	found := slices.IndexFunc(plugins, func(plugin object) bool { return readType(plugin) == kind })
	if found < 0 {
		found = min(at, len(plugins))
		plugins = slices.Insert(plugins, found, object{"type": write(kind)})
	}
	for key, value := range values {
		plugins[found][key] = value
	}
	return plugins
}

func readType(plugin object) string {
	var kind string
	_ = json.Unmarshal(plugin["type"], &kind)
	return kind
}

// listPrograms returns what runs for a plugin: its own, and the one that gives it addresses.
func listPrograms(plugin object) []string {
	programs := []string{readType(plugin)}
	var nested object
	if json.Unmarshal(plugin["ipam"], &nested) == nil {
		if kind := readType(nested); kind != "" {
			programs = append(programs, kind)
		}
	}
	return programs
}

func isProgram(path string) bool {
	found, err := os.Stat(path)
	return err == nil && found.Mode().IsRegular() && found.Mode().Perm()&0o111 != 0
}

func format(whole object, plugins []object) []byte {
	written := object{}
	for key, value := range whole {
		written[key] = value
	}
	written["plugins"] = write(plugins)
	text, err := json.MarshalIndent(written, "", "  ")
	if err != nil {
		panic(err) // all of it has been parsed, or is ours
	}
	return append(text, '\n')
}

func write(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// isSame is whether two texts say the same.
func isSame(a, b []byte) bool {
	var values [2]any
	for i, text := range [][]byte{a, b} {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&values[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}
