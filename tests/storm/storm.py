"""The soak test: faults for a while, then a recovery with every acknowledged write, and again."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.storm.ledger import Verdict, judge
from tests.storm.recoveries import Recoveries
from tests.storm.strikes import DELETION, Place, Strike, draw
from tests.storm.victims import kill, look_at
from tests.storm.world import CALM_SECONDS, World
from tests.storm.writers import Writer

# From recovery to recovery.
STRIKES = 8
TICK_SECONDS = 0.5
# Of those that are wrong, so many are named.
NAMED = 10


class BrokenError(Exception):
    """What must never happen has happened; the message says what."""


class Storm:
    """A soak test of a world. `story`: each thing that happened, in order; `say` is called with each, too."""

    def __init__(self, world: World, writers: Sequence[Writer], say: Callable[[str], None]) -> None:
        self._world = world
        self._writers = writers
        self._say = say
        self._start = time.monotonic()
        # What is to be started again, and when.
        self._away: dict[str, float] = {}
        self.recoveries = Recoveries([writer.ledger for writer in writers])
        self.story: list[str] = []
        self.calms: list[float] = []
        self.verdicts: dict[str, Verdict] = {}

    def run(self, seed: int, seconds: float) -> None:
        """Injects faults until the time is over, and ends with a recovery. Raises BrokenError, TimeoutError."""
        end = time.monotonic() + seconds
        strikes = draw(seed, self._world.nodes)
        with self._watch():
            while time.monotonic() < end:
                self._rage(islice(strikes, STRIKES), end)
                self._calm()
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

    def _rage(self, strikes: Iterable[Strike], end: float) -> None:
        for strike in strikes:
            due = time.monotonic() + strike.wait
            while time.monotonic() < min(due, end):
                self._mend_what_is_due()
                time.sleep(TICK_SECONDS)
            if time.monotonic() >= end:
                return
            self._strike(strike)

    def _mend_what_is_due(self) -> None:
        now = time.monotonic()
        for program in [program for program, due in self._away.items() if due <= now]:
            self._mend(program)

    def _look(self) -> None:
        machine = look_at(self._world.host.testbed)
        self.recoveries.look(machine.select_victims, time.monotonic())

    def _mend(self, program: str) -> None:
        del self._away[program]
        self._world.mend(program)
        self._tell(f"  {program} of the testbed is started again")

    def _strike(self, strike: Strike) -> None:
        victims = look_at(self._world.host.testbed).select_victims(strike)
        at = time.monotonic()
        if not victims:
            self._tell(f"{strike}: not there at the moment")
            return
        if strike.kind is DELETION:
            self._world.virtual.kubectl.run("delete", "pod", strike.node, "--wait=false", "--ignore-not-found")
        else:
            kill(victims)
        self._tell(str(strike))
        self.recoveries.note(strike, victims, at)
        if strike.kind.place is Place.TESTBED:
            self._away[strike.kind.program] = at + strike.away

    def _calm(self) -> None:
        start = time.monotonic()
        for program in list(self._away):
            self._mend(program)
        self._world.wait_until_well()
        for writer in self._writers:
            self._wait_for_answer(writer, start)
        self.calms.append(time.monotonic() - start)
        self._check()

    def _wait_for_answer(self, writer: Writer, since: float) -> None:
        wait_for(
            f"an answer of {writer.ledger.name}",
            lambda: writer.ledger.find_answer(since) is not None,
            CALM_SECONDS,
            self._describe,
        )

    def _check(self) -> None:
        self.verdicts = {writer.ledger.name: self._judge(writer) for writer in self._writers}
        wrong = {name: verdict for name, verdict in self.verdicts.items() if verdict != Verdict([], [])}
        if wrong:
            raise BrokenError("\n".join(_describe_verdict(name, verdict) for name, verdict in wrong.items()))
        count = sum(len(writer.ledger.acknowledged) for writer in self._writers)
        self._tell(f"recovery: all is back after {self.calms[-1]:.0f} s, with all {count} acknowledged writes")

    def _judge(self, writer: Writer) -> Verdict:
        required = writer.ledger.acknowledged
        # In a list, as that of an empty file is no less an answer.
        (present,) = wait_for(
            f"what {writer.ledger.name} holds",
            lambda: None if (numbers := writer.target.read()) is None else [numbers],
            CALM_SECONDS,
            self._describe,
        )
        return judge(required, present, writer.ledger.begun)

    def _describe(self) -> str:
        inside = self._world.inside
        try:
            return "\n".join([self._world.virtual.describe(), inside.run("get", "pods", "-A", "--output=wide")])
        except KubectlError as error:
            return str(error)

    def _tell(self, what: str) -> None:
        seconds = time.monotonic() - self._start
        line = f"{int(seconds) // 60:3}:{int(seconds) % 60:02}  {what}"
        self.story.append(line)
        self._say(line)


def _describe_verdict(name: str, verdict: Verdict) -> str:
    strange = f"{len(verdict.strange)} never asked for or there twice {list(verdict.strange[:NAMED])}"
    return f"{name}: {len(verdict.lost)} lost {list(verdict.lost[:NAMED])}, {strange}"
