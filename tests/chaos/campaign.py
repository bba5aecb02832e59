"""Many histories, one after the other: how many, how they ended, and the story of the first that ended badly."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import process_time

from tests.chaos.history import make_history, play, shrink, tell
from tests.chaos.judge import LOSSES
from tests.simulation.hooks import Hooks


@dataclass(frozen=True)
class Tally:
    """What many histories came to.

    `losses`: violations that cost data, or hid that; `seconds`: of the processor; `story`: that of the first violation.
    """

    histories: int = 0
    calls: int = 0
    violations: int = 0
    losses: int = 0
    seconds: float = 0
    story: str = ""

    def __str__(self) -> str:
        rate = self.calls / self.seconds if self.seconds else 0
        return (
            f"{self.histories} histories, {self.calls} calls of hooks in {self.seconds:.0f} s of one processor "
            f"({rate:.0f} calls/s), {self.violations} violations, {self.losses} of them losses of data"
        )


def run(seeds: Iterable[int], make_hooks: Callable[[], Hooks] = Hooks) -> Iterator[Tally]:
    """The tally after each history."""
    tally, start = Tally(), process_time()
    for seed in seeds:
        history = make_history(seed)
        outcome = play(history, make_hooks)
        violation, story = outcome.violation, tally.story
        if violation and not story:
            small = shrink(history, violation.invariant, make_hooks)
            story = tell(play(small, make_hooks), small)
        tally = replace(
            tally,
            histories=tally.histories + 1,
            calls=tally.calls + outcome.calls,
            violations=tally.violations + bool(violation),
            losses=tally.losses + (violation is not None and violation.invariant in LOSSES),
            seconds=process_time() - start,
            story=story,
        )
        yield tally
