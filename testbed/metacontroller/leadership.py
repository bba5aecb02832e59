"""Which of several processes works: the one that holds a Lease, by the rules and times of client-go's leader election.

Source: https://github.com/kubernetes/client-go/blob/master/tools/leaderelection/leaderelection.go
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from testbed.metacontroller.errors import NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.rate_limits import Clock
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import Objects

LEASES: Final = Resource("coordination.k8s.io/v1", "leases", "Lease", namespaced=True)
# As controller-runtime sets them.
LEASE_SECONDS, RENEW_SECONDS, RETRY_SECONDS = 15, 10, 2
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class Lease:
    """Where the Lease is, and under which name this process holds it."""

    namespace: str
    name: str
    holder: str


@dataclass
class Leadership:
    """One candidate. What another one has written counts from the moment when it was first seen here."""

    server: Objects
    lease: Lease
    clock: Clock = time.monotonic
    pause: Callable[[float], None] = time.sleep
    _seen: Manifest = field(default_factory=dict)
    _seen_at: float = 0

    def try_hold(self) -> bool:
        """Takes the Lease or renews it; whether this process holds it now."""
        try:
            found = self.server.get(LEASES, self.lease.namespace, self.lease.name)
        except SyncError as error:
            return error.reason == NOT_FOUND and self._try(lambda: self.server.create(LEASES, self._build({}, {})))
        spec = found.get("spec") or {}
        if spec != self._seen:
            self._seen, self._seen_at = spec, self.clock()
        holder = spec.get("holderIdentity")
        if holder and holder != self.lease.holder and self.clock() < self._seen_at + LEASE_SECONDS:
            return False
        return self._try(lambda: self.server.replace(LEASES, self._build(found["metadata"], spec)))

    def wait(self) -> None:
        """Returns once this process holds the Lease."""
        while not self.try_hold():
            self.pause(RETRY_SECONDS)

    def keep(self, lose: Callable[[str], None]) -> None:
        """Renews the Lease from a thread of its own; calls `lose` if that has not worked for too long."""
        threading.Thread(target=self._renew, args=(lose,), name="leader election", daemon=True).start()

    def _renew(self, lose: Callable[[str], None]) -> None:
        renewed = self.clock()
        while self.clock() < renewed + RENEW_SECONDS:
            self.pause(RETRY_SECONDS)
            renewed = self.clock() if self.try_hold() else renewed
        lose("leader election lost")

    def _try(self, write: Callable[[], Manifest]) -> bool:
        try:
            write()
        except SyncError:
            return False
        return True

    def _build(self, metadata: Manifest, spec: Manifest) -> Manifest:
        now, is_held = datetime.now(UTC).strftime(_TIME), spec.get("holderIdentity") == self.lease.holder
        held = {"acquireTime": spec.get("acquireTime", now), "leaseTransitions": spec.get("leaseTransitions", 0)}
        taken = {"acquireTime": now, "leaseTransitions": spec.get("leaseTransitions", 0) + bool(spec)}
        times = {"holderIdentity": self.lease.holder, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now}
        names = {"name": self.lease.name, "namespace": self.lease.namespace}
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {**metadata, **names},
            "spec": {**times, **(held if is_held else taken)},
        }
