"""What stays of a Vk8s that is deleted with `storage.retain`, and how its owner releases it."""

from dataclasses import replace

import pytest

from hooks.vk8s.observed.children import CLAIM, POD, SECRET
from hooks.vk8s.observed.retained import retains
from tests.world import UID, Children, World, condition, names, running_world, spec

RETAINING = spec(storage={"retain": True})
KEPT = {"PersistentVolumeClaim/m-state", "PersistentVolumeClaim/w-state", "Secret/demo-pki"}


def without(world: World, *kinds: str) -> World:
    return replace(world, children={**world.children, **{kind: {} for kind in kinds}})


def only_retained(world: World) -> World:
    kept: Children = {kind: {} for kind in world.children}
    pki = {"demo-pki": world.children[SECRET]["demo-pki"]}
    return replace(world, children={**kept, CLAIM: world.children[CLAIM], SECRET: pki})


def going(world: World) -> str:
    entry = condition(world.finalize(), "Ready")
    return f"{entry['reason']}: {entry['message']}"


def test_everything_waits_for_the_pods_as_ever() -> None:
    world = running_world(spec=RETAINING)
    assert names(world.finalize()) == names(running_world().finalize())
    assert going(world).startswith("Terminating: Waits until these are gone: ")


def test_volumes_and_keys_stay_when_the_pods_are_gone() -> None:
    answer = without(running_world(spec=RETAINING), POD).finalize()
    assert set(names(answer)) == KEPT
    assert not answer.finalized


def test_deletion_waits_until_they_are_released_and_says_how() -> None:
    world = only_retained(running_world(spec=RETAINING))
    assert not world.finalize().finalized
    assert going(world) == (
        "Retained: All children are gone. Kept, as storage.retain is true: PersistentVolumeClaim m-state, "
        "PersistentVolumeClaim w-state, Secret demo-pki. Kubernetes would delete them with the Vk8s, which waits until "
        f"you release them: kubectl get pvc,secret -n team-a -l controller-uid={UID} -o name | xargs kubectl patch -n "
        'team-a --type=merge -p \'{"metadata":{"labels":{"controller-uid":null,"vk8s.sktelecom.com/retained-from":'
        f'"{UID}"}},"ownerReferences":null}}}}\'. To delete them instead, write storage.retain: false.'
    )
    assert without(world, CLAIM, SECRET).finalize().finalized


def test_command_is_not_shown_while_it_would_release_more() -> None:
    assert "xargs" not in going(without(running_world(spec=RETAINING), POD))


def test_without_it_all_go() -> None:
    assert names(without(running_world(), POD).finalize()) == []


def test_claim_that_somebody_deletes_does_not_stay() -> None:
    world = only_retained(running_world(spec=RETAINING))
    claim = world.children[CLAIM]["w-state"]
    deleted = {**claim, "metadata": {**claim["metadata"], "deletionTimestamp": "2026-01-02T03:04:05Z"}}
    assert set(names(world.with_child(CLAIM, "w-state", deleted).finalize())) == KEPT - {
        "PersistentVolumeClaim/w-state"
    }


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"storage": None}, {"storage": {"retain": "true"}}])
def test_spec_that_can_not_be_read_retains_nothing(broken: object) -> None:
    assert not retains(broken)
    assert retains({"storage": {"retain": True}, "nodes": 3})
