"""One log line and one set of metrics for each call of a hook, whatever its outcome."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.server.metrics import HOOKS, Metrics
from hooks.wire import ClusterMetadata, Metadata, SyncResponse

# The status that is logged for a client that disconnected before its call was answered, as nginx does.
CLIENT_GONE: Final = 499
_KEY: Final = "vk8s.call"
_LINE: Final = (
    "%(hook)s %(path)s generation=%(generation)s phase=%(phase)s status=%(status)d milliseconds=%(milliseconds)s"
)

log: Final = logging.getLogger("vk8s.hooks")


@dataclass
class Call:
    """What is known about a call so far. A call that fails is logged with what is known by then."""

    hook: str
    metadata: ClusterMetadata | None = None
    answer: SyncResponse | None = None
    status: int = CLIENT_GONE
    is_recorded: bool = False

    @property
    def phase(self) -> str:
        """The phase in the answer, or `-`."""
        return str(self.answer.status.get("phase", "-")) if self.answer else "-"


def get_call(scope: Scope) -> Call:
    """The call of this request."""
    call: Call = scope[_KEY]
    return call


class CallRecorder:
    """Logs and counts the calls of hooks; other pages pass."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, and records it when it is over."""
        hook = scope.get("path", "").removeprefix("/")
        if hook not in HOOKS:
            await self.app(scope, receive, send)
            return
        call, start = Call(hook), perf_counter()

        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            elif not message.get("more_body", False):
                # Before the last byte is sent: a client that has its answer finds the call in log and metrics.
                self._record(call, perf_counter() - start)
            await send(message)

        await self.app({**scope, _KEY: call}, receive, observe)
        if not call.is_recorded:
            self._record(call, perf_counter() - start)

    def _record(self, call: Call, seconds: float) -> None:
        call.is_recorded = True
        _log(call, seconds)
        self.metrics.record_call(call.hook, call.status, seconds)
        if call.answer:
            self.metrics.count_conditions(call.hook, call.answer.status.get("conditions", []))
            now = datetime.now(UTC)
            self.metrics.count_expiring_ca(call.answer.status, now)
            self.metrics.count_missing_voter(call.answer.status, now)


def _log(call: Call, seconds: float) -> None:
    metadata = call.metadata
    fields = {
        "hook": call.hook,
        "namespace": metadata.namespace if isinstance(metadata, Metadata) else "",
        "name": metadata.name if metadata else "",
        "generation": metadata.generation if metadata else "-",
        "phase": call.phase,
        "status": call.status,
        "milliseconds": round(seconds * 1000, 1),
    }
    log.info(_LINE, {**fields, "path": metadata.path if metadata else "-"})
