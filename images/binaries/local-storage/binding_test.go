package main

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func newClass(name string, mode storage.VolumeBindingMode) *storage.StorageClass {
	return &storage.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisionerName, VolumeBindingMode: &mode}
}

// newClaim is one that Kubernetes has asked a provisioner to serve.
func newClaim(class, provisioner string) *v1.PersistentVolumeClaim {
	return &v1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: "data", UID: "1f6b", ResourceVersion: "1",
			Annotations: map[string]string{provisionerAnnotation: provisioner},
		},
		Spec: v1.PersistentVolumeClaimSpec{StorageClassName: &class},
	}
}

// tell lets several instances see the claim, and returns the events that there are then.
func tell(t *testing.T, claim *v1.PersistentVolumeClaim) []v1.Event {
	t.Helper()
	client := fake.NewClientset(newClass("at-once", storage.VolumeBindingImmediate), newClass("standard", storage.VolumeBindingWaitForFirstConsumer))
	for range 3 {
		handler := reportBinding(t.Context(), client)
		handler.OnAdd(claim, true)
		handler.OnUpdate(claim, claim)
	}
	events, err := client.CoreV1().Events("team").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return events.Items
}

func TestAClaimThatWantsItsVolumeBeforeThereIsAPodIsToldOnce(t *testing.T) {
	events := tell(t, newClaim("at-once", provisionerName))
	if len(events) != 1 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	event := events[0]
	about := event.InvolvedObject
	if event.Type != v1.EventTypeWarning || event.Reason != bindingReason || about.Name != "data" || about.UID != "1f6b" {
		t.Errorf("%+v", event)
	}
	if !strings.Contains(event.Message, "StorageClass at-once") || !strings.Contains(event.Message, "volumeBindingMode: WaitForFirstConsumer") {
		t.Errorf("%q", event.Message)
	}
}

func TestNothingIsSaidOfOtherClaims(t *testing.T) {
	bound, placed := newClaim("at-once", provisionerName), newClaim("at-once", provisionerName)
	bound.Spec.VolumeName = "pvc-1"
	placed.Annotations[selectedNodeAnnotation] = "demo-worker"
	for name, claim := range map[string]*v1.PersistentVolumeClaim{
		"of a class that waits":         newClaim("standard", provisionerName),
		"of a class that is gone":       newClaim("gone", provisionerName),
		"of another provisioner":        newClaim("at-once", "example.com/disks"),
		"that has a volume":             bound,
		"whose pod the scheduler knows": placed,
	} {
		if events := tell(t, claim); len(events) > 0 {
			t.Errorf("%s: %+v", name, events)
		}
	}
}

// Informers show every claim from time to time, and an event ends after an hour.
func TestAClaimThatHasNotChangedIsNotToldAgain(t *testing.T) {
	client := fake.NewClientset(newClass("at-once", storage.VolumeBindingImmediate))
	claim := newClaim("at-once", provisionerName)
	handler := reportBinding(t.Context(), client)
	handler.OnUpdate(claim, claim)
	if asked := client.Actions(); len(asked) > 0 {
		t.Errorf("%+v", asked)
	}
	changed := claim.DeepCopy()
	changed.ResourceVersion = "2"
	handler.OnUpdate(claim, changed)
	if events, err := client.CoreV1().Events("team").List(t.Context(), metav1.ListOptions{}); err != nil || len(events.Items) != 1 {
		t.Errorf("after a change: %+v, %v", events, err)
	}
}
