package main

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	log "k8s.io/klog/v2"
)

const (
	// Names the provisioner that Kubernetes has asked for a volume.
	provisionerAnnotation = "volume.kubernetes.io/storage-provisioner"
	bindingReason         = "ImmediateBinding"
)

// reportBinding writes an event to each claim that wants a volume before a pod has a node: none of the instances would ever
// serve it, and Kubernetes would only say that it waits. A claim is looked at when it appears and when it changes.
func reportBinding(ctx context.Context, client kubernetes.Interface) cache.ResourceEventHandler {
	report := func(object any) {
		claim, isClaim := object.(*v1.PersistentVolumeClaim)
		if !isClaim || !isWaiting(claim) {
			return
		}
		if err := reportIfImmediate(ctx, client, claim); err != nil {
			log.Errorf("telling claim %s/%s that it waits in vain: %v", claim.Namespace, claim.Name, err)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: report, UpdateFunc: func(before, now any) {
		if isChanged(before, now) {
			report(now)
		}
	}}
}

func isChanged(before, now any) bool {
	was, wasClaim := before.(*v1.PersistentVolumeClaim)
	is, isClaim := now.(*v1.PersistentVolumeClaim)
	return wasClaim && isClaim && was.ResourceVersion != is.ResourceVersion
}

// isWaiting returns whether the claim waits for a volume of ours, and no node has been chosen for it.
func isWaiting(claim *v1.PersistentVolumeClaim) bool {
	return claim.Spec.VolumeName == "" && claim.Spec.StorageClassName != nil &&
		claim.Annotations[provisionerAnnotation] == provisionerName && claim.Annotations[selectedNodeAnnotation] == ""
}

func reportIfImmediate(ctx context.Context, client kubernetes.Interface, claim *v1.PersistentVolumeClaim) error {
	class, err := client.StorageV1().StorageClasses().Get(ctx, *claim.Spec.StorageClassName, metav1.GetOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if class.VolumeBindingMode != nil && *class.VolumeBindingMode == storage.VolumeBindingWaitForFirstConsumer {
		return nil
	}
	_, err = client.CoreV1().Events(claim.Namespace).Create(ctx, describeBinding(claim), metav1.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// describeBinding returns the event. Its name is the same in all instances: of those on several nodes, only the first one
// creates it.
func describeBinding(claim *v1.PersistentVolumeClaim) *v1.Event {
	now := metav1.Now()
	return &v1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("local-storage.%s", claim.UID), Namespace: claim.Namespace},
		InvolvedObject: v1.ObjectReference{
			APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
		},
		Type:   v1.EventTypeWarning,
		Reason: bindingReason,
		Message: fmt.Sprintf("StorageClass %s has volumeBindingMode Immediate, but a volume of this storage is on the node of the pod "+
			"that uses it: delete the StorageClass, and create it with volumeBindingMode: WaitForFirstConsumer. "+
			"This claim can stay, and gets its volume when a pod uses it.", *claim.Spec.StorageClassName),
		Source:         v1.EventSource{Component: "local-storage"},
		FirstTimestamp: now,
		LastTimestamp:  now,
		Count:          1,
	}
}
