"""Job `<node>-volumes`: copies the volumes of one node of a stopped virtual cluster, as part of a cold backup."""

import json
from dataclasses import dataclass
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.job import RUN_PATH, Work, build_pod_template, build_security_context
from hooks.vk8s.children.snapshot_store import REPOSITORY_MEMORY, StoreAccess
from hooks.vk8s.spec.cluster import COLD_BACKUP_ANNOTATION, VirtualCluster
from hooks.vk8s.spec.labels import build_annotated_metadata, volumes_labels
from hooks.vk8s.spec.model import BackupSpec, NodeSpec
from hooks.vk8s.spec.naming import VOLUMES_CONTAINER, state_claim_name, volumes_job_name
from hooks.vk8s.spec.own_resources import OwnResources

RESOURCES: Final = OwnResources(
    requests={"cpu": "0", "memory": "64Mi"}, limits={"cpu": "2", "memory": REPOSITORY_MEMORY}
)
# Where PersistentVolumes are on a state volume.
VOLUMES_FOLDER: Final = "vk8s/volumes"
_STATE: Final = "/state"
_ATTEMPTS: Final = 2
# restic removes its lock when it is ended.
_STOP_SECONDS: Final = 10
_ROOT: Final = 0


@dataclass(frozen=True)
class Copy:
    """What is copied: the volumes of `node`, as part of the backup with the snapshot `of` etcd, of so many `nodes`."""

    node: NodeSpec
    of: str
    nodes: int
    minutes: int


def build_volumes_job(cluster: VirtualCluster, backup: BackupSpec, copy: Copy, image: str) -> Manifest:
    """The Job. After `copy.minutes` it has failed, wherever its pod is, or if it has none."""
    name, noted = volumes_job_name(copy.node.name), {COLD_BACKUP_ANNOTATION: cluster.cold.value}
    labels = volumes_labels(copy.node.name)
    claim = {"persistentVolumeClaim": {"claimName": state_claim_name(copy.node.name)}}
    volumes = [
        {"name": "state", **claim},
        {"name": "run", "emptyDir": {"sizeLimit": "1Gi"}},
        *StoreAccess(backup).build_volumes(),
    ]
    container = _build_container(cluster, backup, copy, image)
    template = build_pod_template(cluster.identity, Work(name, labels, noted, [container], volumes))
    metadata = template["metadata"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": build_annotated_metadata(cluster.identity, name, labels, noted),
        "spec": {
            "activeDeadlineSeconds": copy.minutes * 60,
            "backoffLimit": _ATTEMPTS - 1,
            "template": {
                "metadata": {**metadata, "annotations": {**metadata["annotations"], **noted}},
                "spec": _complete(template["spec"], copy.node),
            },
        },
    }


def _complete(pod: Manifest, node: NodeSpec) -> Manifest:
    """It runs where the node may run, which may be bound to its host by its volume.

    No fsGroup: a kubelet would change the group of all that is on the state volume.
    """
    return {
        **{key: value for key, value in pod.items() if key != "securityContext"},
        **({"nodeSelector": dict(node.node_selector)} if node.node_selector else {}),
        **({"priorityClassName": node.priority_class_name} if node.priority_class_name else {}),
        **({"tolerations": [dict(toleration) for toleration in node.tolerations]} if node.tolerations else {}),
        # Never: a container that is restarted loses its pod, and its message, when the last attempt has failed.
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": _STOP_SECONDS,
    }


def _build_container(cluster: VirtualCluster, backup: BackupSpec, copy: Copy, image: str) -> Manifest:
    about = {"name": cluster.name, "namespace": cluster.identity.namespace, "uid": cluster.identity.uid}
    return {
        "name": VOLUMES_CONTAINER,
        "image": image,
        "args": [
            "volumes",
            f"--about={json.dumps(about, sort_keys=True)}",
            *StoreAccess(backup).arguments,
            f"--node={copy.node.name}",
            f"--volumes={_STATE}/{VOLUMES_FOLDER}",
            f"--of={copy.of}",
            f"--nodes={copy.nodes}",
            f"--work={RUN_PATH}",
            # So that it says why, before it is ended.
            f"--timeout={copy.minutes * 60 - 30}s",
        ],
        "resources": RESOURCES.fit(cluster.rules),
        "volumeMounts": [
            {"name": "state", "mountPath": _STATE, "readOnly": True},
            {"name": "run", "mountPath": RUN_PATH},
            *StoreAccess(backup).build_mounts(read_only=False),
        ],
        "securityContext": _build_security_context(),
    }


def _build_security_context() -> Manifest:
    """Volumes belong to any user of a pod inside. A repository in a claim has an owner, as whom restic runs."""
    capabilities = {"drop": ["ALL"], "add": ["DAC_OVERRIDE", "SETGID", "SETUID"]}
    return {**build_security_context(), "capabilities": capabilities, "runAsUser": _ROOT, "runAsGroup": _ROOT}
