package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

const missingReason = "VolumeDataMissing"

// newRecorder returns what writes events of this node.
func newRecorder(client kubernetes.Interface, node string) record.EventRecorder {
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&corev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return broadcaster.NewRecorder(scheme.Scheme, v1.EventSource{Component: "local-storage", Host: node})
}

// reportMissing writes an event to the claim of each volume of this node whose data is gone: now, and from time to time. A
// restored cluster has volumes that its backup may have no data of; a kubelet would only say that a mount fails.
func (s *nodeStorage) reportMissing(recorder record.EventRecorder) cache.ResourceEventHandler {
	report := func(object any) {
		volume, isVolume := object.(*v1.PersistentVolume)
		if isVolume && s.isMissing(volume) {
			recorder.Eventf(volume.Spec.ClaimRef, v1.EventTypeWarning, missingReason,
				"Node %s has no data of this volume: it was not in the backup that the cluster was restored from, or the node has lost it. "+
					"Copy it to %s on the node, or delete the claim for an empty volume.", s.node, filepath.Join(s.directory, volume.Name))
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: report, UpdateFunc: func(_, object any) { report(object) }}
}

// isMissing returns whether a claim has the volume, which is on this node, and its directory does not exist.
func (s *nodeStorage) isMissing(volume *v1.PersistentVolume) bool {
	if volume.Annotations[selectedNodeAnnotation] != s.node || volume.Spec.ClaimRef == nil || volume.Status.Phase != v1.VolumeBound {
		return false
	}
	_, err := os.Stat(filepath.Join(s.directory, filepath.Base(volume.Name)))
	return errors.Is(err, fs.ErrNotExist)
}
