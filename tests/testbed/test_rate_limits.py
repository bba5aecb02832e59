"""The token bucket and the back-off."""

import pytest

from testbed.metacontroller.rate_limits import BackOff, TokenBucket
from tests.testbed.clock import Clock


def test_burst_is_free_and_then_each_one_waits_its_turn() -> None:
    bucket = TokenBucket(rate=5, burst=2, clock=Clock())
    assert [bucket.reserve() for _ in range(4)] == pytest.approx([0, 0, 0.2, 0.4])


def test_tokens_come_back_but_no_more_than_the_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=5, burst=2, clock=clock)
    bucket.reserve()
    clock.now = 100
    assert [bucket.reserve() for _ in range(3)] == pytest.approx([0, 0, 0.2])


def test_missing_token_is_not_taken() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=1, burst=1, clock=clock)
    assert [bucket.take(), bucket.take()] == [True, False]
    clock.now = 1
    assert [bucket.take(), bucket.take()] == [True, False]


def test_back_off_doubles_up_to_a_thousand_seconds() -> None:
    clock = Clock()
    back_off = BackOff(clock)
    delays = []
    for _ in range(25):
        clock.now += 10
        delays.append(back_off.next_delay("a"))
    assert delays[:4] == [0.005, 0.01, 0.02, 0.04]
    assert delays[17] == pytest.approx(655.36)
    assert set(delays[18:]) == {1000.0}


def test_each_key_has_its_own_back_off_and_success_ends_it() -> None:
    back_off = BackOff(Clock())
    assert [back_off.next_delay(key) for key in ("a", "a", "b")] == [0.005, 0.01, 0.005]
    back_off.forget("a")
    assert back_off.next_delay("a") == 0.005


def test_all_keys_together_get_ten_retries_per_second_after_a_hundred() -> None:
    back_off = BackOff(Clock())
    delays = [back_off.next_delay(str(key)) for key in range(102)]
    assert delays[:100] == [0.005] * 100
    assert delays[100:] == pytest.approx([0.1, 0.2])
