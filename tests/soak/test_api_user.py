"""A program elsewhere that writes: what is known of its writes while it runs, and in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.waiting import wait_for
from tests.nested.api_writer import ApiWriter, Request
from tests.nested.place import Place
from tests.soak.api_user import ApiUser, ReportedWrites

SECONDS = 10
# Like images/binaries/api-writer; the second write is refused.
PROGRAM = """number=0
trap 'echo "{\\"requests\\": $number, \\"seconds\\": 1.5}"; exit' TERM
while :; do
  error=''
  [[ $number != 1 ]] || error=', "error": "refused"'
  echo "{\\"number\\": $number, \\"begun\\": 0.1, \\"ended\\": 0.2$error}"
  number=$((number + 1))
  sleep 0.05
done"""


class Clock:
    """Shows the time that it is set to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writes(clock: Clock) -> ReportedWrites:
    writes = ReportedWrites("any", clock)
    writes.note([Request(0, 0.1, 0.2), Request(2, 0.3, 3.0), Request(1, 0.2, 3.5, "refused")])
    return writes


def test_write_with_an_error_is_not_acknowledged(writes: ReportedWrites) -> None:
    assert writes.acknowledged == {0, 2}


def test_writes_that_may_be_under_way_count_until_the_end(writes: ReportedWrites, clock: Clock) -> None:
    clock.now += 5
    assert writes.begun == 51
    writes.close()
    assert writes.begun == 3


def test_answer_after_a_time_is_that_to_a_write_begun_after_it(writes: ReportedWrites) -> None:
    assert writes.find_answer(since=100.15) == 103
    assert writes.find_answer(since=100) == pytest.approx(100.2)
    assert writes.find_answer(since=101) is None


def test_longest_outage_ends_with_an_answer_or_the_end(writes: ReportedWrites, clock: Clock) -> None:
    clock.now += 5
    assert writes.compute_longest_gap() == pytest.approx(2.8)
    clock.now += 1
    writes.close()
    clock.now += 10
    assert writes.compute_longest_gap() == pytest.approx(3.0)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[ApiUser]:
    user = ApiUser("any", ApiWriter(Place(), ["bash", "-c", PROGRAM], tmp_path / "log"), lambda: [0, 2])
    user.start()
    yield user
    user.stop()


def test_writes_are_known_while_the_program_runs_and_in_the_end(user: ApiUser) -> None:
    wait_for("answers", lambda: user.ledger.acknowledged >= {0, 2}, SECONDS)
    user.stop()
    assert user.ledger.acknowledged == frozenset(range(user.ledger.begun)) - {1}
    assert user.read() == [0, 2]
