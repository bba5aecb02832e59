package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func provision(t *testing.T, s *nodeStorage) *v1.PersistentVolume {
	t.Helper()
	policy := v1.PersistentVolumeReclaimDelete
	requests := v1.ResourceList{v1.ResourceStorage: resource.MustParse("10Mi")}
	volume, state, err := s.Provision(t.Context(), controller.ProvisionOptions{
		PVName:       "pvc-1",
		PVC:          &v1.PersistentVolumeClaim{Spec: v1.PersistentVolumeClaimSpec{Resources: v1.VolumeResourceRequirements{Requests: requests}}},
		StorageClass: &storage.StorageClass{ReclaimPolicy: &policy},
	})
	if err != nil || state != controller.ProvisioningFinished {
		t.Fatalf("state %v: %v", state, err)
	}
	return volume
}

func TestAVolumeIsADirectoryThatEverybodyMayWriteTo(t *testing.T) {
	s := &nodeStorage{node: "demo-worker", directory: filepath.Join(t.TempDir(), "volumes")}
	path := provision(t, s).Spec.Local.Path
	found, err := os.Stat(path)
	if err != nil || !found.IsDir() || found.Mode().Perm() != 0o777 {
		t.Errorf("%s: %v, %v", path, found, err)
	}
}

// Of this type, a kubelet gives a volume to the group that a pod asks for (fsGroup), measures what is on it, and does not
// make a directory that is gone: a pod whose data is lost would start with none, and nobody would know.
func TestAVolumeIsOneThatKubeletsManage(t *testing.T) {
	volume := provision(t, &nodeStorage{node: "demo-worker", directory: t.TempDir()})
	if volume.Spec.Local == nil || volume.Spec.HostPath != nil {
		t.Errorf("its source is %+v", volume.Spec.PersistentVolumeSource)
	}
	// Only with the node may it be of this type.
	terms := volume.Spec.NodeAffinity.Required.NodeSelectorTerms
	if len(terms) != 1 || !slices.Equal(terms[0].MatchExpressions[0].Values, []string{"demo-worker"}) {
		t.Errorf("it is on %+v", terms)
	}
}

// Earlier versions made volumes of another type, which stay what they are.
func TestADeletedVolumeTakesItsDirectoryAndNoOther(t *testing.T) {
	other := t.TempDir()
	for name, source := range map[string]v1.PersistentVolumeSource{
		"as it was made":        {},
		"with a path elsewhere": {Local: &v1.LocalVolumeSource{Path: other}},
		"of an earlier version": {HostPath: &v1.HostPathVolumeSource{Path: other}},
	} {
		s := &nodeStorage{node: "demo-worker", directory: t.TempDir()}
		volume := provision(t, s)
		path := volume.Spec.Local.Path
		if source != (v1.PersistentVolumeSource{}) {
			volume.Spec.PersistentVolumeSource = source
		}
		if err := s.Delete(t.Context(), volume); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: %s: %v", name, path, err)
		}
		if _, err := os.Stat(other); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
