package networkpolicies

import (
	v1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reduce makes of an object what the controller reads of it, as all of them are kept in memory.
func (s settings) reduce(object any) (any, error) {
	switch each := object.(type) {
	case *v1.Pod:
		return s.reducePod(each), nil
	case *v1.Namespace:
		return &v1.Namespace{ObjectMeta: reduceMeta(each.ObjectMeta)}, nil
	case *networking.NetworkPolicy:
		return &networking.NetworkPolicy{ObjectMeta: reduceMeta(each.ObjectMeta), Spec: each.Spec}, nil
	}
	return object, nil
}

// reducePod also says whose pod it is in the way that the controller looks for: by the address of its node. That in the
// status may be the one of an earlier boot.
func (s settings) reducePod(pod *v1.Pod) *v1.Pod {
	host := ""
	if pod.Spec.NodeName == s.node {
		host = s.address
	}
	var containers []v1.Container
	for _, each := range pod.Spec.Containers {
		if len(each.Ports) > 0 {
			containers = append(containers, v1.Container{Ports: each.Ports})
		}
	}
	return &v1.Pod{
		ObjectMeta: reduceMeta(pod.ObjectMeta),
		Spec:       v1.PodSpec{NodeName: pod.Spec.NodeName, HostNetwork: pod.Spec.HostNetwork, Containers: containers},
		Status:     v1.PodStatus{Phase: pod.Status.Phase, HostIP: host, PodIP: pod.Status.PodIP, PodIPs: pod.Status.PodIPs},
	}
}

func reduceMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: meta.Name, Namespace: meta.Namespace, UID: meta.UID, ResourceVersion: meta.ResourceVersion, Labels: meta.Labels,
	}
}
