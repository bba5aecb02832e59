"""The simulation can fail: it finds hooks with a fault, and reduces the history that shows it to a few events."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Final

import pytest

from tests.chaos.history import History, make_history, play, shrink, tell
from tests.chaos.judge import ADDRESS_TWICE, ALIVE, DATA, LEFT_OUT, LOST, PODS_FIRST, SECOND_CA, TWO_DOWN
from tests.chaos.member_mutants import FoundsAgain, GivesUpForOwners, LetsDrainsTakeAll, RollsTwoMembers
from tests.chaos.members import FOUNDED, KEPT
from tests.chaos.mutants import (
    GivesOneAddress,
    GivesUp,
    HurriesToEnd,
    LosesClaims,
    MakesAnotherAuthority,
    MixesAuthorities,
    RollsTwo,
    TellsTheTime,
    WritesForEver,
)
from tests.chaos.quorums import QUORUM
from tests.chaos.rest import CONVERGES
from tests.chaos.state_mutants import (
    BelievesMarks,
    FinalizesTheLiving,
    KeepsTheDead,
    LetsGoOfVolumes,
    MakesAnotherVolume,
    TakesAllThatFlap,
    TakesWorkersFirst,
)
from tests.chaos.witness import SHOWN
from tests.simulation.hooks import Hooks, ViolationError

MOST_HISTORIES = 400
MOST_EVENTS = 8
# The first history that shows a fault which few show: it is tried before all others, which takes less time.
RARE: Final[Mapping[type[Hooks], int]] = {
    MakesAnotherVolume: 34,
    KeepsTheDead: 37,
    LetsDrainsTakeAll: 25,
    FoundsAgain: 20,
    GivesUpForOwners: 23,
}


@pytest.mark.parametrize(
    ("mutant", "invariants"),
    [
        pytest.param(LosesClaims, {LEFT_OUT, DATA}, id="the claim of a node that is not Ready is forgotten"),
        pytest.param(MakesAnotherAuthority, {SECOND_CA}, id="a lost PKI is recreated"),
        pytest.param(MixesAuthorities, {SECOND_CA}, id="nodes join with another CA than that of the PKI"),
        pytest.param(RollsTwo, {TWO_DOWN, LEFT_OUT}, id="two nodes are taken down at once"),
        pytest.param(TellsTheTime, {CONVERGES}, id="the status contains the time"),
        pytest.param(WritesForEver, {CONVERGES}, id="a child is written at each call"),
        pytest.param(GivesUp, {CONVERGES}, id="a node is never created"),
        pytest.param(HurriesToEnd, {PODS_FIRST}, id="claims go before the pods that use them"),
        pytest.param(GivesOneAddress, {ADDRESS_TWICE}, id="all nodes get one address"),
        pytest.param(LetsGoOfVolumes, {LOST, LEFT_OUT}, id="a node goes whose claim is being deleted"),
        pytest.param(MakesAnotherVolume, {SHOWN}, id="a lost claim is replaced by another"),
        pytest.param(TakesAllThatFlap, {LEFT_OUT, TWO_DOWN}, id="all nodes of a host are taken down when they flap"),
        pytest.param(KeepsTheDead, {CONVERGES}, id="pods that have ended stay"),
        pytest.param(FinalizesTheLiving, {ALIVE}, id="a parent that nobody has deleted is finalized"),
        pytest.param(TakesWorkersFirst, {LEFT_OUT}, id="a worker is replaced before the control plane"),
        pytest.param(
            BelievesMarks, {LEFT_OUT, DATA, LOST}, id="a control-plane node is removed because somebody has marked it"
        ),
    ],
)
def test_fault_is_found_and_shown_in_few_events(mutant: type[Hooks], invariants: set[str]) -> None:
    check_is_found(mutant, invariants, make_history)


@pytest.mark.parametrize(
    ("mutant", "invariants"),
    [
        pytest.param(
            RollsTwoMembers, {QUORUM, LEFT_OUT, TWO_DOWN}, id="two control-plane nodes are taken down at once"
        ),
        pytest.param(LetsDrainsTakeAll, {QUORUM}, id="a drain takes two of three control-plane nodes"),
        pytest.param(FoundsAgain, {FOUNDED}, id="a node whose volume is gone initializes the cluster again"),
        pytest.param(GivesUpForOwners, {KEPT}, id="what is lost counts as given up"),
    ],
)
def test_fault_of_members_is_found(mutant: type[Hooks], invariants: set[str]) -> None:
    check_is_found(mutant, invariants, partial(make_history, has_members=True))


def check_is_found(mutant: type[Hooks], invariants: set[str], make: Callable[[int], History]) -> None:
    """Fails unless one of 400 histories breaks one of the invariants, and a few of its events do so, too."""
    seeds = dict.fromkeys([RARE.get(mutant, 0), *range(MOST_HISTORIES)])
    found = ((history, play(history, mutant).violation) for history in map(make, seeds))
    # What it breaks first may be another one.
    history, violation = next((each, broken) for each, broken in found if broken and broken.invariant in invariants)
    small = shrink(history, violation.invariant, mutant)
    outcome = play(small, mutant)
    assert isinstance(outcome.violation, ViolationError)
    assert outcome.violation.invariant == violation.invariant
    assert len(small.events) <= MOST_EVENTS, tell(outcome, small)
    story = tell(outcome, small)
    assert "   1. Vk8s" in story
    assert story.splitlines()[-1] == f"Broken: {outcome.violation}"
    assert [line.split(".")[0].strip() for line in story.splitlines()[1:-1]] == [
        str(number) for number, _ in zip(count(1), outcome.story, strict=False)
    ]


def test_a_history_is_the_same_each_time() -> None:
    assert make_history(7) == make_history(7) != make_history(8)
    first, second = (play(make_history(7)) for _ in range(2))
    assert first == second
