"""The customize hook: asked which objects a parent is to be shown, and not asked again for a while."""

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from testbed.metacontroller.controllers import Composite
from testbed.metacontroller.hook_request import build_customize_request
from testbed.metacontroller.objects import Manifest, metadata, text
from testbed.metacontroller.rate_limits import Clock
from testbed.metacontroller.rules import RelatedRule

_REMEMBERED_SECONDS: Final = 20 * 60.0

# A null among them is for those who come to it.
Rules = tuple[RelatedRule | None, ...]
# A question in, the rules of the answer out. Raises SyncError and TooManyRequestsError.
AskRules = Callable[[Manifest], Rules]


class _Answer(NamedTuple):
    rules: Rules
    at: float


class Customize:
    """Remembers answers by uid and generation of the parent, for 20 minutes. Failures are not remembered."""

    def __init__(self, composite: Composite, ask: AskRules, clock: Clock = time.monotonic) -> None:
        self._composite, self._ask, self._clock = composite, ask, clock
        self._answers: dict[tuple[str, int], _Answer] = {}
        self._lock = threading.Lock()

    def rules(self, parent: Manifest) -> Rules:
        """The rules for a parent, none where there is no such hook. Raises SyncError and TooManyRequestsError.

        Two who ask at the same time both call the hook.
        """
        if self._composite.spec.hooks.customize is None:
            return ()
        question = text(parent, "uid"), int(metadata(parent).get("generation") or 0)
        with self._lock:
            remembered = self._answers.get(question)
        if remembered is not None and self._is_fresh(remembered):
            return remembered.rules
        rules = self._ask(build_customize_request(self._composite.document, parent))
        with self._lock:
            fresh = {key: answer for key, answer in self._answers.items() if self._is_fresh(answer)}
            self._answers = {**fresh, question: _Answer(rules, self._clock())}
        return rules

    def _is_fresh(self, answer: _Answer) -> bool:
        return self._clock() - answer.at < _REMEMBERED_SECONDS
