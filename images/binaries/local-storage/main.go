// local-storage makes a directory of a node into a PersistentVolume: the default storage of a virtual cluster.
//
// One runs on each node, as a DaemonSet, and looks after the claims of pods that the scheduler has put there. So it can
// make and remove directories itself, where a central provisioner would need a helper pod for each.
//
// Environment:
//
//	NODE_NAME    the node it runs on
//	VOLUMES_DIR  where volumes are, on the node as well as in the container
//	KUBECONFIG   identity, where it does not run as a pod
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	log "k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const (
	provisionerName        = "vk8s.sktelecom.com/local-storage"
	selectedNodeAnnotation = "volume.kubernetes.io/selected-node"
)

// nodeStorage provides volumes on one node, as directories of one directory.
type nodeStorage struct {
	node      string
	directory string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatalf("local-storage: %v", err)
	}
}

func run(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	makePatient(config)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	storage := &nodeStorage{node: os.Getenv("NODE_NAME"), directory: os.Getenv("VOLUMES_DIR")}
	if storage.node == "" || !filepath.IsAbs(storage.directory) {
		return fmt.Errorf("NODE_NAME %q or VOLUMES_DIR %q is not set", storage.node, storage.directory)
	}
	core := informers.NewSharedInformerFactory(client, controller.DefaultResyncPeriod).Core().V1()
	volumes, claims := core.PersistentVolumes().Informer(), core.PersistentVolumeClaims().Informer()
	if _, err := volumes.AddEventHandler(storage.reportMissing(newRecorder(client, storage.node))); err != nil {
		return fmt.Errorf("volumes: %w", err)
	}
	if _, err := claims.AddEventHandler(reportBinding(ctx, client)); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	// Nobody to elect: each instance has its own node.
	provisioner := controller.NewProvisionController(
		ctx, client, provisionerName, storage, controller.LeaderElection(false), controller.Threadiness(1),
		controller.VolumesInformer(volumes), controller.ClaimsInformer(claims),
	)
	go volumes.Run(ctx.Done())
	go claims.Run(ctx.Done())
	provisioner.Run(ctx)
	return nil
}

// ShouldProvision accepts claims whose pod the scheduler has put on this node.
func (s *nodeStorage) ShouldProvision(_ context.Context, claim *v1.PersistentVolumeClaim) bool {
	return claim.Annotations[selectedNodeAnnotation] == s.node
}

// ShouldDelete accepts volumes that lie on this node.
func (s *nodeStorage) ShouldDelete(_ context.Context, volume *v1.PersistentVolume) bool {
	return volume.Annotations[selectedNodeAnnotation] == s.node
}

// Provision makes the directory and describes it as a volume that binds its pods to this node.
func (s *nodeStorage) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	path := filepath.Join(s.directory, options.PVName)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("making %s: %w", path, err)
	}
	// Pods run as any user; Mkdir's mode is cut by the umask.
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("opening %s to pods: %w", path, err)
	}
	return s.describe(options, path), controller.ProvisioningFinished, nil
}

func (s *nodeStorage) describe(options controller.ProvisionOptions, path string) *v1.PersistentVolume {
	here := v1.NodeSelectorRequirement{Key: v1.LabelHostname, Operator: v1.NodeSelectorOpIn, Values: []string{s.node}}
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        options.PVName,
			Annotations: map[string]string{selectedNodeAnnotation: s.node},
		},
		Spec: v1.PersistentVolumeSpec{
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: options.PVC.Spec.Resources.Requests[v1.ResourceStorage]},
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			// Unlike those of type hostPath, which earlier versions made, kubelets give these to the group of a pod (fsGroup)
			// and measure what is on them.
			PersistentVolumeSource: v1.PersistentVolumeSource{Local: &v1.LocalVolumeSource{Path: path}},
			NodeAffinity: &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{
				NodeSelectorTerms: []v1.NodeSelectorTerm{{MatchExpressions: []v1.NodeSelectorRequirement{here}}},
			}},
		},
	}
}

// Delete removes the directory of a volume that is released.
func (s *nodeStorage) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	// By its name, not by its path: someone who may write volumes must not choose what is removed here.
	return os.RemoveAll(filepath.Join(s.directory, filepath.Base(volume.Name)))
}
