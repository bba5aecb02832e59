package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
)

func boundVolume(node string, phase v1.PersistentVolumePhase) *v1.PersistentVolume {
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-1", Annotations: map[string]string{selectedNodeAnnotation: node}},
		Spec:       v1.PersistentVolumeSpec{ClaimRef: &v1.ObjectReference{Kind: "PersistentVolumeClaim", Name: "data"}},
		Status:     v1.PersistentVolumeStatus{Phase: phase},
	}
}

func report(s *nodeStorage, volume *v1.PersistentVolume) []string {
	recorder := record.NewFakeRecorder(2)
	s.reportMissing(recorder).OnAdd(volume, true)
	s.reportMissing(recorder).OnUpdate(volume, volume)
	close(recorder.Events)
	var said []string
	for line := range recorder.Events {
		said = append(said, line)
	}
	return said
}

func TestAClaimIsToldThatTheDataOfItsVolumeIsMissing(t *testing.T) {
	s := &nodeStorage{node: "demo-worker", directory: t.TempDir()}
	said := report(s, boundVolume("demo-worker", v1.VolumeBound))
	want := "Warning VolumeDataMissing Node demo-worker has no data of this volume"
	if len(said) != 2 || !strings.HasPrefix(said[0], want) || !strings.Contains(said[0], filepath.Join(s.directory, "pvc-1")) {
		t.Errorf("%q", said)
	}
}

func TestNothingIsSaidOfOtherVolumes(t *testing.T) {
	s := &nodeStorage{node: "demo-worker", directory: t.TempDir()}
	unclaimed := boundVolume("demo-worker", v1.VolumeBound)
	unclaimed.Spec.ClaimRef = nil
	for name, volume := range map[string]*v1.PersistentVolume{
		"of another node": boundVolume("demo-other", v1.VolumeBound),
		"released":        boundVolume("demo-worker", v1.VolumeReleased),
		"unclaimed":       unclaimed,
	} {
		if said := report(s, volume); len(said) > 0 {
			t.Errorf("%s: %q", name, said)
		}
	}
	if err := os.Mkdir(filepath.Join(s.directory, "pvc-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if said := report(s, boundVolume("demo-worker", v1.VolumeBound)); len(said) > 0 {
		t.Errorf("with data: %q", said)
	}
}
