"""hooks/vk8s/bootstrap/network-policies.sh: when a node enforces NetworkPolicies, and what it says if it can't."""

import json

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.unit.vk8s.bootstrap import watched
from tests.unit.vk8s.bootstrap.bench import BOOT, Node, answer, refuse
from tests.unit.vk8s.bootstrap.watched import IS_READY, NODE_PATH, reports, watch

PROGRAM = "usr/local/bin/network-policies"
THERE, LACK, REPORTED = (
    "var/lib/vk8s/network-policies",
    "run/vk8s/no-network-policies",
    "var/lib/vk8s/network-policies-lack",
)
STARTS = "systemctl --no-block start network-policies"
ROLE_PATH = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/network-policies"
ACCEPTED = answer(f"{NODE_PATH}/status", method="PATCH")
SOURCED = "sentences.sh state-volume.sh room.sh image-store.sh network-programs.sh kubelet.sh host.sh network.sh"
NOTE = 'report() { echo "$1: $2"; }'
OLD_IMAGE = "The image of this node has no network-policies, so that NetworkPolicies are not enforced for its pods"
OLD_KERNEL = "The kernel of this node's host does not have what NetworkPolicies need"


@pytest.fixture
def node(node: Node) -> Node:
    """A worker that is ready, with the program, on a host that has what it takes."""
    watched.make_ready(node)
    node.write(PROGRAM).chmod(0o755)
    return node.given(NETWORK_POLICIES="true")


def list_patches(calls: list[str]) -> list[Manifest]:
    """The conditions that the Node gets."""
    sent = [call.partition(" --data ")[2] for call in calls if "/status" in call and "PATCH" in call]
    patches = [json.JSONDecoder().raw_decode(each)[0] for each in sent]
    return [condition for patch in patches for condition in patch["status"]["conditions"]]


# Who enforces them


def test_node_that_is_ready_enforces_policies_once(node: Node) -> None:
    ended = watch(node)
    assert ended.said == [IS_READY]
    assert ended.calls_of("systemctl") == [STARTS]
    assert not list_patches(ended.calls)


def test_node_that_is_not_ready_yet_has_other_work(node: Node) -> None:
    assert not watch(node, {0: f"{answer('/healthz', 'ok')}; {reports(ready='False')}"}).calls_of("systemctl")


@pytest.mark.parametrize("variables", [{"NETWORK_POLICIES": "false"}, {"CNI": "none"}], ids=["left out", "of the user"])
def test_policies_that_are_not_its_own_are_left_alone(node: Node, variables: dict[str, str]) -> None:
    (node.root / PROGRAM).unlink()
    node.write(THERE)
    node.write(LACK)
    ended = watch(node.given(**variables))
    assert ended.said == [IS_READY]
    assert not ended.calls_of("systemctl")
    assert not list_patches(ended.calls)


def test_policies_of_the_previous_boot_are_enforced_with_the_network(node: Node) -> None:
    start = "start_network"
    assert node.source(SOURCED, start).calls_of("systemctl") == ["systemctl --no-block start flanneld"]
    node.write(THERE)
    assert node.source(SOURCED, start).calls_of("systemctl") == ["systemctl --no-block start flanneld", STARTS]
    assert node.given(NETWORK_POLICIES="false").source(SOURCED, start).calls_of("systemctl")[1:] == []
    node.write(LACK)
    assert node.source(SOURCED, start).calls_of("systemctl")[1:] == []


# The right to read them


@pytest.fixture
def master(node: Node) -> Node:
    node.program("kubectl", 'cat "${!#}" >bench/applied')
    return node.given(ROLE="master")


def test_first_boot_creates_the_role(node: Node) -> None:
    printed = "print_network_manifests"
    assert "name: network-policies" in node.source(SOURCED, printed).output
    assert "network-policies" not in node.given(NETWORK_POLICIES="false").source(SOURCED, printed).output


def test_cluster_of_an_earlier_version_gets_the_role_later(master: Node) -> None:
    ended = watch(master, {0: f"{answer('/healthz', 'ok')}; {reports()}; {answer(ROLE_PATH, status=404)}"})
    assert ended.said == [IS_READY]
    (call,) = ended.calls_of("kubectl")
    assert call.startswith(f"kubectl --kubeconfig {master.root}/etc/kubernetes/super-admin.conf apply --server-side")
    assert master.read("bench/applied") == (BOOT / "network-policies-access.yaml").read_text()
    assert ended.calls_of("systemctl") == [STARTS]


def test_cluster_that_has_the_role_keeps_it(master: Node) -> None:
    ended = watch(master, {0: f"{answer('/healthz', 'ok')}; {reports()}; {answer(ROLE_PATH)}"})
    assert not ended.calls_of("kubectl")
    assert ended.calls_of("systemctl") == [STARTS]


@pytest.mark.parametrize("failure", [refuse(ROLE_PATH, 28), answer(ROLE_PATH, status=500)], ids=["silent", "ill"])
def test_api_server_that_fails_is_asked_again(master: Node, failure: str) -> None:
    begin = f"{answer('/healthz', 'ok')}; {reports()}; {failure}"
    ended = watch(master, {0: begin, 5: answer(ROLE_PATH)})
    assert ended.said == [IS_READY]
    assert ended.calls_of("systemctl") == [STARTS]


# Nodes that can't


@pytest.mark.parametrize(
    ("lack", "reason", "sentence"),
    [(f"rm {PROGRAM}", "ImageTooOld", OLD_IMAGE), (f"touch {LACK}", "KernelWithoutIpset", OLD_KERNEL)],
    ids=["an old image", "an old kernel"],
)
def test_node_that_cannot_says_so_in_log_and_node(node: Node, lack: str, reason: str, sentence: str) -> None:
    ended = watch(node, {0: f"{answer('/healthz', 'ok')}; {reports()}; {ACCEPTED}; {lack}"})
    ready, said = ended.said
    assert ready == IS_READY
    assert said.startswith(sentence)
    (condition,) = list_patches(ended.calls)
    noted = condition.pop("lastHeartbeatTime"), condition.pop("lastTransitionTime")
    assert noted[0] == noted[1]
    assert condition == {
        "type": "NetworkPoliciesEnforced", "status": "False", "reason": reason, "message": said,
    }  # fmt: skip
    assert not ended.calls_of("systemctl")


def test_condition_that_is_refused_is_sent_again(node: Node) -> None:
    node.write(LACK)
    ended = watch(node, {3: ACCEPTED})
    assert len(ended.said) == 2
    assert 2 <= len(list_patches(ended.calls)) <= 5


def test_node_that_can_again_withdraws_the_condition(node: Node) -> None:
    node.write(REPORTED)
    ended = watch(node, {0: f"{answer('/healthz', 'ok')}; {reports()}; {ACCEPTED}"})
    assert list_patches(ended.calls) == [{"type": "NetworkPoliciesEnforced", "$patch": "delete"}]
    assert not node.has(REPORTED)
    assert ended.calls_of("systemctl") == [STARTS]


# What the kernel must have


@pytest.fixture
def host(node: Node) -> Node:
    node.program("ipset")
    return node


def check(node: Node) -> list[str]:
    ended = node.source(SOURCED, f"{NOTE}; check_policies_kernel")
    assert ended.code == 0
    return ended.said


def test_kernel_that_has_what_it_takes_is_good(host: Node) -> None:
    assert check(host) == ["ok: The kernel has what NetworkPolicies need"]
    assert not host.has(LACK)


def test_kernel_without_ipset_keeps_no_node_from_booting(host: Node) -> None:
    host.program("unshare", "exit 1")
    host.program("modprobe", "exit 1")
    (said,) = check(host)
    assert said.startswith("note: The host's kernel has no ipset or not all matches")
    assert host.has(LACK)


def test_kernel_may_have_it_in_a_module(host: Node) -> None:
    host.program("unshare", "[[ -e bench/loaded ]]")
    host.program("modprobe", "touch bench/loaded")
    assert check(host) == ["ok: The kernel has what NetworkPolicies need"]
    assert not host.has(LACK)


def test_kernel_is_not_asked_for_what_is_left_out(host: Node) -> None:
    assert check(host.given(NETWORK_POLICIES="false")) == []
