"""The soak test: faults for a while, then a recovery with every acknowledged write, and again."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.soak.faults import Fault
from tests.soak.ledger import Verdict, judge
from tests.soak.place import RECOVERY_SECONDS, BrokenError, Workload, World
from tests.soak.recoveries import Recoveries

# From recovery to recovery.
FAULTS = 8
TICK_SECONDS = 0.5
# Of those that are wrong, so many are named.
NAMED = 10


class SoakTest:
    """A soak test of a world. `story`: each thing that happened, in order; `say` is called with each, too."""

    def __init__(self, world: World, writers: Sequence[Workload], say: Callable[[str], None]) -> None:
        self._world = world
        self._writers = writers
        self._say = say
        self._start = time.monotonic()
        # What is to be started again, why, and when.
        self._away: dict[str, tuple[Fault, float]] = {}
        self.recoveries = Recoveries([writer.ledger for writer in writers])
        self.story: list[str] = []
        self.recovery_times: list[float] = []
        self.verdicts: dict[str, Verdict] = {}

    def run(self, seed: int, seconds: float) -> None:
        """Injects faults until the time is over, and ends with a recovery. Raises BrokenError, TimeoutError."""
        end = time.monotonic() + seconds
        faults = self._world.draw(seed)
        with self._watch():
            while time.monotonic() < end:
                self._inject_all(islice(faults, FAULTS), end)
                self._recover()
        self._look()

    @contextmanager
    def _watch(self) -> Iterator[None]:
        """Meanwhile, looks all the time at what has recovered."""
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(TICK_SECONDS):
                self._look()

        thread = threading.Thread(target=watch, name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _inject_all(self, faults: Iterable[Fault], end: float) -> None:
        for fault in faults:
            due = time.monotonic() + fault.wait
            while time.monotonic() < min(due, end):
                self._restart_what_is_due()
                time.sleep(TICK_SECONDS)
            if time.monotonic() >= end:
                return
            self._inject(fault)

    def _restart_what_is_due(self) -> None:
        now = time.monotonic()
        for fault in [fault for fault, due in self._away.values() if due <= now]:
            self._restore(fault)

    def _look(self) -> None:
        self.recoveries.look(self._world.look(), time.monotonic())

    def _restore(self, fault: Fault) -> None:
        self._world.restore(fault)
        del self._away[fault.thing]
        self._report(f"  {fault.thing} is back")

    def _inject(self, fault: Fault) -> None:
        victims = self._world.look()(fault)
        at = time.monotonic()
        if not victims:
            self._report(f"{fault}: not there at the moment")
            return
        if not self._world.strike(fault, victims):
            self._report(f"{fault}: not now")
            return
        self._report(str(fault))
        self.recoveries.note(fault, victims, at)
        if fault.kind.away:
            self._away[fault.thing] = fault, at + fault.away

    def _recover(self) -> None:
        start = time.monotonic()
        for fault, _ in list(self._away.values()):
            self._restore(fault)
        self._world.wait_until_well()
        for writer in self._writers:
            self._wait_for_answer(writer, start)
        self.recovery_times.append(time.monotonic() - start)
        self._check()

    def _wait_for_answer(self, writer: Workload, since: float) -> None:
        wait_for(
            f"an answer of {writer.ledger.name}",
            lambda: writer.ledger.find_answer(since) is not None,
            RECOVERY_SECONDS,
            self._describe,
        )

    def _check(self) -> None:
        self.verdicts = {writer.ledger.name: self._judge(writer) for writer in self._writers}
        wrong = {name: verdict for name, verdict in self.verdicts.items() if verdict != Verdict([], [])}
        if wrong:
            raise BrokenError("\n".join(_describe_verdict(name, verdict) for name, verdict in wrong.items()))
        count = sum(len(writer.ledger.acknowledged) for writer in self._writers)
        self._report(
            f"recovery: all is back after {self.recovery_times[-1]:.0f} s, with all {count} acknowledged writes"
        )

    def _judge(self, writer: Workload) -> Verdict:
        required = writer.ledger.acknowledged
        # In a list, as that of an empty file is no less an answer.
        (present,) = wait_for(
            f"what {writer.ledger.name} holds",
            lambda: None if (numbers := writer.read()) is None else [numbers],
            RECOVERY_SECONDS,
            self._describe,
        )
        return judge(required, present, writer.ledger.begun)

    def _describe(self) -> str:
        inside = self._world.inside
        try:
            return "\n".join([self._world.virtual.describe(), inside.run("get", "pods", "-A", "--output=wide")])
        except KubectlError as error:
            return str(error)

    def _report(self, what: str) -> None:
        seconds = time.monotonic() - self._start
        line = f"{int(seconds) // 60:3}:{int(seconds) % 60:02}  {what}"
        self.story.append(line)
        self._say(line)


def _describe_verdict(name: str, verdict: Verdict) -> str:
    strange = f"{len(verdict.strange)} never asked for or there twice {list(verdict.strange[:NAMED])}"
    return f"{name}: {len(verdict.lost)} lost {list(verdict.lost[:NAMED])}, {strange}"
