"""Job `<node>-leave`: takes a worker that has left the spec out of its virtual cluster, from inside that cluster."""

from dataclasses import dataclass

from hooks.manifest import Manifest
from hooks.vk8s.children.node_pod import BOOT_PATH
from hooks.vk8s.cluster import VirtualCluster
from hooks.vk8s.fingerprint import build_annotations, hash_leave
from hooks.vk8s.kubeconfig import KUBECONFIG_FILE
from hooks.vk8s.labels import PREFIX, build_noted_metadata, child_labels, leave_labels
from hooks.vk8s.naming import bootstrap_config_map_name, kubeconfig_secret_name, leave_job_name

# Which pod and claim the Job is about: their uids. One that is made later under the same name is not to go with them.
TAKES = f"{PREFIX}takes"
KUBECONFIG_PATH, RUN_PATH = "/vk8s/kubeconfig", "/run/vk8s"
# It is there while the pods of the node can be moved: all that the status of a Job can pass on, as its `ready`.
MOVING_FILE = f"{RUN_PATH}/moving"
# It repeats its steps for as long as it takes; the largest number that the field can hold.
BACKOFF_LIMIT = 2**31 - 1
# Its steps may be interrupted.
STOP_SECONDS = 2
NOBODY = 65534


@dataclass(frozen=True)
class Leave:
    """What there is to do: `takes` are the uids of the pod and the claim of `node`; `image` has bash and kubectl."""

    node: str
    takes: frozenset[str]
    image: str


def build_leave_job(cluster: VirtualCluster, leave: Leave, bootstrap_digest: str) -> Manifest:
    """The Job for `leave`, with the script of the boot files of `bootstrap_digest`."""
    force = cluster.is_forced_out(leave.node)
    noted = {TAKES: ",".join(sorted(leave.takes)), **build_annotations(hash_leave(leave.image, force=force))}
    labels, identity = leave_labels(leave.node), cluster.identity
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": build_noted_metadata(identity, leave_job_name(leave.node), labels, noted),
        "spec": {
            "backoffLimit": BACKOFF_LIMIT,
            "template": {
                "metadata": {"labels": {**child_labels(identity), **labels}},
                "spec": {
                    "automountServiceAccountToken": False,
                    "containers": [_build_container(cluster, leave, force=force)],
                    "enableServiceLinks": False,
                    "restartPolicy": "OnFailure",
                    # The group lets nobody read the kubeconfig.
                    "securityContext": {"fsGroup": NOBODY, "runAsGroup": NOBODY, "runAsUser": NOBODY},
                    "terminationGracePeriodSeconds": STOP_SECONDS,
                    "volumes": _build_volumes(cluster.name, bootstrap_digest),
                },
            },
        },
    }


def _build_container(cluster: VirtualCluster, leave: Leave, *, force: bool) -> Manifest:
    return {
        "name": "leave",
        "image": leave.image,
        "command": ["/bin/bash", f"{BOOT_PATH}/leave.sh"],
        "env": [
            {"name": "NODE_NAME", "value": leave.node},
            {"name": "FORCE", "value": "true" if force else "false"},
            # With the last worker, the master becomes where pods run.
            {"name": "HAS_WORKERS", "value": "true" if cluster.has_workers else "false"},
            {"name": "KUBECONFIG", "value": f"{KUBECONFIG_PATH}/{KUBECONFIG_FILE}"},
            # Where kubectl keeps what it has learned of the API.
            {"name": "HOME", "value": RUN_PATH},
        ],
        "volumeMounts": [
            {"name": "boot", "mountPath": BOOT_PATH, "readOnly": True},
            {"name": "kubeconfig", "mountPath": KUBECONFIG_PATH, "readOnly": True},
            {"name": "run", "mountPath": RUN_PATH},
        ],
        "readinessProbe": {"exec": {"command": ["test", "-e", MOVING_FILE]}, "periodSeconds": 2, "failureThreshold": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _build_volumes(vk8s: str, bootstrap_digest: str) -> list[Manifest]:
    boot = {"name": bootstrap_config_map_name(vk8s, bootstrap_digest), "defaultMode": 0o555}
    return [
        {"name": "boot", "configMap": boot},
        {"name": "kubeconfig", "secret": {"secretName": kubeconfig_secret_name(vk8s), "defaultMode": 0o440}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
    ]
