"""Deleting a Vk8s comes to an end from every state."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.labels import CONTROLLER_UID
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from testbed.metacontroller.objects import is_terminating
from tests.properties.host import Host
from tests.properties.json_values import JSON
from tests.properties.others import UNKNOWN_CONTENTS
from tests.properties.walks import hosts
from tests.simulation.answers import index
from tests.simulation.keys import list_children, list_keys, without
from tests.world import DELETED_AT, UID

# Pods, what held them, the rest, what held that, and the answer that says so.
MOST_ROUNDS = 6


@given(hosts(), JSON)
def test_deleting_ends_and_makes_nothing(host: Host, spec: object) -> None:
    host = host.caught_up().after("deleted", spec=spec)
    for _ in range(MOST_ROUNDS):
        answer = host.world.finalize()
        if answer.finalized:
            break
        assert index(answer).keys() <= set(list_keys(host.world))
        host = _finalize(host)
    assert list_keys(host.world) == []
    assert host.world.finalize().finalized


@given(hosts(), st.booleans())
def test_pods_leave_first_and_all_else_after_them(host: Host, foreground: bool) -> None:  # noqa: FBT001 an example
    shown = replace(host.shown, finalizers=("foregroundDeletion",) if foreground else ())
    answer = shown.finalize()
    others = {key for key in list_keys(shown) if key[0] != "Pod.v1"}
    assert index(answer).keys() == (others if shown.children["Pod.v1"] else set())
    assert answer.finalized == (foreground or not list_keys(shown))


@given(hosts(), st.sampled_from(UNKNOWN_CONTENTS))
def test_adopted_object_of_others_outlives_the_vk8s(host: Host, foreign: tuple[str, Manifest]) -> None:
    metadata = {"name": "prod", "namespace": "team-a", "uid": "prod", "labels": {CONTROLLER_UID: UID}}
    adopted = {"apiVersion": "v1", "kind": foreign[0], **foreign[1], "metadata": metadata}
    kind = group_key(adopted)
    host = replace(host, world=host.shown.with_child(kind, "prod", adopted)).caught_up()
    assert (kind, "prod") in index(host.world.sync())
    for _ in range(MOST_ROUNDS):
        assert not host.world.finalize().finalized
        host = _finalize(host)
    assert list_keys(host.world) == [(kind, "prod")]
    assert without(host.world, [(kind, "prod")]).finalize().finalized


@given(hosts())
def test_a_vk8s_that_nobody_has_deleted_keeps_everything(host: Host) -> None:
    answer = host.shown.finalize_unselected()
    assert index(answer).keys() == set(list_keys(host.shown))
    assert not answer.finalized


def _finalize(host: Host) -> Host:
    """What was being deleted is gone, and the Vk8s that somebody has deleted is synced."""
    going = [key for key, child in list_children(host.world).items() if is_terminating(child)]
    return replace(host, world=without(host.world, going)).sync(deletionTimestamp=DELETED_AT)
