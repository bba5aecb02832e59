"""Pod `<vk8s>-access-pod`, to which the owner of a virtual cluster connects by ssh, with kubectl ready to use."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.access_service import SSH_PORT
from hooks.vk8s.children.names_as_written import NAMES_AS_WRITTEN
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_FILE
from hooks.vk8s.keys.ssh import HOST_KEY
from hooks.vk8s.observed.fingerprint import build_annotations, hash_access
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, COMPONENT, build_pod_metadata
from hooks.vk8s.spec.naming import (
    ACCESS_CONTAINER,
    access_config_map_name,
    kubeconfig_secret_name,
    ssh_secret_name,
)
from hooks.vk8s.spec.own_resources import OwnResources

# What sshd needs to let root log in (without the kernel's audit log, it provides no terminal), and what root needs to
# work in a container; nothing that reaches out of it.
CAPABILITIES = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
]
# kubectl takes 50 MiB, and 110 to print a hundred pods as YAML: there is room for several sessions.
RESOURCES = OwnResources(requests={"cpu": "0", "memory": "32Mi"}, limits={"cpu": "1", "memory": "512Mi"})
# Sessions have nothing to finish.
STOP_SECONDS = 2


def build_access_pod(cluster: VirtualCluster, name: str, image: str) -> Manifest:
    """The access pod with `image`, which may rely on what images/access relies on."""
    identity = cluster.identity
    noted = build_annotations(hash_access(image), cluster.restart)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": build_pod_metadata(identity, name, {COMPONENT: ACCESS_COMPONENT}, noted),
        "spec": {
            "automountServiceAccountToken": False,
            "containers": [_build_container(cluster, image)],
            "dnsConfig": dict(NAMES_AS_WRITTEN),
            # Without variables of Services: kubectl in the pod must never reach the host cluster by accident.
            "enableServiceLinks": False,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": STOP_SECONDS,
            "volumes": _build_volumes(identity.name),
        },
    }


def _build_container(cluster: VirtualCluster, image: str) -> Manifest:
    return {
        "name": ACCESS_CONTAINER,
        "image": image,
        # For `kubectl exec`. Sessions by ssh get the kubeconfig from sshd.
        "env": [
            {"name": "VK8S_NAME", "value": cluster.name},
            {"name": "KUBECONFIG", "value": f"/vk8s/kubeconfig/{KUBECONFIG_FILE}"},
        ],
        "ports": [{"name": "ssh", "protocol": "TCP", "containerPort": SSH_PORT}],
        "resources": RESOURCES.fit(cluster.rules),
        # Without subPath: renewed kubeconfigs and changed keys arrive in the running pod.
        "volumeMounts": [
            {"name": name, "mountPath": f"/vk8s/{name}", "readOnly": True} for name in ("access", "kubeconfig", "ssh")
        ],
        "readinessProbe": {"tcpSocket": {"port": SSH_PORT}, "periodSeconds": 10},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": CAPABILITIES},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # Every second until sshd is up, then seldom: for sshd, each probe is a client that hangs up.
        "startupProbe": {"tcpSocket": {"port": SSH_PORT}, "periodSeconds": 1, "failureThreshold": 86400},
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _build_volumes(vk8s: str) -> list[Manifest]:
    # The client key is the owner's: the pod does not need it.
    host_key = [{"key": HOST_KEY, "path": HOST_KEY}]
    return [
        {"name": "access", "configMap": {"name": access_config_map_name(vk8s), "defaultMode": 0o444}},
        {"name": "kubeconfig", "secret": {"secretName": kubeconfig_secret_name(vk8s), "defaultMode": 0o400}},
        {"name": "ssh", "secret": {"secretName": ssh_secret_name(vk8s), "defaultMode": 0o400, "items": host_key}},
    ]
