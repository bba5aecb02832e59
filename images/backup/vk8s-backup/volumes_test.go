package main

import "testing"

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
