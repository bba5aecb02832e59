"""Which roles a spec may give to nodes that exist."""

import pytest

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, parse_observed
from hooks.vk8s.plan.roles import list_role_problems
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.state_note import StateNote
from tests.unit.vk8s.plan.test_members import at, list_gone, without_volume
from tests.world import World, condition, names, node, running_world, spec

HELD = "no other control-plane node has the data of the cluster."


def list_problems(world: World, nodes: list[Manifest], note: StateNote) -> list[str]:
    return list_role_problems(Spec.model_validate(spec(nodes=nodes)), parse_observed(world.children), note)


def test_node_keeps_the_role_with_which_it_was_created() -> None:
    problems = list_problems(running_world(), [node("m", "worker"), node("w", "master")], StateNote())
    assert [problem.partition(",")[0] for problem in problems] == [
        "spec.nodes: m was created with role master",
        "spec.nodes: w was created with role worker",
    ]


def test_control_plane_keeps_a_node_that_has_the_data() -> None:
    world, several = running_world(), [node(name, "master") for name in "abc"]
    assert list_problems(world, several, StateNote({"m": "uid"})) == [f"spec.nodes: write m again: {HELD}"]
    assert list_problems(world, [*several, node("m", "master")], StateNote({"m": "uid"})) == []
    # One that has not joined yet, or whose pod and claim are gone, does not count.
    note = StateNote({"n": "uid", "o": "uid"}, members=frozenset("no"))
    assert list_problems(world, [node("m", "master")], note) == [f"spec.nodes: write n or o again: {HELD}"]


def test_first_node_that_has_never_been_ready_stays_as_well() -> None:
    assert list_problems(running_world(), [node("a", "master")], StateNote()) == [f"spec.nodes: write m again: {HELD}"]
    assert list_problems(World(), [node("a", "master")], StateNote()) == []


@pytest.mark.parametrize("lost", [[], ["m"]])
def test_claim_of_another_control_plane_node_changes_nothing(lost: list[str]) -> None:
    """Next to the only one that there has ever been; such as a copy of its claim, which was adopted."""
    world = at(running_world(), 1000)
    metadata = world.children[CLAIM]["m-state"]["metadata"]
    labels = {**metadata["labels"], NODE: "x"}
    copied = {**metadata, "name": "x-state", "labels": labels, "annotations": {}}
    world = world.with_child(CLAIM, "x-state", {**world.children[CLAIM]["m-state"], "metadata": copied})
    world = without_volume(world, *lost)
    answer = world.sync()
    assert "x was created with role master" in condition(answer, "Accepted")["message"]
    assert not {"Job/x-leave", "Service/demo-etcd"} & set(names(answer))
    assert list_gone(world) == set()
    assert "PersistentVolumeClaim/x-state" in names(answer)
