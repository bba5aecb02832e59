"""Job `<node>-leave`: removes a node from its virtual cluster, from inside that cluster."""

from dataclasses import dataclass

from hooks.kubernetes.labels import PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.job import (
    KUBECONFIG_PATH,
    RUN_PATH,
    Work,
    build_environment,
    build_job,
    build_security_context,
)
from hooks.vk8s.children.node_pod import BOOT_PATH
from hooks.vk8s.observed.fingerprint import build_annotations, hash_leave
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import leave_labels
from hooks.vk8s.spec.naming import LEAVE_CONTAINER, bootstrap_config_map_name, kubeconfig_secret_name, leave_job_name
from hooks.vk8s.spec.own_resources import OwnResources

# The uids of the pod and claim that the Job is about. Those that are created later under the same names stay.
TAKES = f"{PREFIX}takes"
# kubectl takes 63 MiB to drain 110 pods. The Job frees resources, so it runs without limits if a quota has no room
# left.
RESOURCES = OwnResources(requests={"cpu": "0", "memory": "0"}, limits={"cpu": "1", "memory": "256Mi"}, waives=True)
# It exists while pods of the node can be evicted. Through the readiness probe, it is `ready` in the status of the Job.
MOVING_FILE = f"{RUN_PATH}/moving"


@dataclass(frozen=True)
class Leave:
    """The removal of `node`: `takes` are the uids of its pod and its claim; `image` has bash and kubectl."""

    node: str
    role: str
    takes: frozenset[str]
    image: str


def build_leave_job(cluster: VirtualCluster, leave: Leave, bootstrap_digest: str) -> Manifest:
    """The Job for `leave`, with the script of the bootstrap files of `bootstrap_digest`."""
    force = cluster.is_forced_out(leave.node)
    noted = {TAKES: ",".join(sorted(leave.takes)), **build_annotations(hash_leave(leave.image, force=force))}
    work = Work(
        name=leave_job_name(leave.node),
        labels=leave_labels(leave.node),
        noted=noted,
        containers=[_build_container(cluster, leave, force=force)],
        volumes=_build_volumes(cluster.name, bootstrap_digest),
    )
    return build_job(cluster.identity, work)


def _build_container(cluster: VirtualCluster, leave: Leave, *, force: bool) -> Manifest:
    return {
        "name": LEAVE_CONTAINER,
        "image": leave.image,
        "command": ["/bin/bash", f"{BOOT_PATH}/leave.sh"],
        "env": [
            {"name": "NODE_NAME", "value": leave.node},
            {"name": "FORCE", "value": "true" if force else "false"},
            # After the last worker, pods run on the control-plane node.
            {"name": "HAS_WORKERS", "value": "true" if cluster.workers else "false"},
            *([{"name": "ROLE", "value": leave.role}] if leave.role == "master" else []),
            *build_environment(),
        ],
        "resources": RESOURCES.fit(cluster.rules),
        "volumeMounts": [
            {"name": "boot", "mountPath": BOOT_PATH, "readOnly": True},
            {"name": "kubeconfig", "mountPath": KUBECONFIG_PATH, "readOnly": True},
            {"name": "run", "mountPath": RUN_PATH},
        ],
        "readinessProbe": {"exec": {"command": ["test", "-e", MOVING_FILE]}, "periodSeconds": 2, "failureThreshold": 1},
        "securityContext": build_security_context(),
    }


def _build_volumes(vk8s: str, bootstrap_digest: str) -> list[Manifest]:
    boot = {"name": bootstrap_config_map_name(vk8s, bootstrap_digest), "defaultMode": 0o555}
    return [
        {"name": "boot", "configMap": boot},
        {"name": "kubeconfig", "secret": {"secretName": kubeconfig_secret_name(vk8s), "defaultMode": 0o440}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
    ]
