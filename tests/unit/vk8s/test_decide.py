"""What a virtual cluster is answered, step by step: order of making, waiting, keeping, losing."""

from copy import deepcopy
from dataclasses import replace

import pytest

from hooks.vk8s.decide import RequestError, decide_sync
from tests.world import CONTEXT, World, condition, names, node, running_world, spec


def test_invalid_spec_keeps_every_child_and_names_all_problems() -> None:
    world = running_world()
    answer = replace(world, spec=spec(nodes=[node("w", "worker"), node("x", "worker")])).sync()
    assert names(answer) == names(world.sync())
    assert answer.status["phase"] == "Running"
    accepted = condition(answer, "Accepted")
    assert accepted["status"] == "False"
    assert "write one, three or five nodes with role: master." in accepted["message"]
    assert "lost nodes are not replaced" in accepted["message"]


@pytest.mark.parametrize("broken", [None, 7, [], {}, {"nodes": 3}], ids=repr)
def test_broken_spec_of_a_new_object_fails_and_makes_nothing(broken: object) -> None:
    answer = World(spec=broken).sync()
    assert answer.children == []
    assert answer.status["phase"] == "Fail"


class TestFinalize:
    """Deleting a Vk8s: pods first, the rest after them, and never anything new."""

    def test_pods_leave_first(self) -> None:
        world = running_world()
        answer = world.finalize()
        assert [name for name in names(answer) if name.startswith("Pod/")] == []
        assert len(answer.children) == sum(len(group) for group in world.children.values()) - 2
        assert not answer.finalized
        assert answer.status["phase"] == "Terminating"

    def test_rest_leaves_when_no_pod_is_observed(self) -> None:
        answer = replace(running_world(), children={**running_world().children, "Pod.v1": {}}, spec=None).finalize()
        assert answer.children == []
        assert not answer.finalized
        assert "Secret demo-pki" in condition(answer, "Ready")["message"]

    def test_host_on_which_a_pod_has_to_end_is_named(self) -> None:
        world = running_world()
        pod = world.children["Pod.v1"]["m"]
        placed = world.with_child("Pod.v1", "m", {**pod, "spec": {**pod["spec"], "nodeName": "host-1"}})
        assert "Pod m on host host-1" in condition(placed.finalize(), "Ready")["message"]

    def test_parent_goes_when_nothing_is_left(self) -> None:
        assert World(spec=None).finalize().finalized

    def test_foreground_deletion_is_not_held_up(self) -> None:
        assert replace(running_world(), finalizers=("foregroundDeletion",)).finalize().finalized


class TestAVk8sThatIsNotSelected:
    """Metacontroller finalizes what its selector does not match any more, too: nobody has deleted it."""

    def test_keeps_everything_and_says_why(self) -> None:
        world = running_world()
        answer = world.finalize_unselected()
        assert len(answer.children) == sum(len(group) for group in world.children.values())
        assert not answer.finalized
        assert answer.status["phase"] == "Running"
        accepted = condition(answer, "Accepted")
        assert (accepted["status"], accepted["reason"]) == ("False", "NotSelected")
        assert accepted["message"] == (
            "Nobody has deleted this object, but its labels no longer match spec.parentResource.labelSelector of its "
            "CompositeController: write labels that match. Nothing is changed, and lost nodes are not replaced, until "
            "this is fixed."
        )

    def test_stays_when_it_has_nothing(self) -> None:
        answer = World().finalize_unselected()
        assert (answer.children, answer.finalized, answer.status["phase"]) == ([], False, "Fail")


def test_request_without_one_of_our_kinds_is_rejected() -> None:
    request = World().request()
    del request.children["Secret.v1"]
    with pytest.raises(RequestError, match=r"no children of kind Secret\.v1"):
        decide_sync(request, CONTEXT)


def test_decision_changes_neither_its_request_nor_depends_on_the_call() -> None:
    world = running_world()
    request = world.request()
    before = deepcopy(request)
    first = world.sync().model_dump_json()
    assert world.sync().model_dump_json() == first
    assert request == before
