"""The observed children by kind and name, and functions that read them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from hooks.kubernetes.manifest import Manifest

SECRET: Final = "Secret.v1"  # noqa: S105 the kind
CONFIG_MAP: Final = "ConfigMap.v1"
SERVICE: Final = "Service.v1"
CLAIM: Final = "PersistentVolumeClaim.v1"
POD: Final = "Pod.v1"
JOB: Final = "Job.batch/v1"
CRON_JOB: Final = "CronJob.batch/v1"
NETWORK_POLICY: Final = "NetworkPolicy.networking.k8s.io/v1"
DISRUPTION_BUDGET: Final = "PodDisruptionBudget.policy/v1"

# The kind, as in requests, and the name.
Child = tuple[str, str]


@dataclass(frozen=True)
class Observed:
    """Observed children, by kind (`Pod.v1`) and name."""

    children: Mapping[str, Mapping[str, Manifest]]

    def find(self, kind: str, name: str) -> Manifest | None:
        """The child `name` of `kind`, even while it is being deleted."""
        return self.children.get(kind, {}).get(name)

    def has(self, kind: str, name: str) -> bool:
        """Whether there is such a child, even while it is being deleted."""
        return self.find(kind, name) is not None

    @cached_property
    def lasting(self) -> frozenset[Child]:
        """The children that are not being deleted. A pod is created only if everything that it mounts is among them."""
        return frozenset(key for key, child in self.by_key.items() if not is_terminating(child))

    def list_missing(self, needed: Iterable[tuple[str, str]]) -> list[str]:
        """Those of `needed` that don't exist or are being deleted, as `Kind name`."""
        return [f"{kind.split('.')[0]} {name}" for kind, name in needed if (kind, name) not in self.lasting]

    def knows(self, kind: str) -> bool:
        """Whether the CompositeController lists the kind: only then may a child of it be returned."""
        return kind in self.children

    def pods(self) -> Mapping[str, Manifest]:
        """Pods by name."""
        return self.children.get(POD, {})

    @cached_property
    def by_key(self) -> Mapping[Child, Manifest]:
        """Every child by its kind and name, in a fixed order."""
        return {(kind, name): group[name] for kind, group in sorted(self.children.items()) for name in sorted(group)}


def group_key(manifest: Manifest) -> str:
    """How Metacontroller keys the manifest's kind: `Pod.v1`."""
    return ".".join([manifest["kind"], manifest["apiVersion"]])


def get_key(manifest: Manifest) -> Child:
    """The kind and name of a child."""
    return group_key(manifest), manifest["metadata"]["name"]


def parse_observed(children: Mapping[str, Mapping[str, Manifest]]) -> Observed:
    """The children of a hook request, whose inner keys are `namespace/name`."""
    return Observed(
        {kind: {str(child["metadata"]["name"]): child for child in group.values()} for kind, group in children.items()}
    )


def is_terminating(child: Manifest) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in child["metadata"]


def is_ready(pod: Manifest) -> bool:
    """Whether the pod is Ready and not being deleted. For a node pod: whether its Node is Ready."""
    return not is_terminating(pod) and condition(pod, "Ready").get("status") == "True"


def condition(pod: Manifest, kind: str) -> Manifest:
    """The condition of the pod with that type, or an empty object."""
    conditions: list[Manifest] = pod.get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry.get("type") == kind), {})


def get_container_status(pod: Manifest, container: str) -> Manifest:
    """The status of the container with that name, or an empty object if the pod's status does not have it."""
    statuses: list[Manifest] = pod.get("status", {}).get("containerStatuses") or []
    return next((entry for entry in statuses if entry.get("name") == container), {})


def parse_result(message: object) -> Mapping[str, Any]:
    """The JSON in a termination message of a program of ours; empty if it is none."""
    try:
        found = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def get_container(pod_spec: Manifest, container: str) -> Manifest:
    """The container with that name in a pod's spec, or an empty object. An injector may have put others first."""
    containers: list[Manifest] = pod_spec.get("containers") or []
    return next((entry for entry in containers if entry.get("name") == container), {})


def list_config_maps(child: Manifest) -> Iterator[str]:
    """Names of the ConfigMaps that a pod, or the pods of a Job, mount."""
    spec = child.get("spec", {})
    volumes: list[Manifest] = spec.get("template", {}).get("spec", spec).get("volumes") or []
    yield from (volume["configMap"]["name"] for volume in volumes if "name" in volume.get("configMap", {}))


def describe_finalizers(child: Manifest) -> str:
    """The finalizers that hold an object that is being deleted, as the end of a sentence; empty if there are none."""
    finalizers: list[str] = child["metadata"].get("finalizers") or []
    return f", held by its finalizers {', '.join(finalizers)}" if finalizers else ""
