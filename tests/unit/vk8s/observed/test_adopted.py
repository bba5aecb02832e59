"""Objects that a label has made children: those of others are neither acted on nor deleted."""

from dataclasses import replace

import pytest

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.leave_job import TAKES
from hooks.vk8s.observed.children import CLAIM, JOB, POD
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.plan.removals import LEAVING
from hooks.wire import SyncResponse
from tests.unit.vk8s.plan.test_removals import DONE, leaving_world, with_job
from tests.world import UID, World, condition, names, node, running_world, spec

KIND_NAMES = {key: kind.kind for key, kind in CHILD_KINDS.items()}


def labelled(kind: str, name: str, **metadata: Manifest) -> Manifest:
    """An object that nobody but its label says to be a child."""
    labels = {"controller-uid": UID, **metadata.pop("labels", {})}
    return {
        "apiVersion": kind.partition(".")[2],
        "kind": KIND_NAMES[kind],
        "metadata": {"name": name, "namespace": "team-a", "uid": name, "labels": labels, **metadata},
        "spec": {},
    }


def with_adopted(world: World, kind: str, name: str, **metadata: Manifest) -> World:
    return world.with_child(kind, name, labelled(kind, name, **metadata))


def going(world: World) -> str:
    """What condition Ready of the Vk8s says while it is being deleted."""
    entry = condition(world.finalize(), "Ready")
    return f"{entry['reason']}: {entry['message']}"


def without_own(world: World) -> World:
    return replace(world, children={kind: {} for kind in CHILD_KINDS})


def list_pods(answer: SyncResponse) -> set[str]:
    return {name for name in names(answer) if name.startswith("Pod/")}


OF_WORKER = {"vk8s.sktelecom.com/node": "w", "vk8s.sktelecom.com/role": "master"}


class TestDeletion:
    @pytest.mark.parametrize("kind", CHILD_KINDS)
    def test_waits_for_what_is_not_ours_and_says_how_to_release_it(self, kind: str) -> None:
        world = with_adopted(without_own(running_world()), kind, "prod")
        answer = world.finalize()
        assert names(answer) == [f"{KIND_NAMES[kind]}/prod"]
        assert not answer.finalized
        assert going(world) == (
            "Adopted: All children are gone. Not part of this virtual cluster, but deleted with the Vk8s, which waits "
            f"until they are released or gone: {KIND_NAMES[kind]} prod. To release the first: "
            f"kubectl patch {KIND_NAMES[kind].lower()} -n team-a prod --type=merge "
            """-p '{"metadata":{"labels":{"controller-uid":null},"ownerReferences":null}}'."""
        )

    def test_takes_all_of_ours_meanwhile(self) -> None:
        world = with_adopted(running_world(), "Secret.v1", "prod")
        pods_left = set(names(world.finalize()))
        assert {"Secret/prod", "Secret/demo-pki", "PersistentVolumeClaim/m-state"} <= pods_left
        assert not any(name.startswith("Pod/") for name in pods_left)
        assert names(replace(world, children={**world.children, "Pod.v1": {}}).finalize()) == ["Secret/prod"]
        assert "PersistentVolumeClaim m-state" in going(world)

    def test_names_a_few(self) -> None:
        world = without_own(running_world())
        for index in range(7):
            world = with_adopted(world, "Secret.v1", f"s{index}")
        assert "gone: Secret s0, Secret s1, Secret s2, Secret s3, Secret s4 and 2 more. To release" in going(world)

    def test_goes_on_when_they_are_released(self) -> None:
        assert without_own(running_world()).finalize().finalized

    def test_needs_no_release_of_what_goes_anyway(self) -> None:
        world = without_own(running_world()).with_child("Secret.v1", "prod", labelled("Secret.v1", "prod"))
        world = world.with_deleted("Secret.v1", "prod")
        assert going(world) == "Terminating: Waits until these are gone: Secret prod."
        assert not world.finalize().finalized

    def test_takes_what_is_restored_under_a_name_of_ours(self) -> None:
        state = {"vk8s.sktelecom.com/node": "m", "vk8s.sktelecom.com/role": "master"}
        world = with_adopted(without_own(running_world()), CLAIM, "m-state", labels=state)
        world = with_adopted(with_adopted(world, "Secret.v1", "demo-pki"), "ConfigMap.v1", "demo-bootstrap-0")
        assert names(world.finalize()) == []

    def test_takes_ours_whatever_its_labels_say(self) -> None:
        world = running_world()
        secret = world.children["Secret.v1"]["demo-join"]
        renamed = {**secret, "metadata": {**secret["metadata"], "name": "later", "labels": {"controller-uid": UID}}}
        world = without_own(world).with_child("Secret.v1", "later", renamed)
        assert names(world.finalize()) == []


class TestALivingVk8s:
    @pytest.mark.parametrize("kind", CHILD_KINDS)
    def test_keeps_what_is_not_ours_and_reports_it(self, kind: str) -> None:
        world = with_adopted(running_world(), kind, "prod")
        answer = world.sync()
        assert set(names(answer)) == {*names(running_world().sync()), f"{KIND_NAMES[kind]}/prod"}
        assert condition(answer, "Accepted")["message"] == (
            "The spec is valid. Adopted by label controller-uid, and no part of this virtual cluster: "
            f"{KIND_NAMES[kind]} prod. Remove the label; a deletion of this Vk8s waits for that."
        )

    @pytest.mark.parametrize("kind", [CLAIM, POD])
    def test_is_not_stopped_by_what_somebody_has_labelled_as_a_node(self, kind: str) -> None:
        world = with_adopted(running_world(), kind, "zz", labels=OF_WORKER)
        for shown in (world, world.with_child(POD, "w", None), replace(world, spec=spec(paused=True))):
            assert condition(shown.sync(), "Accepted")["status"] == "True"
        assert condition(replace(world, spec=spec(nodes=[node("m", "master")])).sync(), "Accepted")["status"] == "True"

    def test_loses_no_worker_to_what_somebody_has_labelled_as_leaving(self) -> None:
        noted = {LEAVING: "true"}
        world = with_adopted(running_world(), CLAIM, "zz", labels=OF_WORKER, annotations=noted)
        assert list_pods(world.step().sync()) == {"Pod/m", "Pod/w"}
        assert not any(name.startswith("Job/") for name in names(world.sync()))


def test_job_of_somebody_else_among_the_children_is_kept() -> None:
    metadata = {"name": "x", "namespace": "team-a", "uid": "u"}
    job: Manifest = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}
    assert "Job/x" in names(running_world().with_child(JOB, "x", job).sync())


def test_control_plane_stays_whatever_job_somebody_adopted() -> None:
    world = with_job(leaving_world(), DONE)
    parts = [world.children[POD]["m"], world.children[CLAIM]["m-state"]]
    job = world.children[JOB]["w-leave"]
    metadata = {
        **job["metadata"],
        "name": "m-leave",
        "labels": {**job["metadata"]["labels"], NODE: "m"},
        "annotations": {TAKES: ",".join(part["metadata"]["uid"] for part in parts)},
    }
    adopted = world.with_child(JOB, "m-leave", {**job, "metadata": metadata})
    assert {"Pod/m", "PersistentVolumeClaim/m-state"} <= set(names(adopted.sync()))
