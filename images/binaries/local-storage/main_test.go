package main

import (
	"os"
	"path/filepath"
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
	path := provision(t, s).Spec.HostPath.Path
	found, err := os.Stat(path)
	if err != nil || !found.IsDir() || found.Mode().Perm() != 0o777 {
		t.Errorf("%s: %v, %v", path, found, err)
	}
}

// The kubelet makes a directory that is not there, unless the volume says that it has to be one: a pod whose data is lost
// would start with none, and nobody would know.
func TestAVolumeWhoseDirectoryIsGoneIsNotAnEmptyOne(t *testing.T) {
	kind := provision(t, &nodeStorage{node: "demo-worker", directory: t.TempDir()}).Spec.HostPath.Type
	if kind == nil || *kind != v1.HostPathDirectory {
		t.Errorf("its type is %v", kind)
	}
}

func TestADeletedVolumeTakesItsDirectoryAndNoOther(t *testing.T) {
	s := &nodeStorage{node: "demo-worker", directory: t.TempDir()}
	volume := provision(t, s)
	path, other := volume.Spec.HostPath.Path, filepath.Join(t.TempDir(), "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	volume.Spec.HostPath.Path = other
	if err := s.Delete(t.Context(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s: %v", path, err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}
