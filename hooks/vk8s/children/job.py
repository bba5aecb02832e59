"""What all Jobs in a virtual cluster have in common: its kubeconfig, and retries until they complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.names_as_written import NAMES_AS_WRITTEN
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_FILE
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import NO_MESH_ANNOTATIONS, NO_MESH_LABELS, build_annotated_metadata, child_labels

KUBECONFIG_PATH, RUN_PATH = "/vk8s/kubeconfig", "/run/vk8s"
# It is retried for as long as it takes: the largest number that the field can have.
_BACKOFF_LIMIT = 2**31 - 1
# Its steps may be interrupted.
_STOP_SECONDS = 2
_NOBODY = 65534


@dataclass(frozen=True)
class Work:
    """What a Job does: its `containers` run one after the other. `noted`: its annotations."""

    name: str
    labels: Mapping[str, str]
    noted: Mapping[str, str]
    containers: Sequence[Manifest]
    volumes: Sequence[Manifest]


def build_job(identity: Identity, work: Work) -> Manifest:
    """The Job for `work`. Each container is retried until it succeeds."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": build_annotated_metadata(identity, work.name, work.labels, work.noted),
        "spec": {"backoffLimit": _BACKOFF_LIMIT, "template": build_pod_template(identity, work)},
    }


def build_pod_template(identity: Identity, work: Work) -> Manifest:
    """The template of the pods that do `work`."""
    *steps, last = work.containers
    return {
        "metadata": {
            # A sidecar would keep running, and the Job would never complete.
            "annotations": dict(NO_MESH_ANNOTATIONS),
            "labels": {**NO_MESH_LABELS, **child_labels(identity), **work.labels},
        },
        "spec": {
            "automountServiceAccountToken": False,
            **({"initContainers": steps} if steps else {}),
            "containers": [last],
            "dnsConfig": dict(NAMES_AS_WRITTEN),
            "enableServiceLinks": False,
            "restartPolicy": "OnFailure",
            # With the group, the user nobody can read the mounted Secrets.
            "securityContext": {"fsGroup": _NOBODY, "runAsGroup": _NOBODY, "runAsUser": _NOBODY},
            "terminationGracePeriodSeconds": _STOP_SECONDS,
            "volumes": list(work.volumes),
        },
    }


def build_environment() -> list[Manifest]:
    """The environment of kubectl in each container. Volumes `kubeconfig` and `run` are mounted at the paths above."""
    return [
        {"name": "KUBECONFIG", "value": f"{KUBECONFIG_PATH}/{KUBECONFIG_FILE}"},
        # Where kubectl caches its discovery of the API, and steps keep their files.
        {"name": "HOME", "value": RUN_PATH},
    ]


def build_security_context() -> Manifest:
    """The security context of each container: it may only use the network, and write where `run` is mounted."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
