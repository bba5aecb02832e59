"""Waiting: how often it is asked, and how it ends."""

import pytest

from testbed.waiting import compute_pause, wait_for


@pytest.mark.parametrize(
    ("elapsed", "pause"), [(0, 0.1), (4, 0.1), (8, 0.2), (20, 0.5), (600, 0.5)], ids=lambda value: f"{value} s"
)
def test_pause_grows_with_the_time_that_was_waited(elapsed: float, pause: float) -> None:
    assert compute_pause(elapsed) == pytest.approx(pause)


def test_first_true_answer_is_returned() -> None:
    answers = iter([None, "", "ready"])
    assert wait_for("it", lambda: next(answers), 5) == "ready"


def test_end_says_what_was_waited_for_and_why_in_vain() -> None:
    with pytest.raises(TimeoutError, match=r"^waited 0 s for the pod\. It is Pending\.$"):
        wait_for("the pod", lambda: None, 0, lambda: "It is Pending.")
