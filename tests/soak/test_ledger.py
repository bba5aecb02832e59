"""The bookkeeping: what must be there, what may be there, and what a report makes of it."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.soak.faults import KINDS, Fault
from tests.soak.ledger import Ledger, Verdict, judge
from tests.soak.recoveries import Figure, Recoveries
from tests.soak.report import Report, Written

ALL_IS_WELL = Verdict([], [])


def ticking(*times: float) -> Callable[[], float]:
    """A clock that shows these times, one at each look."""
    left: Iterator[float] = iter(times)
    return lambda: next(left)


@pytest.mark.parametrize(
    ("acknowledged", "present", "verdict"),
    [
        pytest.param({0, 1, 2}, [0, 1, 2], ALL_IS_WELL, id="all is there"),
        pytest.param({0, 2}, [0], Verdict([2], []), id="an acknowledged write is missing"),
        pytest.param({0, 1}, [], Verdict([0, 1], []), id="the volume is empty"),
        pytest.param({0}, [0], ALL_IS_WELL, id="a write without an answer is not required"),
        pytest.param({0}, [0, 2], ALL_IS_WELL, id="a write without an answer is not forbidden"),
        pytest.param({1}, [1, 1], Verdict([], [1]), id="one is there twice"),
        pytest.param({1}, [1, 3], Verdict([], [3]), id="one is there that nobody has written"),
    ],
)
def test_stored_rows_are_judged_by_acknowledged_writes(
    acknowledged: set[int], present: list[int], verdict: Verdict
) -> None:
    assert judge(frozenset(acknowledged), present, begun=3) == verdict


def test_ledger_knows_what_has_an_answer() -> None:
    ledger = Ledger("any")
    numbers = [ledger.begin() for _ in range(3)]
    ledger.acknowledge(numbers[1])
    assert numbers == [0, 1, 2]
    assert ledger.begun == 3
    assert ledger.acknowledged == {1}


def test_longest_outage_counts_from_the_beginning_and_to_now() -> None:
    answered = Ledger("any", ticking(0, 1, 4, 5, 6, 8))
    for _ in range(2):
        answered.acknowledge(answered.begin())
    assert answered.compute_longest_gap() == 4
    assert Ledger("any", ticking(0, 7)).compute_longest_gap() == 7


def test_answer_after_a_time_is_that_to_a_write_that_was_begun_after_it() -> None:
    ledger = Ledger("any", ticking(0, 1, 2, 3, 4, 5))
    first, second = ledger.begin(), ledger.begin()
    ledger.acknowledge(first)
    assert ledger.find_answer(since=1.5) is None
    ledger.acknowledge(second)
    assert ledger.find_answer(since=1.5) == 4
    assert ledger.find_answer(since=1) == 3


def test_recovery_lasts_until_every_workload_answers_again() -> None:
    clocks = (ticking(0, 3, 4, 11, 12), ticking(0, 13, 15))
    first, second = (Ledger("any", clock) for clock in clocks)
    recoveries = Recoveries([first, second])
    fault = Fault(KINDS[0], "master", 1, 1)
    recoveries.note(fault, frozenset({7}), at=2)
    first.acknowledge(first.begin())
    recoveries.look(lambda _: frozenset({7}), now=5)  # still there: it takes its time to end
    recoveries.look(lambda _: frozenset(), now=6)
    recoveries.look(lambda _: frozenset({8}), now=10)
    first.acknowledge(first.begin())
    recoveries.look(lambda _: frozenset({8}), now=12)
    assert recoveries.count() == {fault.kind.name: 1}
    assert recoveries.summarise() == {}
    second.acknowledge(second.begin())
    recoveries.look(lambda _: frozenset({8}), now=16)
    assert recoveries.summarise() == {fault.kind.name: Figure(1, 13, 13)}


REPORT = Report(
    seed=7,
    minutes=30,
    kills={"etcd killed": 2, "hooks killed": 1},
    recoveries={"etcd killed": Figure(2, 3.04, 5.25)},
    workloads={"writes to the API": Written(100, 3, 1, 12.345)},
    recovery_times=[4.0, 60.0],
)


def test_report_can_be_read() -> None:
    assert str(REPORT).splitlines() == [
        "failure       times  recovered  p50 s  max s",
        "etcd killed       2          2    3.0    5.2",
        "hooks killed      1          0      -      -",
        "",
        "workload           acknowledged  no answer  lost  longest s without",
        "writes to the API           100          3     1               12.3",
        "",
        "2 recoveries; everything was back after 32 s (median), 60 s at most.",
    ]


def test_report_is_json_too() -> None:
    written = json.loads(json.dumps(REPORT.to_json()))
    assert written["workloads"] == {
        "writes to the API": {"acknowledged": 100, "unanswered": 3, "lost": 1, "longest_gap": 12.3}
    }
    assert written["recoveries"]["etcd killed"] == {"count": 2, "p50": 3.0, "longest": 5.2}
