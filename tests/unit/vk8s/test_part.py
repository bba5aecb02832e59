"""One planner's part of the answer."""

from hooks.kubernetes.conditions import Blocker
from hooks.vk8s.part import Part


def test_first_blocker_is_the_one_to_report() -> None:
    first, second = Blocker("PKILost", "It is gone."), Blocker("CAExpired", "It has expired.")
    assert Part(blockers=[first, second]).blocker == first
    assert Part().blocker is None
