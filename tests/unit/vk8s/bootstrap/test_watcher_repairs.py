"""hooks/vk8s/bootstrap/watcher.sh: what is done about a Node that is gone, and about one that is to be removed."""

import json
from collections.abc import Mapping

import pytest

from tests.unit.vk8s.bootstrap import watched
from tests.unit.vk8s.bootstrap.bench import Node, answer
from tests.unit.vk8s.bootstrap.watched import (
    HEALTHY,
    IS_READY,
    KUBECONFIG,
    LEFT,
    NODE_PATH,
    READY,
    REFUSED,
    UNHEALTHY,
    UNKNOWN,
    UNREACHABLE,
    reports,
    watch,
)


@pytest.fixture
def node(node: Node) -> Node:
    return watched.make_ready(node)


# Node gone, certificate refused


def test_node_that_is_gone_registers_again_with_its_subnet(node: Node) -> None:
    """Its pods keep running, with their addresses."""
    ended = watch(node, {10: UNKNOWN}, limit=17)
    assert "The Node of this node is gone; the kubelet registers it again." in ended.said
    (post,) = [call for call in ended.calls if "--data" in call]
    assert post.endswith("https://demo-api:6443/api/v1/nodes")
    made = json.loads(post[post.index('{"') : post.rindex("}") + 1])
    assert made == {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "demo-worker"},
        "spec": {"podCIDR": "198.18.1.0/24", "podCIDRs": ["198.18.1.0/24"]},
    }  # fmt: skip
    assert ended.calls[ended.calls.index(post) + 1 :][:2] == [
        "systemctl try-restart kubelet",
        "systemctl try-restart flanneld network-policies",
    ]
    assert node.has(KUBECONFIG)


@pytest.mark.parametrize(
    "environment", [{"ROLE": "master"}, {"CNI": "none"}], ids=["the control plane", "without a network of ours"]
)
def test_kubelet_creates_the_node_where_there_is_no_subnet_to_keep(node: Node, environment: Mapping[str, str]) -> None:
    ended = watch(node.given(**environment), {10: UNKNOWN}, limit=17)
    assert not [call for call in ended.calls if "--data" in call]
    assert "kubelet" in ended.calls_of("systemctl")[0]


def test_worker_whose_certificate_is_rejected_joins_again(node: Node) -> None:
    """As after the CA was lost: the boot does it, and finds no kubeconfig."""
    ended = watch(node, {10: REFUSED}, limit=17)
    assert "The API server rejects the certificate of this node; it joins again." in ended.said
    assert ended.calls_of("systemctl") == ["systemctl --no-block restart vk8s-boot"]
    assert not node.has(KUBECONFIG)


def test_control_plane_keeps_a_certificate_that_is_rejected(node: Node) -> None:
    """Its own boot makes another one."""
    ended = watch(node.given(ROLE="master"), {10: REFUSED})
    assert not ended.calls_of("systemctl")
    assert node.has(KUBECONFIG)


@pytest.mark.parametrize("lost", [UNKNOWN, REFUSED], ids=["gone", "refused"])
@pytest.mark.parametrize("between", [reports(), UNREACHABLE], ids=["there again", "the API server is away"])
def test_nothing_is_done_before_it_has_lasted_five_seconds(node: Node, lost: str, between: str) -> None:
    """An API server that starts may answer so before it has read its data."""
    ended = watch(node, {10: lost, 14.5: between, 16: lost, 20.5: between})
    assert not ended.calls_of("systemctl")


def test_registration_is_retried(node: Node) -> None:
    ended = watch(node, {10: UNKNOWN}, limit=23)
    assert ended.said.count("The Node of this node is gone; the kubelet registers it again.") == 2


# Back from an outage


def test_kubelet_is_woken_when_the_api_server_answers_again(node: Node) -> None:
    """It would ask for its pods a minute later."""
    ended = watch(node, {10: UNREACHABLE, 25: reports()}, limit=40)
    assert ended.calls_of("systemctl") == ["systemctl try-restart kubelet"]
    assert [sentence for sentence in ended.said if "answers again after 16 s" in sentence]
    assert node.has(READY)


def test_kubelet_that_starts_is_waited_for_before_it_is_called_unhealthy(node: Node) -> None:
    node.program("systemctl", f"[[ $1 != try-restart ]] || {UNHEALTHY}")
    ended = watch(node, {10: UNREACHABLE, 25: reports(), 29: HEALTHY}, limit=40)
    assert not [sentence for sentence in ended.said if "Not ready" in sentence]
    ended = watch(node, {10: UNREACHABLE, 25: reports(), 37: HEALTHY}, limit=45)
    assert not [sentence for sentence in ended.said if "the kubelet is not healthy" in sentence]


@pytest.mark.parametrize(
    ("seconds", "role"),
    [(9, "worker"), (20, "master")],
    ids=["a worker, after a short while", "a control-plane node, whose own it is"],
)
def test_kubelet_is_left_alone(node: Node, seconds: float, role: str) -> None:
    ended = watch(node.given(ROLE=role), {10: UNREACHABLE, 10 + seconds: reports()}, limit=40)
    assert not ended.calls_of("systemctl")


# Removal


def test_removed_worker_stops_its_kubelet_and_annotates_its_node(node: Node) -> None:
    node.program("systemctl", f"[[ ! -e {READY} && -s {LEFT} ]] && echo in order >>in-order")
    ended = watch(node, {10: f"{reports(leaving=True)}; {answer(NODE_PATH, method='PATCH')}"})
    assert ended.said == [IS_READY, "This node is being removed from its cluster."]
    assert ended.calls_of("systemctl") == ["systemctl stop kubelet"]
    assert node.has("in-order")
    stop, patch, end = ended.calls[-3:]
    assert stop == "systemctl stop kubelet"
    assert '{"metadata": {"annotations": {"vk8s.sktelecom.com/left": "true"}}}' in patch
    assert end == "sleep infinity"
    assert not node.has(READY)


def test_annotation_is_retried_until_the_api_server_accepts_it(node: Node) -> None:
    ended = watch(
        node,
        {
            10: reports(leaving=True),
            20: answer(NODE_PATH, method="PATCH", status=500),
            25: answer(NODE_PATH, method="PATCH"),
        },
    )
    assert sum("--request PATCH" in call for call in ended.calls) == 16
    assert ended.calls[-1] == "sleep infinity"


def test_removed_node_is_never_ready_again(node: Node) -> None:
    node.write(LEFT)
    ended = watch(node)
    assert (ended.output, ended.calls) == ("", ["sleep infinity"])
    assert not node.has(READY)


# What only logs show


def test_host_without_inotify_instances_is_named_once(node: Node) -> None:
    node.write("proc/sys/fs/inotify/max_user_instances", "128\n")
    node.program("journalctl", "echo 'failed to create notify watcher: too many open files'")
    ended = watch(node, {0: f"{UNHEALTHY}"})
    (sentence,) = ended.said
    assert sentence.startswith(
        "All 128 inotify instances of the host are in use, and containerd or the kubelet can't start."
    )
    assert (
        ended.calls_of("journalctl") == ["journalctl --unit containerd --unit kubelet --since -10 s --output cat"] * 2
    )


def test_missing_inotify_instances_are_reported_each_time(node: Node) -> None:
    node.write("proc/sys/fs/inotify/max_user_instances", "128\n")
    node.program("journalctl", "echo 'failed to create notify watcher: too many open files'")
    ended = watch(node, {0: f"{UNHEALTHY}; {reports()}", 15: HEALTHY, 25: UNHEALTHY}, limit=40)
    assert sum("All 128 inotify instances" in sentence for sentence in ended.said) == 2


def test_logs_of_a_node_that_is_ready_are_left_alone(node: Node) -> None:
    assert not watch(node).calls_of("journalctl")
