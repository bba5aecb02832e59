"""The customize hook: when it is asked, and that related objects are refused."""

import pytest

from testbed.metacontroller.customize import Customize
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest
from tests.testbed.bench import Bench, build_demo_composite
from tests.testbed.clock import Clock


def parent(uid: str = "a", generation: int = 1) -> Manifest:
    return {"metadata": {"uid": uid, "generation": generation}}


def test_it_is_asked_once_per_uid_and_generation_in_twenty_minutes() -> None:
    clock, asked = Clock(), list[str]()

    def hooks(name: str, _request: Manifest) -> bytes:
        asked.append(name)
        return b"{}"

    customize = Customize(hooks, {}, clock)
    for now, who, calls in [
        (0, parent(), 1),
        (1199, parent(), 1),
        (1199, parent(generation=2), 2),
        (1199, parent(uid="b"), 3),
        (1200, parent(), 4),
    ]:
        clock.now = now
        customize.check(who)
        assert len(asked) == calls
    assert set(asked) == {"customize"}


def test_failures_are_not_remembered() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "customize")))
    with pytest.raises(SyncError, match="invalid JSON"):
        bench.sync(b"{")
    bench.sync(b"{}")
    assert bench.asked == ["customize", "customize", "sync"]
    assert set(bench.questions[0][1]) == {"controller", "parent"}


def test_related_objects_are_refused_and_nothing_is_applied() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "customize")))
    bench.answer = lambda *_: b'{"relatedResources":[{"apiVersion":"v1","resource":"secrets"}]}'
    with pytest.raises(SyncError, match="related objects, which the stand-in does not implement"):
        bench.sync()
    assert bench.writes == []
    assert bench.asked == ["customize"]
