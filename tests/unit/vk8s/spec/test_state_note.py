"""The note on where the state of the nodes is: how it is read, and what is no note."""

import json

import pytest

from hooks.vk8s.observed.children import CLAIM, POD, SECRET
from hooks.vk8s.spec.state_note import GENERATION, STATE, StateNote, parse_note
from tests.unit.vk8s.plan.test_state import environment, note_of, noted_world, with_note, without_node
from tests.world import World, get_child, names, observe, running_world, spec


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", '{"claims": 1, "generation": 1}', '{"claims": {}, "generation": 0}', '{"claims": {}}',
     '{"claims": {}, "generation": true}', '{"claims": {}, "generation": 1000000000}'],
)  # fmt: skip
def test_text_that_is_no_note_is_rejected(text: str | None) -> None:
    assert parse_note(text) is None


def test_note_keeps_no_name_that_no_node_can_have() -> None:
    assert parse_note('{"claims": {"UP/../x": "a", "m": "b"}, "generation": 2}') == StateNote({"m": "b"}, 2)


def test_note_of_an_earlier_version_names_no_node_that_is_joining() -> None:
    whole = StateNote({"a": "1"}, 2, frozenset("ab"), frozenset("b"), "a.1")
    assert parse_note(whole.encode()) == whole
    earlier = '{"claims": {"a": "1"}, "forced": "a.1", "generation": 2, "members": ["a", "b"]}'
    assert parse_note(earlier) == StateNote({"a": "1"}, 2, frozenset("ab"), forced="a.1")


def test_claim_with_which_a_node_was_ready_is_recorded() -> None:
    booting = World().steps(3)
    assert note_of(booting) == StateNote()
    assert environment(booting.with_child(POD, "m", None), "m")["FOUND"] == "true"
    running = booting.with_ready_pods()
    assert note_of(running) == StateNote({"m": "uid-of-m-state", "w": "uid-of-w-state"})
    variables = environment(noted_world().with_child(POD, "m", None), "m")
    assert "FOUND" not in variables
    assert "GENERATION" not in variables


def test_ephemeral_state_is_not_recorded() -> None:
    world = running_world(spec=spec(storage={"ephemeral": True}))
    assert note_of(world) == StateNote()
    assert environment(world.with_child(POD, "m", None), "m")["FOUND"] == "true"


def test_claim_that_is_newer_than_the_pod_is_not_what_the_pod_runs_on() -> None:
    world = with_note(running_world(), StateNote())
    world = world.with_metadata(CLAIM, "m-state", uid="newer", creationTimestamp="2026-01-02T04:00:00Z")
    assert note_of(world).claims["m"] == "uid-of-m"
    assert note_of(with_note(world, StateNote({"m": "old", "w": "uid-of-w-state"}))).claims["m"] == "old"


def test_note_that_somebody_has_overwritten_is_read_as_it_was_applied() -> None:
    world = noted_world()
    pki = observe(get_child(world.sync(), "demo-pki"))
    annotations = {**pki["metadata"]["annotations"], STATE: "?"}
    broken = {**pki, "metadata": {**pki["metadata"], "annotations": annotations}}
    lost = without_node(world.with_child(SECRET, "demo-pki", broken), "m")
    assert lost.sync().status["phase"] == "Fail"
    assert json.loads(note_of(lost).encode())["claims"] == {"m": "uid-of-m-state", "w": "uid-of-w-state"}


def test_pki_restored_without_its_note_takes_the_pods_generation() -> None:
    world = noted_world()
    for name in ("m", "w"):
        world = with_generation(world, name, "3")
    world = world.with_metadata(SECRET, "demo-pki", annotations={})
    assert {"Pod/m", "Pod/w"} <= set(names(world.sync()))
    assert note_of(world).generation == 3
    assert "Pod/w" in names(with_generation(world, "m", "9" * 5000).sync())


def with_generation(world: World, name: str, generation: str) -> World:
    return world.with_annotations(POD, name, {GENERATION: generation})
