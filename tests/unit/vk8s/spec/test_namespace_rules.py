"""A Vk8s in a namespace with ResourceQuotas and LimitRanges: what is asked for, what status says, what lives on."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.vk8s.observed.children import JOB, SERVICE
from hooks.wire import CustomizeRequest
from tests.namespace_world import container_limit, limit_range, quota, related, without_patience
from tests.simulation.statuses import TRIED
from tests.world import IDENTITY, UID, World, condition, names, node, running_world, spec

MASTER = [node("m", "master")]
FORCED = {"vk8s.sktelecom.com/force-remove": "w"}


def customize(**settings: Any) -> list[Manifest]:
    parent = {**IDENTITY, "metadata": {"name": "demo", "namespace": "team-a", "uid": UID}, "spec": spec()}
    return decide_customize(CustomizeRequest.model_validate({"parent": parent}), Settings(**settings)).related_resources


def test_quotas_are_requested_where_metacontroller_may_watch_them() -> None:
    assert customize() == []
    assert customize(namespace_rules=True) == [
        {"apiVersion": "v1", "resource": resource, "namespace": "team-a"}
        for resource in ("limitranges", "resourcequotas")
    ]


def missing(world: World) -> Manifest:
    """Condition ChildrenObserved once the pods have been missing for long."""
    return condition(without_patience(world).sync(), "ChildrenObserved")


def bounded(role: str, name: str, memory: str, **limits: str) -> Manifest:
    return node(name, role, resources={"limits": {"cpu": "1", "memory": memory, **limits}})


class TestWhatIsMissing:
    def test_child_is_reported_in_the_words_of_the_quota(self) -> None:
        nodes = [bounded("master", "m", "4Gi"), bounded("worker", "w", "4Gi")]
        world = World(spec=spec(nodes=nodes), related=related(quota(requests_memory="2Gi"))).steps(2)
        found = missing(world)
        assert found["reason"] == "QuotaExceeded"
        assert found["message"] == (
            "Pod m, Pod w: exceeded quota: q, requested: requests.memory=4Gi, used: requests.memory=0, "
            "limited: requests.memory=2Gi (raise ResourceQuota q or make room in it, or change the resources of m, w)."
        )
        ready = condition(without_patience(world).sync(), "ControlPlaneReady")
        assert ready["reason"] == "QuotaExceeded"
        assert ready["message"].startswith("m is refused: exceeded quota: q, requested: requests.memory=4Gi, used: ")

    def test_child_is_reported_in_the_words_of_the_limit_range(self) -> None:
        found = related(limit_range({"type": "PersistentVolumeClaim", "max": {"storage": "5Gi"}}))
        world = World(related=found).steps(2)
        for name in ("m-state", "w-state"):
            world = world.with_child("PersistentVolumeClaim.v1", name, None)
        found_condition = missing(world)
        assert found_condition["reason"] == "LimitRange"
        assert found_condition["message"].startswith(
            "PersistentVolumeClaim m-state, PersistentVolumeClaim w-state: maximum storage usage per "
            "PersistentVolumeClaim is 5Gi, but request is 20Gi (change LimitRange lr)"
        )

    def test_unexplained_child_is_reported_with_where_to_look(self) -> None:
        found = missing(World(related=related(quota(pods="9"))).steps(2))
        assert found["reason"] == "ChildMissing"
        assert found["message"] == (
            "Pod m, Pod w: not created yet; kubectl get -n team-a pod/m pod/w shows whether the name is taken; "
            "kubectl describe vk8s -n team-a demo shows a refusal, in its Events."
        )

    def test_explained_and_unexplained_children_are_reported_together(self) -> None:
        nodes = [node("m", "master"), bounded("worker", "w", "4Gi")]
        world = World(spec=spec(nodes=nodes), related=related(limit_range({"type": "Pod", "min": {"cpu": "3"}})))
        world = world.steps(2)
        world = replace(world, related=related(quota(limits_memory="1Gi", name="a"), quota(name="b")))
        found = missing(world)
        assert found["reason"] == "QuotaExceeded"
        assert "must specify limits.memory for: node (write resources.limits.memory for m)" in found["message"]
        claims = world.with_child("PersistentVolumeClaim.v1", "m-state", None)
        found = missing(claims)
        assert found["reason"] == "ChildMissing"
        assert "Pod w: exceeded quota: a" in found["message"]
        assert "PersistentVolumeClaim m-state: not created yet; kubectl get" in found["message"]

    def test_child_is_being_created_for_the_first_30_seconds(self) -> None:
        answer = World(related=related(quota(pods="0"))).steps(3).sync()
        assert condition(answer, "ChildrenObserved")["reason"] == "AllObserved"
        answer = World(related=related(quota(pods="0"))).steps(2).sync()
        assert condition(answer, "ChildrenObserved")["reason"] == "BeingMade"

    @pytest.mark.parametrize(
        ("found", "reason", "why"),
        [
            (quota(used={"services.nodeports": "1"}, services_nodeports="1"), "QuotaExceeded", "exceeded quota: q"),
            (quota(), "PortClosed", "kubectl describe vk8s -n team-a demo shows the refusal, in its Events"),
        ],
        ids=["a quota", "something else"],
    )
    def test_port_that_is_not_opened_is_reported(self, found: Manifest, reason: str, why: str) -> None:
        ports = [{"name": name, "port": port, "targetPort": port} for name, port in (("a", 30000), ("b", 30001))]
        world = running_world(spec=spec(ports=ports[:1]))
        world = replace(world, spec=spec(ports=ports), related=related(found))
        assert world.children[SERVICE]["demo"]
        told = condition(world.sync(), "ChildrenObserved")
        assert told["reason"] == reason
        assert told["message"].startswith(f"Service demo does not have port 30001 yet: {why}")


def leaving_world(found: dict[str, dict[str, Manifest]], status: Manifest, **fields: Any) -> World:
    """The worker is removed from the spec, its Job has that status, and the rules exist."""
    limits = [bounded("master", "m", "2Gi"), bounded("worker", "w", "2Gi")]
    begun = replace(running_world(spec=spec(nodes=limits)), spec=spec(nodes=limits[:1]), **fields).step()
    job = {**begun.children[JOB]["w-leave"], "status": status}
    return replace(begun.with_child(JOB, "w-leave", job), related=found)


def leaving(world: World) -> str:
    message: str = condition(world.sync(), "Ready")["message"]
    return message.split("w is being removed: ")[1]


class TestLeaving:
    full = related(quota(used={"limits.memory": "4Gi"}, limits_memory="4Gi"))
    crowded = related(quota(used={"pods": "2"}, pods="2"))

    def test_job_without_room_is_recreated_with_no_requests(self) -> None:
        world = leaving_world(self.full, TRIED)
        assert "Job/w-leave" not in names(world.sync())
        again = world.step()
        (job,) = [child for child in again.sync().children if child["kind"] == "Job"]
        assert job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] == "0"
        settled = again.step()
        assert "Job/w-leave" in names(settled.sync())
        assert (
            leaving(settled) == "Job w-leave has no pod yet; if this persists: kubectl describe -n team-a job/w-leave."
        )

    @pytest.mark.parametrize(
        "status",
        [
            {},
            {**TRIED, "active": 1},
            {**TRIED, "uncountedTerminatedPods": {"succeeded": ["d6a1"]}},
            {**TRIED, "succeeded": 1, "uncountedTerminatedPods": {}},
        ],
        ids=["not tried", "at work", "succeeded, not counted", "succeeded"],
    )
    def test_job_that_may_have_a_pod_goes_on(self, status: Manifest) -> None:
        """The quota may be full with the pod of this Job."""
        world = leaving_world(self.full, status)
        assert "Job/w-leave" in names(world.sync())
        assert "can't create" not in leaving(world)

    def test_missing_room_for_a_pod_is_reported(self) -> None:
        world = leaving_world(self.crowded, TRIED)
        assert {"Job/w-leave", "Pod/w"} <= set(names(world.sync()))
        assert leaving(world) == (
            "Job w-leave can't create its pod: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2 "
            "(raise ResourceQuota q or make room in it)."
        )

    def test_force_remove_gives_the_job_the_place_of_the_pod(self) -> None:
        limits = [bounded("master", "m", "2Gi"), bounded("worker", "w", "2Gi")]
        world = leaving_world(self.crowded, TRIED, annotations=FORCED)
        kept = {"Job/w-leave", "PersistentVolumeClaim/w-state"}
        assert kept <= set(names(world.sync()))
        assert "Pod/w" not in names(world.sync())
        assert kept <= set(names(world.step().sync()))
        # Where that would not help, it stays.
        used_by_others = related(quota(used={"pods": "9"}, pods="2"))
        assert "Pod/w" in names(replace(world, related=used_by_others).sync())
        paused = replace(world, spec=spec(nodes=limits[:1], paused=True))
        assert "PersistentVolumeClaim/w-state" in names(paused.sync())


class TestEdits:
    """A pod that lives is not given up for one that would be refused."""

    old, new = [bounded("master", "m", "2Gi")], [bounded("master", "m", "4Gi")]

    def edited(self, *objects: Manifest) -> World:
        return replace(running_world(spec=spec(nodes=self.old)), spec=spec(nodes=self.new), related=related(*objects))

    def test_edit_that_a_quota_refuses_waits(self) -> None:
        full = quota(used={"requests.memory": "2Gi"}, requests_memory="3Gi")
        answer = self.edited(full).sync()
        assert "Pod/m" in names(answer)
        assert condition(answer, "Accepted")["message"] == (
            "The spec is valid. Waiting to be recreated, one at a time, while all other nodes are Ready: m. m is not "
            "recreated, as its next pod would be refused: exceeded quota: q, requested: requests.memory=4Gi, "
            "used: requests.memory=2Gi, limited: requests.memory=3Gi."
        )
        # What the pod itself has counts as room.
        room = quota(used={"requests.memory": "2Gi"}, requests_memory="4Gi")
        assert "Pod/m" not in names(self.edited(room).sync())

    def test_edit_that_a_limit_range_refuses_waits(self) -> None:
        answer = self.edited(limit_range(container_limit(max={"memory": "2Gi"}))).sync()
        assert "Pod/m" in names(answer)
        assert "maximum memory usage per Container is 2Gi, but limit is 4Gi" in condition(answer, "Accepted")["message"]

    def test_failed_pod_is_not_held(self) -> None:
        world = without_patience(self.edited(quota(pods="0")).with_pod_status("m", {"phase": "Failed"}))
        assert "Pod/m" not in names(world.sync())
