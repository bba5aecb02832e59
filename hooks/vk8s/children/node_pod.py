"""Pod `<node>`: a node of the virtual cluster. It boots by itself from what is mounted into it."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.join_secret import list_join_files
from hooks.vk8s.children.names_as_written import NAMES_AS_WRITTEN
from hooks.vk8s.children.node_placement import build_placement
from hooks.vk8s.children.restore_container import build_restore_container, build_restore_volumes
from hooks.vk8s.node_config.environment import build_environment
from hooks.vk8s.node_config.kubeadm import WORKER_CREDENTIALS
from hooks.vk8s.observed.fingerprint import build_annotations, hash_node
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import build_pod_metadata, node_labels
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import (
    bootstrap_config_map_name,
    etcd_service_name,
    join_secret_name,
    pki_secret_name,
    state_claim_name,
)
from hooks.vk8s.spec.state_note import FORCED

BOOT_PATH = "/vk8s/boot"
READY_FILE = "/run/vk8s/ready"
# Paths of a node whose content has to outlive its pod, and their folders on the state volume.
STATE_PATHS = {
    "/var/lib/containerd": "containerd",
    "/var/lib/etcd": "etcd",
    "/var/lib/kubelet": "kubelet",
    "/etc/kubernetes": "kubernetes",
    "/var/lib/vk8s": "vk8s",
}
# Memory file systems, as systemd expects them. They count as memory of the pod.
MEMORY_PATHS = {"run": ("/run", "256Mi"), "tmp": ("/tmp", "1Gi")}  # noqa: S108 a mount point in the pod
# systemd's units stop within 10 s, and etcd must not be killed while it writes.
STOP_SECONDS = 60
READY_PROBE_SECONDS = 3
DAY_SECONDS = 86400
# How long one startup probe waits for the node.
STARTUP_WAIT_SECONDS = 10
# Kubernetes' default is one second, which a busy host may need to start the process. A late answer is as good.
PROBE_TIMEOUT_SECONDS = 10
# A file here stays for the life of a control-plane pod, whatever happens to its container, host and volume.
BOOTED_PATH = "/vk8s/booted"
MASTER_CREDENTIALS = "/vk8s/pki"


def build_node_pod(
    cluster: VirtualCluster, node: NodeSpec, bootstrap_digest: str, backup_image: str | None = None
) -> Manifest:
    """The pod of `node`, with the bootstrap files of `bootstrap_digest`.

    `backup_image`: fetches what the node begins with, if the virtual cluster is restored from a backup.
    """
    volumes, container = _build_volumes(cluster, node, bootstrap_digest), _build_container(cluster, node)
    noted = {
        **node.annotations,
        **build_annotations(hash_node(node, is_replicated=cluster.is_replicated), cluster.restart),
        **cluster.network.build_annotations(node.name),
        **cluster.state.build_annotations(),
        **({FORCED: cluster.state.forced} if node.role == "master" and cluster.state.forced else {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": build_pod_metadata(cluster.identity, node.name, node_labels(node), noted),
        "spec": {
            "automountServiceAccountToken": False,
            **_build_restore(cluster, node, backup_image),
            "containers": [container],
            "dnsConfig": dict(NAMES_AS_WRITTEN),
            # Variables of the host cluster's Services would make kubectl in the node use the host cluster.
            "enableServiceLinks": False,
            **_build_name(cluster, node),
            **build_placement(cluster, node),
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": STOP_SECONDS,
            "volumes": [*volumes, *_build_restore_volumes(cluster, node)],
        },
    }


def _build_restore(cluster: VirtualCluster, node: NodeSpec, image: str | None) -> Manifest:
    """The init container of a node that begins with a backup; nothing in other pods."""
    restore = cluster.find_fetched(node)
    return {"initContainers": [build_restore_container(cluster, node, restore, image)]} if restore and image else {}


def _build_restore_volumes(cluster: VirtualCluster, node: NodeSpec) -> list[Manifest]:
    restore = cluster.find_fetched(node)
    return build_restore_volumes(restore) if restore else []


def _build_name(cluster: VirtualCluster, node: NodeSpec) -> Manifest:
    """The fields that give a member of etcd its name in DNS; none for the only one."""
    is_named = node.role == "master" and cluster.is_replicated
    return {"hostname": node.name, "subdomain": etcd_service_name(cluster.name)} if is_named else {}


def get_credentials_name(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The Secret that the pod of `node` mounts: the PKI for the control plane, what joining takes for a worker."""
    return pki_secret_name(cluster.name) if node.role == "master" else join_secret_name(cluster.name)


def _build_container(cluster: VirtualCluster, node: NodeSpec) -> Manifest:
    resources = {"limits": dict(node.resources.limits), "requests": dict(node.resources.requests)}
    given, mounts = {key: value for key, value in resources.items() if value}, _build_mounts(node)
    return {
        "name": "node",
        "image": node.image,
        "command": ["/bin/bash", f"{BOOT_PATH}/entrypoint.sh"],
        "env": build_environment(cluster, node),
        **({"resources": given} if given else {}),
        "volumeMounts": mounts,
        "readinessProbe": {
            # The watcher in the pod keeps this file as long as the Node is Ready in its virtual cluster.
            "exec": {"command": ["test", "-e", READY_FILE]},
            "timeoutSeconds": PROBE_TIMEOUT_SECONDS,
            "periodSeconds": max(READY_PROBE_SECONDS, cluster.node_probe_seconds),
        },
        "securityContext": {"privileged": True},
        # Waits in the pod for the same file, repeatedly until the node is Ready for the first time. A node may have to
        # wait for the rest of its cluster, and a restart would not help, so the limit is a day.
        "startupProbe": {
            "exec": {"command": ["/bin/bash", f"{BOOT_PATH}/await-ready.sh", str(STARTUP_WAIT_SECONDS)]},
            "timeoutSeconds": STARTUP_WAIT_SECONDS + PROBE_TIMEOUT_SECONDS,
            "periodSeconds": cluster.node_probe_seconds,
            "failureThreshold": DAY_SECONDS // max(STARTUP_WAIT_SECONDS, cluster.node_probe_seconds),
        },
    }


def _build_mounts(node: NodeSpec) -> list[Manifest]:
    credentials = MASTER_CREDENTIALS if node.role == "master" else WORKER_CREDENTIALS
    return [
        *({"name": "state", "mountPath": path, "subPath": folder} for path, folder in STATE_PATHS.items()),
        *({"name": name, "mountPath": path} for name, (path, _) in MEMORY_PATHS.items()),
        {"name": "modules", "mountPath": "/lib/modules", "readOnly": True},
        {"name": "boot", "mountPath": BOOT_PATH, "readOnly": True},
        {"name": "credentials", "mountPath": credentials, "readOnly": True},
        *([{"name": "booted", "mountPath": BOOTED_PATH}] if node.role == "master" else []),
    ]


def _build_volumes(cluster: VirtualCluster, node: NodeSpec, bootstrap_digest: str) -> list[Manifest]:
    boot = {"name": bootstrap_config_map_name(cluster.name, bootstrap_digest), "defaultMode": 0o555}
    credentials = {"secretName": get_credentials_name(cluster, node), "defaultMode": 0o400, **_select_own(node)}
    return [
        {"name": "state", **_build_state_source(cluster, node)},
        *(
            {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": size}}
            for name, (_, size) in MEMORY_PATHS.items()
        ),
        {"name": "modules", "hostPath": {"path": "/lib/modules"}},
        {"name": "boot", "configMap": boot},
        {"name": "credentials", "secret": credentials},
        # On the host's disk: it has to outlive a restart of the host.
        *([{"name": "booted", "emptyDir": {"sizeLimit": "1Mi"}}] if node.role == "master" else []),
    ]


def _select_own(node: NodeSpec) -> Manifest:
    """A worker sees its own files alone. Control-plane nodes share theirs."""
    files = {} if node.role == "master" else list_join_files(node.name)
    return {"items": [{"key": key, "path": path} for key, path in files.items()]} if files else {}


def _build_state_source(cluster: VirtualCluster, node: NodeSpec) -> Manifest:
    storage = cluster.spec.storage
    if storage.ephemeral:
        return {"emptyDir": {"sizeLimit": storage.size}}
    return {"persistentVolumeClaim": {"claimName": state_claim_name(node.name)}}
