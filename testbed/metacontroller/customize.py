"""The customize hook: asked as the original asks it, but an answer that wants related objects is refused."""

import threading
import time
from typing import Final

from testbed.metacontroller.answers import decode_customize
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.hook_request import build_customize_request
from testbed.metacontroller.objects import Manifest, metadata, text
from testbed.metacontroller.rate_limits import Clock
from testbed.metacontroller.webhook import Hooks

_REMEMBERED_SECONDS: Final = 20 * 60.0


class Customize:
    """Remembers by uid and generation of the parent, for 20 minutes, that it was asked. Failures are not remembered."""

    def __init__(self, hooks: Hooks, controller: Manifest, clock: Clock = time.monotonic) -> None:
        self._hooks, self._controller, self._clock = hooks, controller, clock
        self._answered: dict[tuple[str, int], float] = {}
        self._lock = threading.Lock()

    def check(self, parent: Manifest) -> None:
        """Nothing, where the hook wants no related objects. Raises SyncError, TooManyRequestsError, CrashError."""
        question = text(parent, "uid"), int(metadata(parent).get("generation") or 0)
        now = self._clock()
        with self._lock:
            if now - self._answered.get(question, float("-inf")) < _REMEMBERED_SECONDS:
                return
        if decode_customize(self._hooks("customize", build_customize_request(self._controller, parent))):
            raise SyncError("the customize hook wants related objects, which the stand-in does not implement")
        with self._lock:
            fresh = {key: at for key, at in self._answered.items() if now - at < _REMEMBERED_SECONDS}
            self._answered = {**fresh, question: now}
