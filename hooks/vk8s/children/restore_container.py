"""Init container `restore` of a node of a virtual cluster that begins with a backup.

It fetches the snapshot of etcd to the control-plane node that initializes the cluster, and to each node its volumes.
"""

import json
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.job import build_security_context
from hooks.vk8s.children.snapshot_store import REPOSITORY_MEMORY, StoreAccess
from hooks.vk8s.children.volumes_job import VOLUMES_FOLDER
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec, RestoreSpec
from hooks.vk8s.spec.naming import RESTORE_CONTAINER
from hooks.vk8s.spec.own_resources import OwnResources

RESOURCES: Final = OwnResources(
    requests={"cpu": "0", "memory": "64Mi"}, limits={"cpu": "1", "memory": REPOSITORY_MEMORY}
)
_STATE: Final = "/state"
_PREFIX: Final = "restore-"
_ROOT: Final = 0
# As long as volumes may take; then it says what it waited for, and is tried again.
_HOURS: Final = 24
# Those of files in volumes, which may belong to anybody, and be anything.
_CAPABILITIES: Final = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "MKNOD", "SETFCAP"]


def build_restore_container(cluster: VirtualCluster, node: NodeSpec, restore: RestoreSpec, image: str) -> Manifest:
    """The container, which ends when all is on the state volume. What the node has already stays as it is."""
    source = {
        "name": restore.name or cluster.name,
        "namespace": restore.namespace or cluster.identity.namespace,
    }
    access = StoreAccess(restore, _PREFIX)
    return {
        "name": RESTORE_CONTAINER,
        "image": image,
        "args": [
            "fetch",
            f"--about={json.dumps(source, sort_keys=True)}",
            *access.arguments,
            f"--snapshot={restore.snapshot}",
            *([f"--into={_STATE}/vk8s/restore", f"--data={_STATE}/etcd"] if node == cluster.founder else []),
            f"--node={node.name}",
            f"--volumes={_STATE}/{VOLUMES_FOLDER}",
            f"--work={_STATE}",
            f"--timeout={_HOURS}h",
        ],
        "resources": RESOURCES.fit(cluster.rules),
        "volumeMounts": [{"name": "state", "mountPath": _STATE}, *access.build_mounts(read_only=True)],
        "securityContext": _build_security_context(),
    }


def _build_security_context() -> Manifest:
    """The state volume belongs to root, as the node does; snapshots in a claim belong to who has stored them."""
    capabilities = {"drop": ["ALL"], "add": _CAPABILITIES}
    return {**build_security_context(), "capabilities": capabilities, "runAsUser": _ROOT, "runAsGroup": _ROOT}


def build_restore_volumes(restore: RestoreSpec) -> list[Manifest]:
    """What its pod has in addition to the volumes of a node."""
    return StoreAccess(restore, _PREFIX).build_volumes()
