"""Several control-plane nodes: who is created, recreated and removed when, so that etcd keeps its quorum."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, DISRUPTION_BUDGET, JOB, POD, SECRET, SERVICE
from hooks.vk8s.plan.removals import LEAVING
from hooks.vk8s.plan.replacements import MEMBER_PATIENCE
from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION, RESTART_ANNOTATION
from tests.unit.vk8s.plan.address_world import ON, related
from tests.world import (
    CONTEXT,
    IMAGE,
    NOW,
    World,
    condition,
    get_child,
    names,
    node,
    ready_status,
    running_world,
    spec,
)

THREE = [node("a", "master"), node("b", "master"), node("c", "master"), node("w", "worker")]
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
RUNNING = {"phase": "Running", "containerStatuses": [{"name": "node", "state": {"running": {}}}]}
NEWER = IMAGE.replace("v1.34", "v1.35")


def at(world: World, seconds: float) -> World:
    return replace(world, context=replace(CONTEXT, now=NOW + timedelta(seconds=seconds)))


def new_world(nodes: list[Manifest] = THREE) -> World:
    return World(spec=spec(nodes=nodes)).steps(3)


def three_world() -> World:
    """Three control-plane nodes and a worker, all Ready for long."""
    world = new_world().with_ready_pods().steps(3).with_ready_pods().step()
    return at(world, 1000).step()


def with_nodes(world: World, *wanted: Manifest) -> World:
    return replace(world, spec=spec(nodes=list(wanted)))


def list_pods(world: World) -> set[str]:
    return set(world.children[POD])


def list_gone(world: World) -> set[str]:
    """The pods that the next answer leaves out."""
    answered = {name.removeprefix("Pod/") for name in names(world.sync()) if name.startswith("Pod/")}
    return list_pods(world) - answered


def read_env(world: World, name: str) -> dict[str, Any]:
    container = world.children[POD][name]["spec"]["containers"][0]
    return {entry["name"]: entry.get("value") for entry in container["env"]}


def without_volume(world: World, *nodes: str) -> World:
    """The world in which claims and pods of these nodes are gone."""
    for name in nodes:
        world = world.with_child(CLAIM, f"{name}-state", None).with_child(POD, name, None)
    return world


def test_first_node_initializes_and_the_others_join_when_it_is_ready() -> None:
    world = new_world()
    assert list_pods(world) == {"a", "w"}
    assert "waits for a control-plane node that it can join" in condition(world.sync(), "Ready")["message"]
    world = world.with_ready_pods().steps(2)
    assert list_pods(world) == {"a", "b", "c", "w"}
    assert [read_env(world, name).get("FOUND") for name in "abc"] == ["true", None, None]


def test_every_member_has_a_name_that_outlives_its_address() -> None:
    world = three_world()
    for name in "abc":
        pod = world.children[POD][name]["spec"]
        assert (pod["hostname"], pod["subdomain"]) == (name, "demo-etcd")
        assert read_env(world, name)["ETCD_SERVICE"] == "demo-etcd.team-a.svc.cluster.local"
    assert "subdomain" not in world.children[POD]["w"]["spec"]
    assert "ETCD_SERVICE" not in read_env(world, "w")
    assert "demo-etcd" in world.children[SERVICE]


def test_only_ready_nodes_of_several_serve_the_api() -> None:
    api = [get_child(world.sync(), "demo-api")["spec"] for world in (running_world(), three_world())]
    assert [each["publishNotReadyAddresses"] for each in api] == [True, False]


def test_api_without_a_network_is_reachable_to_install_one() -> None:
    """Until then no node is Ready."""
    world = World(spec=spec(nodes=THREE, kubernetes={"cni": "none"})).steps(3)
    assert world.children[SERVICE]["demo-api"]["spec"]["publishNotReadyAddresses"] is True
    assert new_world().children[SERVICE]["demo-api"]["spec"]["publishNotReadyAddresses"] is False


def test_control_plane_pods_prefer_hosts_without_another_one() -> None:
    affinity = three_world().children[POD]["a"]["spec"]["affinity"]["podAntiAffinity"]
    terms = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    roles = [term["podAffinityTerm"]["labelSelector"]["matchLabels"]["vk8s.sktelecom.com/role"] for term in terms]
    assert (roles, [term["weight"] for term in terms]) == (["master", "worker"], [100, 50])


def test_drain_leaves_all_members_but_one() -> None:
    world = replace(three_world(), spec=spec(nodes=THREE, disruptionBudget={"maxUnavailable": 1})).step()
    budgets = {name: each["spec"] for name, each in world.children[DISRUPTION_BUDGET].items()}
    assert {name: each["minAvailable"] for name, each in budgets.items()} == {"demo": 0, "demo-etcd": 2}
    labels = {name: each["selector"]["matchLabels"]["vk8s.sktelecom.com/role"] for name, each in budgets.items()}
    assert labels == {"demo": "worker", "demo-etcd": "master"}
    assert replace(world, spec=spec(nodes=THREE, paused=True)).step().children[DISRUPTION_BUDGET] == {}


def test_second_and_third_node_wait_until_the_only_one_has_a_name() -> None:
    world = with_nodes(at(running_world(), 1000), node("m", "master"), *THREE[1:]).step()
    assert list_pods(world) == {"w"}  # the only one is recreated first, as one of several
    world = world.steps(3)
    assert list_pods(world) == {"m", "b", "c", "w"}
    assert [read_env(world, name).get("FOUND") for name in "mbc"] == [None] * 3


def test_removed_nodes_leave_one_by_one_and_the_last_is_single_again() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    assert set(world.children[JOB]) == {"b-leave"}
    assert "c will be removed after b" in condition(world.sync(), "Ready")["message"]
    env = world.children[JOB]["b-leave"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "ROLE", "value": "master"} in env
    for name in "bc":
        assert list_gone(world) == set()
        done = {**world.children[JOB][f"{name}-leave"], "status": DONE}
        world = world.with_child(JOB, f"{name}-leave", done).step()
        assert name not in list_pods(world)
        world = world.steps(2)
    world = world.steps(2)
    assert "ETCD_SERVICE" not in read_env(world, "a")
    assert "demo-etcd" not in world.children[SERVICE]
    assert world.children[JOB] == {}


def test_member_that_does_not_run_is_removed_before_those_that_etcd_needs() -> None:
    world = without_volume(with_nodes(three_world(), THREE[0], THREE[3]), "c").step()
    assert set(world.children[JOB]) == {"c-leave"}
    assert "b will be removed after c" in condition(world.sync(), "Ready")["message"]


def test_removal_that_has_begun_does_not_delay_that_of_a_lost_member() -> None:
    """It may wait for a quorum that there is only without the lost one."""
    world = with_nodes(three_world(), THREE[0], THREE[3]).step().with_pod_status("b", RUNNING)
    assert set(without_volume(world, "c").step().children[JOB]) == {"b-leave", "c-leave"}


def test_removed_node_that_boots_without_data_waits_for_its_turn() -> None:
    """It may join at any moment, also after another node was asked to remove its member."""
    world = without_volume(three_world(), "c").steps(3).with_pod_status("c", RUNNING)
    assert set(with_nodes(world, THREE[0], THREE[3]).step().children[JOB]) == {"b-leave"}


def test_members_that_were_never_seen_ready_are_removed_if_they_are_lost() -> None:
    world = without_volume(with_nodes(seen_late(), THREE[0], THREE[3]), "b", "c").steps(2)
    assert set(world.children[JOB]) == {"b-leave", "c-leave"}


def test_node_under_another_name_joins_while_the_one_it_replaces_leaves() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[1], node("d", "master"), THREE[3]).steps(3)
    assert list_pods(world) == {"a", "b", "c", "d", "w"}
    assert set(world.children[JOB]) == {"c-leave"}


def test_control_plane_that_would_lose_its_data_is_rejected() -> None:
    world = with_nodes(three_world(), node("d", "master"), node("e", "master"), node("f", "master"))
    accepted = condition(world.sync(), "Accepted")
    assert accepted["message"].startswith(
        "spec.nodes: write a or b or c again: no other control-plane node has the data of the cluster."
    )
    assert set(names(world.sync())) == set(names(three_world().sync()))


@pytest.mark.parametrize("lost", [[], ["m"]])
def test_node_that_has_not_joined_yet_does_not_replace_all_others(lost: list[str]) -> None:
    world = with_nodes(at(running_world(), 1000), node("m", "master"), *THREE[1:]).step()
    world = without_volume(world, *lost)
    accepted = condition(with_nodes(world, THREE[1]).sync(), "Accepted")
    assert "write m again" in accepted["message"]


def test_edits_reach_one_member_at_a_time_and_the_workers_last() -> None:
    edited = [node(each["name"], each["role"], image=NEWER) for each in THREE]
    world, order = with_nodes(three_world(), *edited), []
    for seconds in range(2000, 2400, 100):
        world = at(world, seconds)
        gone = list_gone(world)
        order.append(sorted(gone))
        world = world.step()
        assert list_gone(world) == set()
        world = world.step()
        world = with_ready_since(world, gone.pop(), seconds)
        if len(order) < len("abc"):
            assert list_gone(world) == set()  # the others may not have seen yet that it is back
            assert world.sync().resync_after_seconds == MEMBER_PATIENCE.total_seconds()
    assert order == [["a"], ["b"], ["c"], ["w"]]


def with_ready_since(world: World, name: str, seconds: int) -> World:
    since = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": since}
    return world.with_pod_status(name, {"phase": "Running", "conditions": [ready]})


def test_member_that_joined_a_moment_ago_comes_back_without_a_quorum() -> None:
    world = with_nodes(at(running_world(), 1000), node("m", "master"), *THREE[1:]).steps(4)
    assert "b" in list_pods(world)
    # It was never seen Ready, and m alone is no quorum.
    world = world.with_child(POD, "b", None).with_pod_status("m", RUNNING).steps(2)
    assert "b" in list_pods(world)


def test_no_member_is_recreated_while_another_is_away() -> None:
    world = replace(three_world(), annotations={RESTART_ANNOTATION: "now"})
    away = world.with_pod_status("b", RUNNING)
    assert list_gone(away) == set()
    assert list_gone(away.with_pod_status("c", RUNNING)) == set()
    assert list_gone(world) == {"a"}


def test_broken_member_is_recreated_while_the_others_are_a_quorum() -> None:
    world = with_nodes(three_world(), *(node(each["name"], each["role"], image=NEWER) for each in THREE))
    broken = {"phase": "Running", "containerStatuses": [{"name": "node", "restartCount": 3, "state": {"waiting": {}}}]}
    assert list_gone(world.with_pod_status("c", broken)) == {"c"}
    assert list_gone(world.with_pod_status("c", broken).with_pod_status("b", broken)) == set()
    all_broken = world.with_pod_status("c", broken).with_pod_status("b", broken).with_pod_status("a", broken)
    assert list_gone(all_broken) == {"a"}


def test_no_member_is_recreated_while_another_is_being_removed() -> None:
    edited = [node("a", "master", image=NEWER), THREE[3]]
    world = with_nodes(three_world(), *edited)
    assert list_gone(world) == list_gone(world.step()) == set()


def test_empty_volume_replaces_a_lost_one_while_the_others_have_the_data() -> None:
    world = without_volume(three_world(), "b")
    assert condition(world.sync(), "Ready")["reason"] != "StateLost"
    world = world.steps(3)
    assert "b" in list_pods(world)
    assert "b-state" in world.children[CLAIM]
    assert read_env(world, "b").get("FOUND") is None


def test_lost_quorum_gets_no_empty_volumes() -> None:
    world = without_volume(three_world(), "b", "c")
    assert condition(world.sync(), "Ready")["reason"] == "QuorumLost"
    world = world.steps(3)
    assert list_pods(world) == {"a", "w"}
    assert {"b-state", "c-state"}.isdisjoint(world.children[CLAIM])


def test_owner_may_go_on_with_the_data_that_is_left() -> None:
    world = without_volume(three_world(), "b", "c")
    message = condition(world.sync(), "Ready")["message"]
    assert "go on with the data of a, without what it has not received" in message
    assert message.endswith("accept-state-loss=uid-of-b-state,uid-of-c-state.")
    given_up = replace(world, annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-b-state,uid-of-c-state"})
    # It was Ready a moment ago, and can't become so again.
    world = given_up.with_pod_status("a", RUNNING).steps(3)
    assert read_env(world, "a")["MEMBERS_OF"] == "a.1"
    assert "GENERATION" not in read_env(world, "a")  # the workers stay
    world = world.steps(2)
    assert list_pods(world) == {"a", "b", "c", "w"}
    assert [read_env(world, name).get("FOUND") for name in "abc"] == [None] * 3
    world = world.with_ready_pods().steps(3)
    assert list_gone(at(world, 2000)) == set()
    assert condition(world.sync(), "Ready")["status"] == "True"


def test_all_volumes_that_are_given_up_give_a_new_cluster() -> None:
    world = without_volume(three_world(), "a", "b", "c")
    given_up = ",".join(f"uid-of-{name}-state" for name in "abc")
    world = replace(world, annotations={ACCEPT_LOSS_ANNOTATION: given_up}).steps(3)
    assert list_pods(world) == {"a", "w"}
    assert read_env(world, "a")["FOUND"] == "true"
    assert read_env(world, "a")["GENERATION"] == "2"


def test_all_members_come_back_at_once() -> None:
    world = replace(three_world(), spec=spec(nodes=THREE, paused=True)).steps(2)
    assert list_pods(world) == set()
    world = replace(world, spec=spec(nodes=THREE)).steps(2)
    assert list_pods(world) == {"a", "b", "c", "w"}


def test_node_written_again_while_it_is_removed_is_removed_first() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    world = with_nodes(world, *THREE)
    assert "b is being removed" in condition(world.sync(), "Ready")["message"]
    done = {**world.children[JOB]["b-leave"], "status": DONE}
    world = world.with_child(JOB, "b-leave", done).steps(5)
    assert list_pods(world) == {"a", "b", "c", "w"}
    assert world.children[JOB] == {}


def test_member_is_removed_only_when_one_that_stays_has_the_data() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).with_pod_status("a", RUNNING)
    assert (
        "b will be removed when a control-plane node that stays is Ready" in condition(world.sync(), "Ready")["message"]
    )
    world = world.with_ready_pods().step()
    done = {**world.children[JOB]["b-leave"], "status": DONE}
    away = world.with_child(JOB, "b-leave", done).with_pod_status("a", RUNNING).steps(2)
    assert "b-state" in away.children[CLAIM]
    assert "b-state" not in away.with_ready_pods().step().children[CLAIM]


def test_member_that_is_to_leave_gets_a_pod_while_the_quorum_may_need_it() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    world = world.with_child(POD, "b", None).with_child(POD, "c", None)
    assert list_pods(world.step()) == {"a", "w"}  # the others are a quorum without them
    assert list_pods(world.with_pod_status("a", RUNNING).steps(2)) == {"a", "b", "c", "w"}


def test_removed_member_whose_volume_is_gone_is_remembered_until_it_has_left() -> None:
    world = with_nodes(without_volume(three_world(), "c"), THREE[0], THREE[1], node("d", "master"), THREE[3]).step()
    assert set(world.children[JOB]) == {"c-leave"}
    done = {**world.children[JOB]["c-leave"], "status": DONE}
    world = world.with_child(JOB, "c-leave", done).steps(3)
    note = world.children["Secret.v1"]["demo-pki"]["metadata"]["annotations"]["vk8s.sktelecom.com/state"]
    assert '"members": ["a", "b"]' in note


def test_quorum_counts_the_members_that_have_not_left_yet() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    world = without_volume(with_nodes(world, *THREE), "a")
    # b is being removed first, and serves with c.
    assert condition(world.sync(), "Ready")["reason"] != "QuorumLost"
    given_up = replace(world, annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-a-state"}).steps(2)
    note = given_up.children["Secret.v1"]["demo-pki"]["metadata"]["annotations"]["vk8s.sktelecom.com/state"]
    assert ("forced" in note, '"generation": 1' in note) == (False, True)


def test_jobs_of_two_members_are_acted_on_one_after_the_other() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    done = {**world.children[JOB]["b-leave"], "status": DONE}
    other = {**done, "metadata": {**done["metadata"], "name": "c-leave"}}
    labels = {**other["metadata"]["labels"], "vk8s.sktelecom.com/node": "c"}
    takes = {"vk8s.sktelecom.com/takes": "uid-of-c,uid-of-c-state"}
    annotations = {**other["metadata"]["annotations"], **takes}
    other = {**other, "metadata": {**other["metadata"], "labels": labels, "annotations": annotations}}
    world = world.with_child(JOB, "b-leave", done).with_child(JOB, "c-leave", other)
    assert list_gone(world) == {"b"}


def test_step_to_several_can_be_taken_back_before_any_has_joined() -> None:
    crashed = {"name": "node", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    world = with_nodes(at(running_world(), 1000), node("m", "master"), *THREE[1:]).steps(2)
    for name in "bc":
        world = world.with_child(POD, name, None) if name in list_pods(world) else world
    world = world.with_pod_status("m", {"phase": "Running", "containerStatuses": [crashed]})
    world = with_nodes(world, node("m", "master"), THREE[3]).steps(4)
    assert "ETCD_SERVICE" not in read_env(world, "m")


def test_job_of_a_node_that_has_come_back_goes() -> None:
    world = with_nodes(three_world(), *THREE[:2], node("d", "master"), THREE[3]).step()
    done = {**world.children[JOB]["c-leave"], "status": DONE}
    world = with_nodes(world.with_child(JOB, "c-leave", done), *THREE)
    # It has another pod and another claim than those that the Job is about.
    for kind, name in ((POD, "c"), (CLAIM, "c-state")):
        annotations = world.children[kind][name]["metadata"]["annotations"]
        kept = {key: text for key, text in annotations.items() if key != LEAVING}
        world = world.with_metadata(kind, name, uid=f"another-{name}", annotations=kept)
    assert "Job/c-leave" not in names(world.sync())


def read_note(world: World) -> str:
    annotations = world.children[SECRET]["demo-pki"]["metadata"]["annotations"]
    return str(annotations["vk8s.sktelecom.com/state"])


def test_note_says_first_that_the_volume_of_a_member_is_empty() -> None:
    assert '"joining": ["b", "c"]' in read_note(new_world())
    assert "joining" not in read_note(three_world())
    world = without_volume(three_world(), "b").step()
    assert ('"joining": ["b"]' in read_note(world), "b-state" in world.children[CLAIM]) == (True, False)
    assert "b-state" in world.step().children[CLAIM]


def test_second_loss_before_the_first_has_joined_again_is_a_lost_quorum() -> None:
    world = without_volume(three_world(), "b").steps(3).with_pod_status("b", RUNNING).step()
    world = without_volume(world.with_pod_status("a", RUNNING), "c").step()
    ready = condition(world.sync(), "Ready")
    assert ready["reason"] == "QuorumLost"
    assert "go on with the data of a" in ready["message"]
    world = replace(world, annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-c-state"}).steps(2)
    assert '"forced": "a.1"' in read_note(world)


def test_worker_that_has_lost_its_volume_is_no_lost_quorum() -> None:
    world = without_volume(three_world(), "b", "c").with_pod_status("a", RUNNING)
    world = replace(world, annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-b-state,uid-of-c-state"}).steps(3)
    world = without_volume(world.with_pod_status("a", ready_status()), "w")
    assert condition(world.sync(), "Ready")["reason"] == "StateLost"


def test_quorum_goes_on_with_a_member_on_a_host_that_answers() -> None:
    more = [node("d", "master"), node("e", "master")]
    world = with_nodes(three_world(), *THREE[:3], *more, THREE[3]).steps(3).with_ready_pods().step()
    silent = [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]
    spec = {**world.children[POD]["a"]["spec"], "nodeName": "host-1"}
    lost = {**world.children[POD]["a"], "spec": spec, "status": {**RUNNING, "conditions": silent}}
    world = world.with_child(POD, "a", lost).with_pod_status("b", RUNNING)
    message = condition(without_volume(world, "c", "d", "e").sync(), "Ready")["message"]
    assert "go on with the data of b" in message


def test_members_whose_note_is_gone_do_not_wait_for_each_other() -> None:
    world = three_world()
    for name in [*"abc"]:
        world = world.with_child(POD, name, None)
    annotations = world.children[SECRET]["demo-pki"]["metadata"]["annotations"]
    bare = {key: text for key, text in annotations.items() if not key.endswith("/state")}
    restored = world.with_metadata(SECRET, "demo-pki", annotations=bare, creationTimestamp="2026-02-03T04:05:06Z")
    assert list_pods(restored.step()) == {"a", "b", "c", "w"}
    assert [read_env(restored.step(), name).get("FOUND") for name in "abc"] == [None] * 3
    assert '"members": ["a", "b", "c"]' in read_note(restored.step())
    # Without a claim that is older, it is a new cluster.
    new = world.with_metadata(SECRET, "demo-pki", annotations=bare)
    assert list_pods(new.step()) == {"a", "w"}


def test_node_written_again_while_its_job_runs_comes_back_without_data() -> None:
    world = with_nodes(three_world(), *THREE[1:3], node("d", "master"), THREE[3]).step()
    assert set(world.children[JOB]) == {"a-leave"}
    world = with_nodes(world, *THREE)
    assert "a is being removed" in condition(world.sync(), "Ready")["message"]
    done = {**world.children[JOB]["a-leave"], "status": DONE}
    world = world.with_child(JOB, "a-leave", done).steps(6)
    assert (list_pods(world), read_env(world, "a").get("FOUND")) == ({"a", "b", "c", "w"}, None)


def test_only_node_of_the_spec_gets_the_data_of_those_that_are_to_leave() -> None:
    world = without_volume(with_nodes(three_world(), THREE[0], THREE[3]), "a").steps(4)
    assert (list_pods(world), "a-state" in world.children[CLAIM]) == ({"a", "b", "c", "w"}, True)


def test_everything_that_is_lost_is_given_up_with_one_command() -> None:
    world = without_volume(with_nodes(three_world(), THREE[0], THREE[3]), "a", "b", "c")
    message = condition(world.sync(), "Ready")["message"]
    assert "uid-of-a-state,uid-of-b-state,uid-of-c-state" in message
    assert "start with an empty volume" in message


def test_volume_that_is_restored_after_the_others_are_given_up_goes_on_alone() -> None:
    world, claim = three_world(), three_world().children[CLAIM]["a-state"]
    world = without_volume(world, "a", "b", "c")
    world = replace(world, annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-b-state,uid-of-c-state"}).steps(2)
    assert "forced" not in read_note(world)
    assert '"forced": "a.1"' in read_note(world.with_child(CLAIM, "a-state", claim).steps(2))


def lost_while_joining(world: World) -> World:
    """The volumes of `a` and `c` are gone while `b` boots."""
    return without_volume(world.steps(2).with_pod_status("b", RUNNING).step(), "a", "c").step()


def given_up(world: World) -> World:
    return replace(world, annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-a-state,uid-of-c-state"})


def test_cluster_starts_over_if_the_only_volume_left_has_no_data_yet() -> None:
    world = lost_while_joining(without_volume(three_world(), "b").step())
    assert "start with an empty volume" in condition(world.sync(), "Ready")["message"]
    world = given_up(world).step()
    note = json.loads(read_note(world))
    assert (note["generation"], note["claims"].keys()) == (2, {"w"})
    assert read_env(world.steps(3), "a").get("FOUND") == "true"


def test_restored_volume_of_a_member_is_not_taken_for_an_empty_one() -> None:
    world = without_volume(three_world(), "b").step()
    assert json.loads(read_note(world))["joining"] == ["b"]
    restored = three_world().children[CLAIM]["b-state"]
    restored = {**restored, "metadata": {**restored["metadata"], "uid": "uid-of-restored", "annotations": {}}}
    world = lost_while_joining(world.with_child(CLAIM, "b-state", restored))
    assert "go on with the data of b" in condition(world.sync(), "Ready")["message"]
    note = json.loads(read_note(given_up(world).step()))
    assert (note["generation"], note["forced"]) == (1, "b.1")


def test_step_back_to_one_is_accepted_before_anything_has_joined() -> None:
    world = with_nodes(new_world(), THREE[0], THREE[3]).steps(2)
    assert condition(world.sync(), "Accepted")["status"] == "True"
    assert set(world.with_ready_pods().steps(3).children[JOB]) == {"b-leave", "c-leave"}


def test_mark_removes_no_control_plane_node_that_has_the_data() -> None:
    marked = three_world().with_annotations(CLAIM, "a-state", {LEAVING: "true"})
    assert set(marked.steps(2).children[JOB]) == set()


def test_no_member_is_removed_for_a_node_whose_own_job_runs() -> None:
    world = with_nodes(three_world(), *THREE[1:3], node("d", "master"), THREE[3]).step()
    assert set(with_nodes(world, THREE[0], THREE[3]).steps(2).children[JOB]) == {"a-leave"}


def test_nodes_that_have_not_joined_yet_are_no_part_of_the_quorum() -> None:
    more = [node(name, "master") for name in "defg"]
    world = with_nodes(three_world(), THREE[0], *more, THREE[3])
    world = without_volume(world, "a").steps(3)
    assert condition(world.sync(), "Ready")["reason"] != "StateLost"
    assert "a-state" in world.children[CLAIM]


def seen_late() -> World:
    """Three control-plane nodes, of which two have become Ready since the hooks were last asked."""
    return new_world().with_ready_pods().step().with_ready_pods()


def test_drain_leaves_voters_that_were_removed_before_they_were_recorded() -> None:
    world = with_nodes(seen_late(), THREE[0], THREE[3])
    assert world.step().children[DISRUPTION_BUDGET]["demo-etcd"]["spec"]["minAvailable"] == 2


def test_voters_removed_before_they_were_recorded_have_the_data() -> None:
    world = with_nodes(seen_late(), THREE[0], node("d", "master"), node("e", "master"), THREE[3])
    world = without_volume(world, "a").step()
    assert {"b", "c"} <= json.loads(read_note(world))["claims"].keys()
    assert "StateLost" not in str(world.step().sync().status)


def test_member_that_is_to_leave_waits_for_no_address_of_a_pool() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    world = world.with_child(POD, "b", None).with_child(POD, "a", None)
    pooled = replace(world, context=ON, related=related()).steps(2)
    assert (list_pods(world.steps(2)), list_pods(pooled)) == ({"a", "b", "c", "w"}, {"b", "c", "w"})
