"""The customize hook: when it is asked, and what is remembered."""

import pytest

from testbed.metacontroller.customize import Customize, Rules
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest, with_metadata
from testbed.metacontroller.rules import RelatedRule
from tests.testbed.bench import KEY, Bench, build_demo_composite
from tests.testbed.clock import Clock
from tests.testbed.memory_server import PARENTS

WITH_CUSTOMIZE = build_demo_composite(hooks=("sync", "customize"))


def parent(uid: str = "a", generation: int = 1) -> Manifest:
    return {"metadata": {"uid": uid, "generation": generation}}


def test_customize_is_called_once_per_generation_in_20_minutes() -> None:
    clock, asked, rules = Clock(), list[Manifest](), (RelatedRule(resource="secrets"),)

    def ask(question: Manifest) -> Rules:
        asked.append(question)
        return rules

    customize = Customize(WITH_CUSTOMIZE, ask, clock)
    for now, who, calls in [
        (0, parent(), 1),
        (1199, parent(), 1),
        (1199, parent(generation=2), 2),
        (1199, parent(uid="b"), 3),
        (1200, parent(), 4),
    ]:
        clock.now = now
        assert customize.rules(who) == rules
        assert len(asked) == calls


def test_twenty_minutes_begin_with_the_answer() -> None:
    clock, asked = Clock(), list[float]()

    def ask_slowly(_: Manifest) -> Rules:
        asked.append(clock.now)
        clock.now += 9
        return ()

    customize = Customize(WITH_CUSTOMIZE, ask_slowly, clock)
    customize.rules(parent())
    clock.now = 1208
    customize.rules(parent())
    assert asked == [0]


def test_where_there_is_no_such_hook_nothing_is_asked() -> None:
    assert Customize(build_demo_composite(), lambda _: (RelatedRule(),)).rules(parent()) == ()


def test_failures_are_not_remembered() -> None:
    bench = Bench(WITH_CUSTOMIZE)
    with pytest.raises(SyncError, match=r"^invalid JSON"):
        bench.sync(b"{")
    bench.sync(b"{}")
    assert bench.asked == ["customize", "customize", "sync"]
    assert set(bench.questions[0][1]) == {"controller", "parent"}


def test_only_a_new_spec_calls_customize_again() -> None:
    bench = Bench(WITH_CUSTOMIZE)
    bench.answer = lambda name, _: {} if name == "customize" else {"children": [], "status": {"phase": "x"}}
    bench.sync()
    bench.server.edit(PARENTS, KEY, lambda found: with_metadata(found, labels={"a": "b"}))
    bench.sync()
    bench.server.edit(PARENTS, KEY, lambda found: {**found, "spec": {"nodes": 1}})
    bench.sync()
    assert bench.asked == ["customize", "sync", "sync", "customize", "sync"]
