"""Deleting a Vk8s comes to an end from every state."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.labels import CONTROLLER_UID
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from testbed.metacontroller.objects import is_terminating
from tests.properties.host import Host, apply, find_desired, list_children, list_keys, without
from tests.properties.json_values import JSON
from tests.properties.judge import index
from tests.properties.others import UNKNOWN_CONTENTS
from tests.properties.walks import hosts
from tests.world import UID, World

# Pods, what held them, the rest, what held that, and the answer that says so.
MOST_ROUNDS = 6


@given(hosts(), JSON)
def test_deleting_ends_and_makes_nothing(host: Host, spec: object) -> None:
    world = replace(host.world, spec=spec)
    rounds = 0
    while not world.finalize().finalized:
        rounds += 1
        assert rounds < MOST_ROUNDS
        answer = world.finalize()
        assert index(answer).keys() <= set(list_keys(world))
        world = replace(_let_go(world), status=answer.status)
        world = replace(world, children=apply(find_desired(answer), world.children, world))
    assert list_keys(world) == []


@given(hosts(), st.booleans())
def test_pods_leave_first_and_all_else_after_them(host: Host, foreground: bool) -> None:  # noqa: FBT001 an example
    shown = replace(host.shown, finalizers=("foregroundDeletion",) if foreground else ())
    answer = shown.finalize()
    others = {key for key in list_keys(shown) if key[0] != "Pod.v1"}
    assert index(answer).keys() == (others if shown.children["Pod.v1"] else set())
    assert answer.finalized == (foreground or not list_keys(shown))


@given(hosts(), st.sampled_from(UNKNOWN_CONTENTS))
def test_what_was_adopted_and_is_of_others_outlives_the_vk8s(host: Host, foreign: tuple[str, Manifest]) -> None:
    metadata = {"name": "prod", "namespace": "team-a", "uid": "prod", "labels": {CONTROLLER_UID: UID}}
    adopted = {"apiVersion": "v1", "kind": foreign[0], **foreign[1], "metadata": metadata}
    kind = group_key(adopted)
    world = host.shown.with_child(kind, "prod", adopted)
    assert (kind, "prod") in index(world.sync())
    for _ in range(MOST_ROUNDS):
        answer = world.finalize()
        assert not answer.finalized
        world = replace(_let_go(world), status=answer.status)
        world = replace(world, children=apply(find_desired(answer), world.children, world))
    assert list_keys(world) == [(kind, "prod")]
    assert without(world, [(kind, "prod")]).finalize().finalized


@given(hosts())
def test_a_vk8s_that_nobody_has_deleted_keeps_everything(host: Host) -> None:
    answer = host.shown.finalize_unselected()
    assert index(answer).keys() == set(list_keys(host.shown))
    assert not answer.finalized


def _let_go(world: World) -> World:
    """The world in which whatever was being deleted is gone."""
    return without(world, [key for key, child in list_children(world).items() if is_terminating(child)])
