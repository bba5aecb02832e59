"""What a virtual cluster is answered, step by step: order of making, waiting, keeping, losing."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.decide import RequestError, decide_sync
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.observed.keep import LAST_APPLIED
from hooks.vk8s.scripts import build_scripts
from tests.world import CONTEXT, NOW, World, condition, names, node, observe, ready_status, running_world, spec

BOOTSTRAP = f"ConfigMap/{World().boot_files}"
FIRST = [BOOTSTRAP, "NetworkPolicy/demo", "Secret/demo-pki", "Service/demo-api"]
CLAIMS = ["PersistentVolumeClaim/m-state", "PersistentVolumeClaim/w-state"]
SECRETS = ["Secret/demo-join", "Secret/demo-kubeconfig"]
PODS = ["Pod/m", "Pod/w"]
KUBEFLOW = {"name": "kubeflow", "port": 30000, "targetPort": 30000}


def test_first_answer_holds_only_what_needs_no_pki() -> None:
    assert names(World().sync()) == sorted(FIRST)


def test_everything_but_pods_follows_once_the_pki_is_observed() -> None:
    assert names(World().step().sync()) == sorted([*FIRST, *SECRETS, *CLAIMS])


def test_pods_come_once_all_that_they_mount_is_observed() -> None:
    assert names(World().steps(2).sync()) == sorted([*FIRST, *SECRETS, *CLAIMS, *PODS])


@pytest.mark.parametrize(
    ("kind", "name", "missing_pods"),
    [
        ("ConfigMap.v1", World().boot_files, ["m", "w"]),
        ("Secret.v1", "demo-join", ["w"]),
        ("PersistentVolumeClaim.v1", "m-state", ["m"]),
        ("PersistentVolumeClaim.v1", "w-state", ["w"]),
    ],
)
@pytest.mark.parametrize("how", ["absent", "being deleted"])
def test_a_pod_is_not_made_while_something_that_it_mounts_is_not_there_to_stay(
    kind: str, name: str, missing_pods: list[str], how: str
) -> None:
    world = World().steps(2)
    child = world.children[kind][name]
    terminating = {**child, "metadata": {**child["metadata"], "deletionTimestamp": "2026-01-02T03:04:05Z"}}
    answer = world.with_child(kind, name, terminating if how == "being deleted" else None).sync()
    assert [pod for pod in ("m", "w") if f"Pod/{pod}" not in names(answer)] == missing_pods


def test_ephemeral_state_takes_no_claims() -> None:
    world = World(spec=spec(storage={"ephemeral": True, "size": "5Gi"})).steps(3)
    assert not world.children["PersistentVolumeClaim.v1"]
    volumes = world.children["Pod.v1"]["m"]["spec"]["volumes"]
    assert {"name": "state", "emptyDir": {"sizeLimit": "5Gi"}} in volumes


def test_a_running_cluster_is_answered_as_it_is_observed() -> None:
    world = running_world()
    answered = {(group_key(child), child["metadata"]["name"]): child for child in world.sync().children}
    for kind in ("Pod.v1", "PersistentVolumeClaim.v1", "Secret.v1"):
        for name, observed in world.children[kind].items():
            assert _content(answered[kind, name]) == _content(observed)


def _content(child: Manifest) -> Manifest:
    return {key: value for key, value in child.items() if key not in ("metadata", "status")}


def test_a_lost_pod_is_made_again_and_nothing_else_changes() -> None:
    world = running_world()
    answer = world.with_child("Pod.v1", "m", None).sync()
    assert names(answer) == names(world.sync())
    assert answer.status["phase"] == "Restarting"


def test_a_terminating_pod_is_kept_until_it_is_gone() -> None:
    world = running_world()
    pod = world.children["Pod.v1"]["w"]
    going = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "x", "finalizers": ["example.com/hold"]}}
    answer = world.with_child("Pod.v1", "w", going).sync()
    assert names(answer) == names(world.sync())
    assert "held by its finalizers example.com/hold" in condition(answer, "Ready")["message"]
    assert condition(answer, "ChildrenObserved")["reason"] == "Terminating"


def test_a_child_of_another_version_is_kept_unchanged() -> None:
    stranger = observe(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "later", "labels": {"a": "b"}, "namespace": "team-a"},
            "data": {"c": "d"},
        }
    )
    world = running_world().with_child("ConfigMap.v1", "later", stranger)
    kept = next(child for child in world.sync().children if child["metadata"]["name"] == "later")
    # Metacontroller adds its own label to every child.
    assert kept["metadata"]["labels"] == {"a": "b"}
    assert kept["data"] == {"c": "d"}


@pytest.mark.parametrize("annotations", [{}, {LAST_APPLIED: "{"}, {LAST_APPLIED: "[]"}, {LAST_APPLIED: '{"a": 1}'}])
def test_labels_of_others_on_an_adopted_child_stay_theirs(annotations: Any) -> None:
    labels = {"theirs": "x", "vk8s.sktelecom.com/vk8s": "demo"}
    metadata = {"name": "later", "labels": labels, "namespace": "team-a", "uid": "u", "annotations": annotations}
    stranger = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    world = running_world().with_child("ConfigMap.v1", "later", stranger)
    kept = next(child for child in world.sync().children if child["metadata"]["name"] == "later")
    assert kept["metadata"]["labels"] == {"vk8s.sktelecom.com/vk8s": "demo"}


def test_labels_of_the_owner_reach_living_children() -> None:
    answer = replace(
        running_world(), labels={"team": "blue", "vk8s.sktelecom.com/vk8s": "x", "controller-uid": "y"}
    ).sync()
    for child in answer.children:
        assert child["metadata"]["labels"]["team"] == "blue"
        assert child["metadata"]["labels"]["vk8s.sktelecom.com/vk8s"] == "demo"
        assert child["metadata"]["labels"].get("controller-uid") != "y"


def test_annotations_of_others_are_left_to_them() -> None:
    world = running_world()
    pod = world.children["Pod.v1"]["m"]
    annotations = {"cni.example.com/ip": "10.0.0.1", "vk8s.sktelecom.com/restart": "1"}
    marked = {**pod, "metadata": {**pod["metadata"], "annotations": annotations}}
    kept = next(c for c in world.with_child("Pod.v1", "m", marked).sync().children if c["metadata"]["name"] == "m")
    assert kept["metadata"]["annotations"] == {"vk8s.sktelecom.com/restart": "1"}


def test_an_invalid_spec_keeps_every_child_and_names_all_problems() -> None:
    world = running_world()
    answer = replace(world, spec=spec(nodes=[node("w", "worker"), node("x", "worker")])).sync()
    assert names(answer) == names(world.sync())
    assert answer.status["phase"] == "Running"
    accepted = condition(answer, "Accepted")
    assert accepted["status"] == "False"
    assert "write exactly one node with role: master." in accepted["message"]
    assert "lost nodes are not replaced" in accepted["message"]


def test_an_invalid_spec_shows_the_nodes_that_are_there_master_first_and_nothing_else() -> None:
    world = running_world(spec=spec(nodes=[node("z", "master"), node("a", "worker")]))
    stray = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stray", "namespace": "team-a", "uid": "u"}}
    answer = replace(world.with_child("Pod.v1", "stray", stray), spec=None).sync()
    assert [entry["name"] for entry in answer.status["nodes"]] == ["z", "a"]


@pytest.mark.parametrize("broken", [None, 7, [], {}, {"nodes": 3}], ids=repr)
def test_a_broken_spec_of_a_new_object_fails_and_makes_nothing(broken: object) -> None:
    answer = World(spec=broken).sync()
    assert answer.children == []
    assert answer.status["phase"] == "Fail"


def test_volumes_are_of_the_class_and_size_that_the_spec_asks_for() -> None:
    answer = World(spec=spec(storage={"storageClassName": "fast", "size": "7Gi"})).step().sync()
    claim = next(child for child in answer.children if child["kind"] == "PersistentVolumeClaim")
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"] == {"requests": {"storage": "7Gi"}}


@pytest.mark.parametrize(
    "left", ["Pod.v1/m", "PersistentVolumeClaim.v1/m-state", "Secret.v1/demo-join", "Secret.v1/demo-kubeconfig"]
)
def test_no_second_ca_is_made_for_a_cluster_that_has_lived(left: str) -> None:
    kind, name = left.split("/")
    living = running_world()
    world = World(status=living.status).with_child(kind, name, living.children[kind][name])
    answer = world.sync()
    assert "Secret/demo-pki" not in names(answer)
    assert f"{kind.split('.')[0]}/{name}" in names(answer)
    assert condition(answer, "ChildrenObserved")["reason"] == "PKILost"


def test_a_pki_that_can_not_be_used_is_told_and_everything_is_kept() -> None:
    world = running_world()
    secret = world.children["Secret.v1"]["demo-pki"]
    answer = world.with_child("Secret.v1", "demo-pki", {**secret, "data": {}}).sync()
    assert names(answer) == names(world.sync())
    assert condition(answer, "ChildrenObserved")["reason"] == "PKIInvalid"


def test_a_virtual_cluster_whose_pki_is_lost_is_degraded_while_it_runs() -> None:
    answer = running_world().with_child("Secret.v1", "demo-pki", None).sync()
    assert answer.status["phase"] == "Degraded"
    assert condition(answer, "Ready")["status"] == "True"
    assert "Secret demo-pki is gone" in condition(answer, "Ready")["message"]
    lost_pod = running_world().with_child("Secret.v1", "demo-pki", None).with_child("Pod.v1", "w", None).sync()
    assert "Pod/w" not in names(lost_pod)
    assert condition(lost_pod, "Ready")["reason"] == "PKILost"


def test_a_new_cluster_whose_pki_is_unusable_fails() -> None:
    world = World().step()
    pki = world.children["Secret.v1"]["demo-pki"]
    answer = world.with_child("Secret.v1", "demo-pki", {**pki, "data": {}}).sync()
    assert answer.status["phase"] == "Fail"
    assert "it has no ca.crt" in condition(answer, "ChildrenObserved")["message"]
    assert names(answer) == sorted(FIRST)


class TestBootstrapVersions:
    """Boot files of an older version stay while a pod may need them."""

    new = replace(CONTEXT, scripts=build_scripts({"entrypoint.sh": "#!/bin/bash\ntrue\n"}))

    def test_old_files_stay_while_pods_mount_them(self) -> None:
        answer = replace(running_world(), context=self.new).sync()
        assert BOOTSTRAP in names(answer)

    def test_old_files_go_once_every_pod_runs_from_the_new_ones(self) -> None:
        old = running_world()
        world = replace(old, context=self.new).step().with_child("Pod.v1", "m", None).with_child("Pod.v1", "w", None)
        renewed = world.step()
        assert BOOTSTRAP in names(renewed.sync())
        assert BOOTSTRAP not in names(renewed.with_ready_pods().sync())


class TestMissingChildren:
    """Metacontroller does not report when a name is taken, so the status has to."""

    def test_a_child_that_does_not_appear_is_named_after_30_seconds(self) -> None:
        world = World().step()
        world = world.with_child("Secret.v1", "demo-pki", None)
        early = replace(world, context=replace(CONTEXT, now=NOW + timedelta(seconds=27))).sync()
        late = replace(world, context=replace(CONTEXT, now=NOW + timedelta(seconds=30))).sync()
        assert condition(early, "ChildrenObserved")["reason"] == "BeingMade"
        assert early.resync_after_seconds == 3
        assert condition(late, "ChildrenObserved")["reason"] == "ChildMissing"
        assert condition(late, "ChildrenObserved")["message"] == (
            "Secret demo-pki: not made yet; kubectl get -n team-a secret/demo-pki shows whether the name is taken; "
            "kubectl describe vk8s -n team-a demo shows a refusal, in its Events."
        )
        assert late.resync_after_seconds == 5

    def test_the_clock_starts_when_a_child_is_first_missed(self) -> None:
        answer = World().sync()
        assert condition(answer, "ChildrenObserved")["lastTransitionTime"] == "2026-01-02T03:04:05Z"
        assert answer.resync_after_seconds == 5


class TestRenewal:
    """The kubeconfig is renewed in time, and only then."""

    @pytest.mark.parametrize(("days", "renewed"), [(0, False), (334, False), (336, True)])
    def test_30_days_before_its_end(self, days: int, renewed: bool) -> None:  # noqa: FBT001 a table
        world = running_world()
        later = replace(CONTEXT, now=NOW + timedelta(days=days), entropy=b"another" * 6)
        answer = replace(world, context=later).sync()
        secret = next(c for c in answer.children if c["metadata"]["name"] == "demo-kubeconfig")
        assert (secret["data"] != world.children["Secret.v1"]["demo-kubeconfig"]["data"]) is renewed

    @pytest.mark.parametrize(
        "data", [{}, {"value": "e30=", "config": "e30="}, {"value": "YQ==", "config": "Yg=="}], ids=repr
    )
    def test_when_it_is_not_right(self, data: dict[str, str]) -> None:
        world = running_world()
        secret = {**world.children["Secret.v1"]["demo-kubeconfig"], "data": data}
        answer = world.with_child("Secret.v1", "demo-kubeconfig", secret).sync()
        made = next(c for c in answer.children if c["metadata"]["name"] == "demo-kubeconfig")
        assert sorted(made["data"]) == ["config", "value"]
        assert made["data"] != data

    def test_when_its_server_has_another_name(self) -> None:
        world = running_world()
        settings = CONTEXT.settings.model_copy(update={"cluster_domain": "example.org"})
        answer = replace(world, context=replace(CONTEXT, settings=settings)).sync()
        made = next(c for c in answer.children if c["metadata"]["name"] == "demo-kubeconfig")
        assert made["data"] != world.children["Secret.v1"]["demo-kubeconfig"]["data"]

    def test_the_next_call_comes_when_it_is_due(self) -> None:
        due = replace(CONTEXT, now=NOW + timedelta(days=335, seconds=-100))
        assert replace(running_world(), context=due).sync().resync_after_seconds == 100


class TestFinalize:
    """Deleting a Vk8s: pods first, the rest after them, and never anything new."""

    def test_pods_leave_first(self) -> None:
        world = running_world()
        answer = world.finalize()
        assert [name for name in names(answer) if name.startswith("Pod/")] == []
        assert len(answer.children) == sum(len(group) for group in world.children.values()) - 2
        assert not answer.finalized
        assert answer.status["phase"] == "Terminating"

    def test_the_rest_leaves_when_no_pod_is_observed(self) -> None:
        answer = replace(running_world(), children={**running_world().children, "Pod.v1": {}}, spec=None).finalize()
        assert answer.children == []
        assert not answer.finalized
        assert "Secret demo-pki" in condition(answer, "Ready")["message"]

    def test_the_host_on_which_a_pod_has_to_end_is_named(self) -> None:
        world = running_world()
        pod = world.children["Pod.v1"]["m"]
        placed = world.with_child("Pod.v1", "m", {**pod, "spec": {**pod["spec"], "nodeName": "host-1"}})
        assert "Pod m on host host-1" in condition(placed.finalize(), "Ready")["message"]

    def test_the_parent_goes_when_nothing_is_left(self) -> None:
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
            "this is mended."
        )

    def test_stays_when_it_has_nothing(self) -> None:
        answer = World().finalize_unselected()
        assert (answer.children, answer.finalized, answer.status["phase"]) == ([], False, "Fail")


def test_a_request_without_one_of_our_kinds_is_refused() -> None:
    request = World().request()
    del request.children["Secret.v1"]
    with pytest.raises(RequestError, match=r"no children of kind Secret\.v1"):
        decide_sync(request, CONTEXT)


def test_a_decision_changes_neither_its_request_nor_depends_on_the_call() -> None:
    world = running_world()
    request = world.request()
    before = deepcopy(request)
    first = world.sync().model_dump_json()
    assert world.sync().model_dump_json() == first
    assert request == before


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"accessPodPort": 30006}, "accessPodPort has no effect without accessPodImage."),
        ({"accessPodPort": 30006, "accessPodImage": "x", "ports": [KUBEFLOW]}, ""),
    ],
    ids=["a port with no pod behind it", "all that has an effect"],
)
def test_what_has_no_effect_is_named(fields: Any, sentence: str) -> None:
    message = condition(World(spec=spec(**fields)).sync(), "Accepted")["message"]
    assert message == f"The spec is valid. {sentence}".strip()


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (
            {
                "phase": "Pending",
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes: no cpu",
                    }
                ],
            },
            "Unschedulable",
            "m finds no place: 0/1 nodes: no cpu",
        ),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
                    }
                ]
            },
            "Unschedulable",
            "m finds no place: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims",
        ),
        ({"conditions": [{"type": "PodScheduled", "status": "False"}]}, "Unschedulable", "m finds no place"),
        ({"phase": "Failed", "reason": "Evicted", "message": "disk"}, "Evicted", "m has failed: disk"),
        ({"phase": "Failed"}, "Failed", "m has failed"),
        (
            {
                "containerStatuses": [
                    {"name": "node", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}}
                ]
            },
            "ImagePullBackOff",
            "m can't start: not found",
        ),
        (
            {"containerStatuses": [{"name": "node", "state": {"waiting": {"reason": "ContainerCreating"}}}]},
            "ContainerCreating",
            "m is being started by its host",
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "node",
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {"terminated": {"message": "No vxlan.\n"}},
                    }
                ]
            },
            "CrashLoopBackOff",
            "m has stopped: No vxlan",
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "node",
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {"terminated": {"reason": "OOMKilled"}},
                    }
                ]
            },
            "CrashLoopBackOff",
            "m has stopped: OOMKilled",
        ),
        (
            {"containerStatuses": [{"name": "node", "state": {"running": {}}}]},
            "Booting",
            "m is booting: kubectl logs -n team-a m",
        ),
        ({}, "Starting", "m is being started by its host"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_status_says_why_a_node_is_not_ready(status: dict[str, object], reason: str, message: str) -> None:
    answer = World().steps(3).with_pod_status("m", status).with_pod_status("w", ready_status()).sync()
    assert answer.status["readyNodes"] == "1/2"
    assert answer.status["nodes"][0]["reason"] == reason
    assert condition(answer, "Ready")["message"] == f"1 of 2 nodes are Ready: {message}."


def test_a_volume_that_the_scheduler_waits_for_is_named() -> None:
    world = World().steps(3)
    claim = {**world.children["PersistentVolumeClaim.v1"]["m-state"], "status": {"phase": "Pending"}}
    answer = world.with_child("PersistentVolumeClaim.v1", "m-state", claim).sync()
    assert condition(answer, "ControlPlaneReady")["reason"] == "VolumePending"
    assert "m waits for its volume: kubectl describe pvc -n team-a m-state" in condition(answer, "Ready")["message"]


def test_a_secret_that_can_not_be_read_costs_no_more_than_its_date() -> None:
    world = running_world()
    secrets = world.children["Secret.v1"]
    pki = {**secrets["demo-pki"], "data": {"ca.crt": "x"}}
    no_date = encode_data({"value": b"client-certificate-data: x"})
    kubeconfig = {**secrets["demo-kubeconfig"], "data": no_date}
    shown = world.with_child("Secret.v1", "demo-pki", pki).sync().status
    assert list(shown["certificatesExpire"]) == ["kubeconfig"]
    shown = world.with_child("Secret.v1", "demo-kubeconfig", kubeconfig).sync().status
    assert list(shown["certificatesExpire"]) == ["ca"]
