"""Limits of how long something may take, on machines whose speed wanders."""

from collections.abc import Callable

from tests.figures import record

# Until a test gives up waiting; what is promised is less.
RECOVERY_SECONDS = 90
TRIES = 3


def check_time(figure: str, limit: float, measure: Callable[[], float]) -> None:
    """Records the best of a few tries, in seconds; AssertionError where none is within the limit.

    What keeps a machine busy for a while makes one try slow, or two. No try beyond the first that is within it.
    """
    taken: list[float] = []
    while len(taken) < TRIES and (not taken or min(taken) > limit):
        taken.append(measure())
    record(figure, min(taken))
    assert min(taken) <= limit, f"{figure}: {taken} s, and {limit} are allowed; on a busy machine, run it alone"
