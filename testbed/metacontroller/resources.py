"""Kinds as the API server serves them, and how they are found: discovery that is renewed only now and then."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.rate_limits import Clock


@dataclass(frozen=True)
class Resource:
    """One kind in one version."""

    api_version: str
    plural: str
    kind: str
    namespaced: bool
    has_status: bool = False

    @property
    def group(self) -> str:
        """The API group, empty for core."""
        return self.api_version.rpartition("/")[0]

    @property
    def group_key(self) -> str:
        """The key of this kind's group in a request: `Pod.v1`, `StatefulSet.apps/v1`."""
        return f"{self.kind}.{self.api_version}"

    def path(self, namespace: str, name: str = "", subresource: str = "") -> str:
        """The URL path of an object or a collection. Kinds without namespaces ignore the namespace."""
        root = "apis" if "/" in self.api_version else "api"
        scope = ["namespaces", namespace] if self.namespaced and namespace else []
        parts = [root, self.api_version, *scope, self.plural, name, subresource]
        return "/" + "/".join(part for part in parts if part)


class Discovery:
    """Finds kinds, as they were at most `interval` seconds ago: CRDs that come and go are seen late."""

    def __init__(self, fetch: Callable[[str], list[Manifest]], interval: float, clock: Clock = time.monotonic) -> None:
        self._fetch, self._interval, self._clock = fetch, interval, clock
        self._known: dict[str, tuple[float, list[Resource]]] = {}
        self._lock = threading.Lock()

    def by_plural(self, api_version: str, plural: str) -> Resource:
        """The kind of a resource such as `pods`. Raises SyncError."""
        found = self._find(api_version, lambda resource: resource.plural == plural)
        if found is None:
            raise SyncError(f"discovery: can't find resource {plural} in apiVersion {api_version}")
        return found

    def by_kind(self, api_version: str, kind: str) -> Resource:
        """The resource of a kind such as `Pod`. Raises SyncError."""
        found = self._find(api_version, lambda resource: resource.kind == kind)
        if found is None:
            raise SyncError(f"discovery: can't find kind {kind} in apiVersion {api_version}")
        return found

    def _find(self, api_version: str, is_wanted: Callable[[Resource], bool]) -> Resource | None:
        with self._lock:
            fetched_at, known = self._known.get(api_version, (float("-inf"), []))
            if self._clock() - fetched_at >= self._interval:
                known = self._renew(api_version, known)
                self._known[api_version] = (self._clock(), known)
            return next(filter(is_wanted, known), None)

    def _renew(self, api_version: str, known: list[Resource]) -> list[Resource]:
        try:
            return _resources(api_version, self._fetch(api_version))
        except SyncError:
            if not known:
                raise
            return known


def _resources(api_version: str, served: list[Manifest]) -> list[Resource]:
    names = {each["name"] for each in served}
    return [
        Resource(
            api_version, each["name"], each["kind"], each["namespaced"], has_status=f"{each['name']}/status" in names
        )
        for each in served
        if "/" not in each["name"]
    ]
