"""The queue of parents."""

import threading

from testbed.metacontroller.work_queue import WorkQueue
from tests.testbed.clock import Clock


def drain(queue: WorkQueue) -> list[str]:
    """Everything that is due, each worked on to its end."""
    found = []
    while (key := queue.poll()) is not None:
        queue.done(key)
        found.append(key)
    return found


def test_key_is_in_it_once() -> None:
    queue = WorkQueue(Clock())
    for key in "aba":
        queue.add(key)
    assert drain(queue) == ["a", "b"]


def test_key_that_is_worked_on_returns_when_that_is_done() -> None:
    queue = WorkQueue(Clock())
    queue.add("a")
    assert queue.poll() == "a"
    queue.add("a")
    assert queue.poll() is None
    queue.done("a")
    assert drain(queue) == ["a"]


def test_delayed_key_waits() -> None:
    clock = Clock()
    queue = WorkQueue(clock)
    queue.add_after("a", 5)
    assert drain(queue) == []
    clock.now = 5
    assert drain(queue) == ["a"]


def test_earliest_of_several_times_counts_once() -> None:
    clock = Clock()
    queue = WorkQueue(clock)
    for delay in (5, 2, 9):
        queue.add_after("a", delay)
    clock.now = 2
    assert drain(queue) == ["a"]
    clock.now = 100
    assert drain(queue) == []


def test_no_delay_is_at_once() -> None:
    queue = WorkQueue(Clock())
    queue.add_after("a", 0)
    queue.add_after("b", -1)
    assert drain(queue) == ["a", "b"]


def test_change_does_not_wait_for_the_back_off() -> None:
    clock = Clock()
    queue = WorkQueue(clock)
    for _ in range(12):
        queue.add_rate_limited("a")
    queue.add("a")
    assert drain(queue) == ["a"]


def test_back_off_grows_until_it_is_forgotten() -> None:
    clock = Clock()
    queue = WorkQueue(clock)
    queue.add_rate_limited("a")
    clock.now = 0.005
    assert drain(queue) == ["a"]
    queue.add_rate_limited("a")
    clock.now = 0.014
    assert drain(queue) == []
    clock.now = 0.016
    assert drain(queue) == ["a"]
    queue.forget("a")
    queue.add_rate_limited("a")
    clock.now = 0.022
    assert drain(queue) == ["a"]


def test_workers_wait_for_keys_and_go_home_when_it_is_closed() -> None:
    queue, got = WorkQueue(), []

    def work() -> None:
        while (key := queue.get()) is not None:
            got.append(key)
            queue.done(key)
            if len(got) == 2:
                queue.close()

    worker = threading.Thread(target=work)
    worker.start()
    queue.add("a")
    queue.add_after("b", 0.01)
    worker.join(5)
    assert got == ["a", "b"]
