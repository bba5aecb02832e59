"""NetworkPolicies that the host cluster's network enforces: what has to get in does, and nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.kind.page import type_in
from tests.kind.placing import SYSTEM, list_access_pods
from tests.nested.current import MANAGED
from tests.nested.host import Host
from tests.nested.place import Place
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_node_port_service
from tests.walkthrough.pages import read_commands

PORTS_PAGE = ROOT / "docs" / "how-to" / "ports.md"
# The namespace that the page lets in.
GATEWAY = "gateway-system"
API, KUBELET, SSH, DECLARED, HOOKS = 6443, 10250, 22, 30000, 8443
SCRAPE = "vk8s.sktelecom.com/scrape"
SECONDS = 60
_CONNECT = "exec 3<>/dev/tcp/$0/$1"
_CALL_OUT = "import socket; socket.create_connection(('{}', {}), 3)"


@dataclass(frozen=True)
class Peers:
    """Where connections come from: a node of the virtual cluster, a pod of its namespace, a pod of another one."""

    node: Place
    namespace: Place
    elsewhere: Place


@pytest.fixture(scope="module")
def elsewhere(hosts: Kubectl) -> Iterator[Kubectl]:
    """`kubectl` for a namespace with a pod that has nothing to do with the product."""
    hosts.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY, "labels": MANAGED}})
    kubectl = hosts.within(GATEWAY)
    try:
        yield kubectl
    finally:
        hosts.run("delete", "namespace", GATEWAY, f"--timeout={SECONDS}s")


@pytest.fixture(scope="module")
def stranger(elsewhere: Kubectl, host: Host) -> Place:
    """A pod of that namespace, where commands can run."""
    elsewhere.apply(build_stranger(host.images.access))
    elsewhere.run("wait", "--for=condition=Ready", "pod/stranger", f"--timeout={SECONDS}s")
    return enter(elsewhere, "stranger")


def build_stranger(image: str) -> Manifest:
    container = {"name": "stranger", "image": image, "command": ["sleep", "infinity"]}
    spec = {"automountServiceAccountToken": False, "containers": [container], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stranger"}, "spec": spec}


@pytest.fixture
def peers(web: VirtualCluster, stranger: Place) -> Peers:
    return Peers(enter(web.kubectl, "local-worker"), web.host.client.outside, stranger)


def enter(kubectl: Kubectl, pod: str) -> Place:
    return Place([*kubectl.command, "exec", "--stdin", pod, "--"])


def connects(place: Place, address: str, port: int) -> bool:
    """Whether a connection is established; one that is dropped takes a few seconds."""
    return place.run("timeout", "5", "bash", "-c", _CONNECT, address, str(port)).returncode == 0


def get_address(kubectl: Kubectl, pod: str) -> str:
    """The address of a pod."""
    return str(kubectl.get("pod", pod)["status"]["podIP"])


def wait_until(what: str, condition: Callable[[], bool]) -> None:
    """A change of a policy takes a moment to get to all hosts."""
    wait_for(what, condition, SECONDS)


@pytest.mark.parametrize(
    ("pod", "port", "who"),
    [
        ("local-master", API, {"node", "namespace"}),
        pytest.param(
            "local-master", KUBELET, {"node"}, marks=pytest.mark.nightly("tests/kind/test_network_policies.py")
        ),
        pytest.param(
            "local-worker2", KUBELET, {"node"}, marks=pytest.mark.nightly("tests/kind/test_network_policies.py")
        ),
    ],
    ids=["API", "kubelet of the control-plane node", "kubelet of a worker"],
)
def test_port_of_a_node_is_open_to_those_that_need_it_alone(
    web: VirtualCluster, peers: Peers, pod: str, port: int, who: set[str]
) -> None:
    address = get_address(web.kubectl, pod)
    assert {name for name, place in vars(peers).items() if connects(place, address, port)} == who


@pytest.mark.nightly("tests/unit/vk8s/children/test_network_policy.py")
def test_ssh_is_open_to_everybody(web: VirtualCluster, peers: Peers) -> None:
    # The spare one has another name.
    address = get_address(web.kubectl, list_access_pods(web)[0])
    assert all(connects(place, address, SSH) for place in vars(peers).values())


@pytest.mark.nightly("tests/unit/vk8s/children/test_network_policy.py")
def test_declared_port_is_open_to_everybody(web: VirtualCluster, peers: Peers) -> None:
    web.inside.apply(build_node_port_service("on-worker", DECLARED))
    try:
        address = get_address(web.kubectl, "local-worker")
        wait_until("the port", lambda: connects(peers.namespace, address, DECLARED))
        assert connects(peers.node, address, DECLARED)
        assert connects(peers.elsewhere, address, DECLARED)
    finally:
        web.inside.run("delete", "service", "on-worker-node-port")


@pytest.mark.nightly("tests/kind/test_network_policies.py::test_port_of_a_node_is_open_to_those_that_need_it_alone")
def test_policy_of_the_page_on_ports_lets_a_gateway_reach_the_api(web: VirtualCluster, peers: Peers) -> None:
    address = get_address(web.kubectl, "local-master")
    assert not connects(peers.elsewhere, address, API)
    commands = [command.text for command in read_commands(PORTS_PAGE, under="Let others in")]
    try:
        type_in(web, "\n".join(commands), {})
        wait_until("the API for the gateway", lambda: connects(peers.elsewhere, address, API))
        assert not connects(peers.elsewhere, address, KUBELET)
    finally:
        web.kubectl.run("delete", "networkpolicy", "local-api-from-gateway")
    wait_until("the API closed again", lambda: not connects(peers.elsewhere, address, API))


@pytest.mark.nightly("tests/contract/test_manifests.py")
def test_hooks_are_reached_by_metacontroller_and_prometheus_alone(
    running: VirtualCluster, elsewhere: Kubectl, stranger: Place
) -> None:
    system = running.kubectl.within(SYSTEM)
    pods = system.get("pods", "--selector=app.kubernetes.io/name=vk8s-hooks")["items"]
    addresses = [pod["status"]["podIP"] for pod in pods]
    assert len(addresses) == 2
    assert not any(connects(stranger, address, HOOKS) for address in addresses)
    assert_edits_are_answered(running)
    elsewhere.run("label", "namespace", GATEWAY, f"{SCRAPE}=true")
    wait_until("the hooks for Prometheus", lambda: all(connects(stranger, address, HOOKS) for address in addresses))


def assert_edits_are_answered(virtual: VirtualCluster) -> None:
    """Asserts that Metacontroller's calls arrive: it writes what the hooks have answered about an edit."""
    for budget in ({"maxUnavailable": 1}, None):
        patch = json.dumps({"spec": {"disruptionBudget": budget}})
        virtual.kubectl.run("patch", "vk8s", virtual.name, "--type=merge", f"--patch={patch}")
        wait_until("an answer to the edit", lambda: is_answered(virtual))


def is_answered(virtual: VirtualCluster) -> bool:
    vk8s = virtual.kubectl.get("vk8s", virtual.name)
    return bool(vk8s["status"]["observedGeneration"] == vk8s["metadata"]["generation"])


def test_hooks_can_call_nobody(running: VirtualCluster, stranger: Place) -> None:
    system = running.kubectl.within(SYSTEM)
    address = running.kubectl.within("default").get("service", "kubernetes")["spec"]["clusterIP"]
    assert connects(stranger, address, 443)
    call = ("exec", "deployment/vk8s-hooks", "--", "python", "-c", _CALL_OUT.format(address, 443))
    assert system.succeeds("exec", "deployment/vk8s-hooks", "--", "python", "-c", "import socket")
    assert not system.succeeds(*call)
