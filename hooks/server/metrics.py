"""The metrics of one hooks process, for Prometheus. No label has the name of an object.

A process sees only the calls that happen to reach it, and remembers none of them: so there are counters of events, and
no gauges of objects or their states.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from hooks import VERSION
from hooks.kubernetes.conditions import parse_history, parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.server.certificate import Certificate
from hooks.server.files import WatchedFiles
from hooks.server.reasons import OTHER, REASONS
from hooks.vk8s.plan.keys import CA_WARNING
from hooks.vk8s.status.nodes import CONTROL_PLANE_READY

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
# Path of each hook, and the kind of its parent.
HOOKS: Final = {
    f"{group}/{hook}": kind
    for group, kind in {"vk8s": "Vk8s", "ippool": "IPPool"}.items()
    for hook in ("sync", "finalize", "customize")
}
# Longer than a node takes to boot again, and than a host to restart.
VOTER_PATIENCE: Final = timedelta(minutes=15)
OUTCOMES: Final = ("answered", "refused", "failed")
# A call takes 1 to 20 ms, the pool of a busy host cluster a tenth of a second; Metacontroller gives up after 10 s.
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """A registry of its own, so that two applications in one process have nothing in common."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        info = Gauge("vk8s_hook_build_info", "Version of the hooks.", ["version"], registry=self.registry)
        info.labels(VERSION).set(1)
        durations = Histogram(
            "vk8s_hook_duration_seconds",
            "Time from the first byte of an answered call to the last byte of its answer.",
            ["hook"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        calls = Counter("vk8s_hook_calls", "Calls, by outcome.", ["hook", "outcome"], registry=self.registry)
        # All of them from the start: a counter that appears with its first event hides that event from rate().
        self._durations = {hook: durations.labels(hook) for hook in HOOKS}
        self._calls = {(hook, outcome): calls.labels(hook, outcome) for hook in HOOKS for outcome in OUTCOMES}
        self._conditions = Counter(
            "vk8s_hook_false_conditions",
            "Answers whose status has a condition that is False, by kind of the object, condition and reason.",
            ["kind", "type", "reason"],
            registry=self.registry,
        )
        self._expiring = Counter(
            "vk8s_hook_expiring_cas",
            f"Answers whose status has a CA that expires within {CA_WARNING.days} days, or has expired.",
            registry=self.registry,
        )
        self._missing_voters = Counter(
            "vk8s_hook_missing_voters",
            "Answers whose status has several control-plane nodes, which have not all been voters for "
            f"{VOTER_PATIENCE.seconds // 60} minutes.",
            registry=self.registry,
        )
        self._rejected = Gauge(
            "vk8s_hook_file_rejected",
            "1 while a file that the hooks read again can't be used, so that its previous content stays in use.",
            ["file"],
            registry=self.registry,
        )

    def watch_certificate(self, certificate: WatchedFiles[Certificate]) -> None:
        """Adds the metric of when the serving certificate expires."""
        expiry = Gauge(
            "vk8s_hook_certificate_expiry_timestamp_seconds",
            "When the serving certificate of the hooks expires.",
            registry=self.registry,
        )

        def read_expiry() -> float:
            return certificate.current().expiry.timestamp()

        expiry.set_function(read_expiry)
        self.watch_file("certificate", certificate)

    def watch_file(self, name: str, file: WatchedFiles[object]) -> None:
        """Adds the metric of whether the file can be used."""
        self._rejected.labels(name).set_function(file.is_rejected)

    def record_call(self, hook: str, status: int, seconds: float) -> None:
        """Counts a call of a hook, and observes its duration if it was answered."""
        outcome = _name_outcome(status)
        self._calls[hook, outcome].inc()
        if outcome == "answered":
            self._durations[hook].observe(seconds)

    def count_conditions(self, hook: str, conditions: Iterable[Manifest]) -> None:
        """Counts the conditions that are False in an answer of the hook."""
        for condition in conditions:
            if condition["status"] == "False":
                reason = condition["reason"] if condition["reason"] in REASONS else OTHER
                self._conditions.labels(HOOKS[hook], condition["type"], reason).inc()

    def count_expiring_ca(self, status: Manifest, now: datetime) -> None:
        """Counts an answer whose status has a CA that expires soon, or has expired."""
        end = parse_time(status.get("certificatesExpire", {}).get("ca"))
        if end and end - CA_WARNING <= now:
            self._expiring.inc()

    def count_missing_voter(self, status: Manifest, now: datetime) -> None:
        """Counts an answer whose status has several control-plane nodes, which have not all been voters for long."""
        if "controlPlane" not in status or status["phase"] == "Paused":
            return
        since = parse_history(status).since(CONTROL_PLANE_READY, status=False)
        if since and since + VOTER_PATIENCE <= now:
            self._missing_voters.inc()

    def render(self) -> bytes:
        """All metrics as text."""
        return generate_latest(self.registry)


def _name_outcome(status: int) -> str:
    if status == HTTPStatus.OK:
        return "answered"
    # A call that is rejected because there is no room for its body is not a failed decision.
    is_failure = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE
    return "failed" if is_failure else "refused"
