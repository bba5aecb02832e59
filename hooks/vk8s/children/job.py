"""What Jobs have in common that work in a virtual cluster: its kubeconfig, and that they go on until they are done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_FILE
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import NO_MESH_ANNOTATIONS, NO_MESH_LABELS, build_noted_metadata, child_labels

KUBECONFIG_PATH, RUN_PATH = "/vk8s/kubeconfig", "/run/vk8s"
# It repeats its steps for as long as it takes; the largest number that the field can hold.
_BACKOFF_LIMIT = 2**31 - 1
# Its steps may be interrupted.
_STOP_SECONDS = 2
_NOBODY = 65534


@dataclass(frozen=True)
class Work:
    """What a Job does: its `containers` run one after the other. `noted`: annotations."""

    name: str
    labels: Mapping[str, str]
    noted: Mapping[str, str]
    containers: Sequence[Manifest]
    volumes: Sequence[Manifest]


def build_job(identity: Identity, work: Work) -> Manifest:
    """The Job for `work`. Each container is repeated until it ends well."""
    *steps, last = work.containers
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": build_noted_metadata(identity, work.name, work.labels, work.noted),
        "spec": {
            "backoffLimit": _BACKOFF_LIMIT,
            "template": {
                "metadata": {
                    # A sidecar would outlive the Job, and keep it from its end.
                    "annotations": dict(NO_MESH_ANNOTATIONS),
                    "labels": {**NO_MESH_LABELS, **child_labels(identity), **work.labels},
                },
                "spec": {
                    "automountServiceAccountToken": False,
                    **({"initContainers": steps} if steps else {}),
                    "containers": [last],
                    "enableServiceLinks": False,
                    "restartPolicy": "OnFailure",
                    # The group lets nobody read what is in Secrets.
                    "securityContext": {"fsGroup": _NOBODY, "runAsGroup": _NOBODY, "runAsUser": _NOBODY},
                    "terminationGracePeriodSeconds": _STOP_SECONDS,
                    "volumes": list(work.volumes),
                },
            },
        },
    }


def build_environment() -> list[Manifest]:
    """What kubectl needs in each container; the volumes `kubeconfig` and `run` are mounted at the paths above."""
    return [
        {"name": "KUBECONFIG", "value": f"{KUBECONFIG_PATH}/{KUBECONFIG_FILE}"},
        # Where kubectl keeps what it has learned of the API, and a step what it has to remember.
        {"name": "HOME", "value": RUN_PATH},
    ]


def build_security_context() -> Manifest:
    """That of each container: it may do nothing but talk, and write where `run` is mounted."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
