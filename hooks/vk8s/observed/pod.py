"""The facts that are read from an observed pod: whether it runs, has run, has ended, or was Ready a moment ago."""

import re
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

# For this long after a pod has changed, nothing is concluded from its not being Ready. When the kubelet of a host
# restarts, all its pods are NotReady until they have been probed again, while their containers keep running
# (https://github.com/kubernetes/kubernetes/issues/100277).
SETTLING: Final = timedelta(seconds=60)
# A kubelet that rejects a pod rejects the next one at once as well.
FAILED_PATIENCE: Final = timedelta(seconds=30)
# In the words of a scheduler of Kubernetes 1.33 and newer, and of older ones.
_VOLUME_CONFLICT: Final = re.compile("PersistentVolume's node affinity|volume node affinity conflict")
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_LATER_THAN_ALL: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)


@dataclass(frozen=True)
class Pod:
    """An observed pod. Each fact is read once. `container`: the name of our container."""

    manifest: Manifest
    container: str = NODE_CONTAINER

    @cached_property
    def is_terminating(self) -> bool:
        """Whether it is being deleted."""
        return is_terminating(self.manifest)

    @cached_property
    def is_ready(self) -> bool:
        """Whether it is Ready and not being deleted: then its Node is Ready."""
        return is_ready(self.manifest)

    @cached_property
    def ready_since(self) -> datetime | None:
        """Since when it has been Ready; None if it is not."""
        changed = condition(self.manifest, "Ready").get("lastTransitionTime")
        return parse_time(changed) or self.created if self.is_ready else None

    @cached_property
    def is_over(self) -> bool:
        """Whether it has ended and is not being deleted: Failed, or Succeeded, which depends on its exit code alone.

        A node pod is not meant to end, and neither is an access pod: the host's kubelet ended it (an eviction, a
        shutdown of the host), or refused to start it.
        """
        return self.has_ended and not self.is_terminating

    def is_over_for_long(self, now: datetime) -> bool:
        """Whether it has been over for so long that another one may take its place."""
        return self.is_over and self.ended + FAILED_PATIENCE <= now

    @property
    def has_ended(self) -> bool:
        """Whether it has ended for good, deleted or not, so that quotas no longer count it."""
        return self.status.get("phase") in ("Failed", "Succeeded")

    @cached_property
    def is_running(self) -> bool:
        """Whether its container runs, Ready or not, according to its host's kubelet."""
        return "running" in self._state

    @cached_property
    def has_run(self) -> bool:
        """Whether its container runs, or ran before it ended or crashed."""
        return self.is_running or "terminated" in self._state or self.has_crashed

    @cached_property
    def has_crashed(self) -> bool:
        """Whether its container has ended and been started again, or will be."""
        return bool(self.container_status.get("restartCount") or self._last)

    @property
    def last_words(self) -> str:
        """The message with which its container ended before it was started again; a boot that gives up writes one."""
        return str(self._last.get("message") or "").strip()

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
        """Kubernetes' reason why its container waits; empty if it does not wait."""
        return str(self._state.get("waiting", {}).get("reason", ""))

    @cached_property
    def image(self) -> str | None:
        """The image of its container, as in its spec."""
        return self._spec.get("image")

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The variables of its container that have a value in the spec."""
        return {each["name"]: each["value"] for each in self._spec.get("env") or () if "value" in each}

    @cached_property
    def limits(self) -> Mapping[str, str]:
        """The limits of its container, including defaults that the API server has added."""
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
        """Until when it may become Ready again by itself; None if it is Ready, or its container has not been Ready.

        Its container runs, and condition Ready has changed since it started. If a time is missing, that may be just
        now.
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
        """When a pod that is not Ready has been so for so long that it will hardly become Ready by itself."""
        return max(self.flap_end or _EPOCH, self.created + SETTLING)

    @cached_property
    def host(self) -> str:
        """Name of its host; empty while it has none."""
        return str(self.manifest.get("spec", {}).get("nodeName", ""))

    @cached_property
    def silent_since(self) -> datetime | None:
        """Since when its host has not answered; None if it answers, as far as this pod shows.

        A kubelet derives Ready from ContainersReady, and adds a reason if a readiness gate is what keeps it False. If
        only Ready is False, the host cluster has set it, because the kubelet no longer reports anything
        (MarkPodsNotReady in Kubernetes' pkg/controller/util/node/controller_utils.go).
        """
        ready, containers = condition(self.manifest, "Ready"), condition(self.manifest, "ContainersReady")
        statuses = (ready.get("status"), containers.get("status"))
        if not self.host or statuses != ("False", "True") or ready.get("reason"):
            return None
        return parse_time(ready.get("lastTransitionTime")) or self.created

    @cached_property
    def is_bound_elsewhere(self) -> bool:
        """Whether the scheduler says that its volume is on a host that takes no pods now."""
        return self.is_unscheduled and _VOLUME_CONFLICT.search(str(self.scheduled.get("message", ""))) is not None

    @cached_property
    def deletion_end(self) -> datetime:
        """From when on a pod that is being deleted counts as held by something else, such as a host that is down."""
        return (parse_time(self.manifest["metadata"].get("deletionTimestamp")) or self.created) + SETTLING

    @cached_property
    def ended(self) -> datetime:
        """When a pod that is over ended, according to the last time in its own status."""
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
        """The status of its container, or an empty object."""
        return get_container_status(self.manifest, self.container)

    @cached_property
    def _spec(self) -> Manifest:
        return get_container(self.manifest.get("spec", {}), self.container)

    @cached_property
    def _last(self) -> Manifest:
        last: Manifest = self.container_status.get("lastState", {}).get("terminated", {})
        return last

    @cached_property
    def _state(self) -> Manifest:
        state: Manifest = self.container_status.get("state", {})
        return state


def read_creation_time(child: Manifest) -> datetime:
    """When an object was created; 1970 if it does not say."""
    return parse_time(child["metadata"].get("creationTimestamp")) or _EPOCH
