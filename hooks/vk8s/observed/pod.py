"""What is known of an observed pod of a node: whether it runs, has run, has ended, or has just stopped being Ready."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from hooks.kubernetes.conditions import parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import (
    condition,
    get_container,
    get_container_status,
    is_ready,
    is_terminating,
    list_config_maps,
)
from hooks.vk8s.spec.naming import NODE_CONTAINER

# So long after a change of a pod, nobody concludes anything from its not being Ready. When the kubelet of a host
# restarts, all its pods are NotReady until they have been probed again, and their containers run on
# (https://github.com/kubernetes/kubernetes/issues/100277).
SETTLING: Final = timedelta(seconds=60)
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_LATER_THAN_ALL: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)


@dataclass(frozen=True)
class Pod:
    """An observed pod, of which each fact is read once. `container`: name of ours in it."""

    manifest: Manifest
    container: str = NODE_CONTAINER

    @cached_property
    def is_terminating(self) -> bool:
        """Whether somebody has deleted it."""
        return is_terminating(self.manifest)

    @cached_property
    def is_ready(self) -> bool:
        """Whether its condition Ready is true and nobody has deleted it: then its Node is Ready."""
        return is_ready(self.manifest)

    @cached_property
    def is_over(self) -> bool:
        """Whether it has ended and nobody has deleted it: Failed, or Succeeded, which its exit code decides alone.

        A node pod is not meant to end, and neither is an access pod: the host's kubelet ended it (an eviction, a
        shutdown of the host), or refused to start it.
        """
        return self.has_ended and not self.is_terminating

    @property
    def has_ended(self) -> bool:
        """Whether it has ended for good, deleted or not: no quota counts what it asked for any more."""
        return self.status.get("phase") in ("Failed", "Succeeded")

    @cached_property
    def is_running(self) -> bool:
        """Whether its container runs, as far as its host's kubelet has reported; Ready or not."""
        return "running" in self._state

    @cached_property
    def has_run(self) -> bool:
        """Whether its container runs, or has run before it ended or crashed."""
        ended = "terminated" in self._state or "terminated" in self.container_status.get("lastState", {})
        return self.is_running or ended or bool(self.container_status.get("restartCount"))

    @cached_property
    def scheduled(self) -> Manifest:
        """Its condition PodScheduled, or an empty object."""
        return condition(self.manifest, "PodScheduled")

    @property
    def is_unscheduled(self) -> bool:
        """Whether the scheduler has found no host for it."""
        return self.scheduled.get("status") == "False"

    @cached_property
    def is_placed(self) -> bool:
        """Whether it has a host, or has had its container run."""
        return bool(self.manifest.get("spec", {}).get("nodeName")) or self.has_run

    @cached_property
    def waiting(self) -> str:
        """Why its container waits, in Kubernetes' word; empty where it does not."""
        return str(self._state.get("waiting", {}).get("reason", ""))

    @cached_property
    def image(self) -> str | None:
        """The image of its container, as it was asked for."""
        return self._spec.get("image")

    @cached_property
    def limits(self) -> Mapping[str, str]:
        """The limits of its container, with those that the API server has given it."""
        limits: Mapping[str, str] = (self._spec.get("resources") or {}).get("limits") or {}
        return limits

    @cached_property
    def config_maps(self) -> frozenset[str]:
        """Names of the ConfigMaps that it mounts."""
        return frozenset(list_config_maps(self.manifest))

    @cached_property
    def created(self) -> datetime:
        """When the object was created."""
        return read_creation_time(self.manifest)

    @cached_property
    def flap_end(self) -> datetime | None:
        """Until when, if it was Ready, it may be so again by itself; None where it is Ready, or was not in this life.

        Its container runs, and condition Ready has changed since it started. Where times are missing, that may be now.
        """
        if self.is_terminating or self.is_ready or not self.is_running:
            return None
        since = parse_time(condition(self.manifest, "Ready").get("lastTransitionTime"))
        started = parse_time(self._state["running"].get("startedAt"))
        if since is None or started is None:
            return _LATER_THAN_ALL
        return since + SETTLING if since > started else None

    @cached_property
    def settled(self) -> datetime:
        """When, if it is not Ready, it has been so for so long that it will hardly become Ready by itself."""
        return max(self.flap_end or _EPOCH, self.created + SETTLING)

    @cached_property
    def deletion_end(self) -> datetime:
        """When, if it is being deleted, something else than its own end holds it: its host does not answer."""
        return (parse_time(self.manifest["metadata"].get("deletionTimestamp")) or self.created) + SETTLING

    @cached_property
    def ended(self) -> datetime:
        """When, if it is over, it came to its end, by the last time in its own status."""
        noted: list[object] = [
            self.manifest["metadata"].get("creationTimestamp"),
            self.status.get("startTime"),
            *(entry.get("lastTransitionTime") for entry in self.status.get("conditions") or []),
            *(
                entry.get("state", {}).get("terminated", {}).get("finishedAt")
                for entry in self.status.get("containerStatuses") or []
            ),
        ]
        return max((time for text in noted if (time := parse_time(text)) is not None), default=_EPOCH)

    @cached_property
    def status(self) -> Manifest:
        """Its status, or an empty object."""
        status: Manifest = self.manifest.get("status", {})
        return status

    @cached_property
    def container_status(self) -> Manifest:
        """What its status says of its container, or an empty object."""
        return get_container_status(self.manifest, self.container)

    @cached_property
    def _spec(self) -> Manifest:
        return get_container(self.manifest.get("spec", {}), self.container)

    @cached_property
    def _state(self) -> Manifest:
        state: Manifest = self.container_status.get("state", {})
        return state


def read_creation_time(child: Manifest) -> datetime:
    """When an object was created; long ago where it does not say."""
    return parse_time(child["metadata"].get("creationTimestamp")) or _EPOCH
