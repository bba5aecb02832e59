"""NetworkPolicies inside: each node enforces them for its own pods, whatever becomes of its program and of its pod."""

from collections.abc import Iterator
from functools import partial

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.limits import RECOVERY_SECONDS
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import PORT, build_web_pod, build_web_service, fetch_name, fetch_name_by_address

NODE, SECONDS = "local-worker", 90
# Clients: one next to the server, one on the other node.
SERVER, CLIENTS = "server", {"beside": NODE, "away": "local-master"}
# From a change of the policies to its effect.
EFFECT_SECONDS = 10
PROGRAM = "network-policies"


def build_policy(name: str, **spec: object) -> Manifest:
    """A policy for the server alone."""
    selected = {"podSelector": {"matchLabels": {"app": SERVER}}, "policyTypes": ["Ingress"], **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": selected}


def build_allowance(client: str) -> Manifest:
    """A policy that lets one client in."""
    peer = {"podSelector": {"matchLabels": {"app": client}}}
    return build_policy(f"allow-{client}", ingress=[{"from": [peer], "ports": [{"port": PORT}]}])


def is_let_in(inside: Kubectl, client: str) -> bool:
    """Whether the client gets an answer of the server, at its own address."""
    return fetch_name_by_address(inside, client, SERVER) == SERVER


def list_rules(virtual: VirtualCluster, node: str) -> list[str]:
    """The rules of the program in the kernel of a node."""
    saved = virtual.kubectl.run("exec", node, "--", "iptables-save", "-t", "filter")
    return [line for line in saved.splitlines() if "KUBE-ROUTER" in line]


@pytest.fixture
def guarded(running: VirtualCluster) -> Iterator[VirtualCluster]:
    """The virtual cluster with a server that a policy lets nobody into, and clients on both nodes."""
    running.wait_for_nodes()
    inside = running.inside
    pods = {SERVER: NODE, **CLIENTS}
    inside.apply(*(build_web_pod(name, node) for name, node in pods.items()))
    inside.run("wait", "--for=condition=Ready", *(f"pod/{name}" for name in pods), f"--timeout={SECONDS}s")
    for client in CLIENTS:
        assert is_let_in(inside, client)
    inside.apply(build_policy("deny"))
    wait_for("the policy", lambda: not any(is_let_in(inside, client) for client in CLIENTS), EFFECT_SECONDS)
    yield running
    inside.run("delete", "networkpolicies", "--all")
    inside.run("delete", "pods", *pods, "--grace-period=0", "--force")


@pytest.mark.nightly("tests/images/test_go.py")
def test_kernel_has_no_rule_until_there_is_a_policy(running: VirtualCluster) -> None:
    """In a new pod: the rules of the last policy stay in the kernel of the node that had them."""
    running.wait_for_nodes()
    running.replace_pod(NODE, RECOVERY_SECONDS)
    running.wait_for_nodes()
    is_active = partial(running.kubectl.succeeds, "exec", NODE, "--", "systemctl", "is-active", PROGRAM)
    wait_for(f"{PROGRAM} on {NODE}", is_active, SECONDS)
    assert list_rules(running, NODE) == []
    record("netpol_idle_mb", measure_own_memory(running, NODE))


def measure_own_memory(virtual: VirtualCluster, node: str) -> float:
    """MB that the program takes for itself: the rest is that of flanneld's file, which runs anyway."""
    script = f"cat /proc/$(systemctl show --property MainPID --value {PROGRAM})/smaps_rollup"
    rows = virtual.kubectl.run("exec", node, "--", "bash", "-c", script).splitlines()
    return next(round(int(row.split()[1]) / 1000, 1) for row in rows if row.startswith("Pss_Anon:"))


@pytest.mark.parametrize("client", CLIENTS)
def test_policy_lets_in_whom_it_names_and_nobody_else(guarded: VirtualCluster, client: str) -> None:
    inside = guarded.inside
    (other,) = (each for each in CLIENTS if each != client)
    inside.apply(build_allowance(client))
    wait_for(f"{client} to be let in", lambda: is_let_in(inside, client), EFFECT_SECONDS)
    assert not is_let_in(inside, other)
    inside.run("delete", "networkpolicy", f"allow-{client}")
    wait_for(f"{client} to be kept out", lambda: not is_let_in(inside, client), EFFECT_SECONDS)


def test_kubelet_reaches_pods_that_nobody_may_reach(guarded: VirtualCluster) -> None:
    """A pod becomes Ready by a probe of its kubelet."""
    inside = guarded.inside
    inside.run("delete", "pod", SERVER, "--grace-period=0", "--force")
    inside.apply(build_web_pod(SERVER, NODE))
    inside.run("wait", "--for=condition=Ready", f"pod/{SERVER}", f"--timeout={SECONDS}s")
    wait_for("the policy", lambda: not any(is_let_in(inside, client) for client in CLIENTS), EFFECT_SECONDS)


@pytest.mark.nightly("tests/images/test_go.py")
def test_policy_outlives_its_program_and_its_node(guarded: VirtualCluster) -> None:
    inside = guarded.inside
    guarded.kubectl.run("exec", NODE, "--", "systemctl", "kill", "--signal=KILL", PROGRAM)
    assert not any(is_let_in(inside, client) for client in CLIENTS)
    inside.apply(build_allowance("away"))
    wait_for("the program to be back", lambda: is_let_in(inside, "away"), SECONDS)
    inside.run("delete", "networkpolicy", "allow-away")
    guarded.replace_pod(NODE, RECOVERY_SECONDS)
    guarded.wait_for_nodes()
    inside.run("wait", "--for=condition=Ready", f"pod/{SERVER}", "pod/beside", f"--timeout={SECONDS}s")
    wait_for("the policy", lambda: not any(is_let_in(inside, client) for client in CLIENTS), EFFECT_SECONDS)
    assert list_rules(guarded, NODE)


def test_service_leads_only_those_to_its_pods_who_may_reach_them(guarded: VirtualCluster) -> None:
    inside = guarded.inside
    inside.apply(build_web_service(SERVER))
    assert fetch_name(inside, "beside", SERVER) is None
    inside.apply(build_allowance("beside"))
    wait_for("an answer by the name", lambda: fetch_name(inside, "beside", SERVER) == SERVER, EFFECT_SECONDS)
    assert fetch_name(inside, "away", SERVER) is None
    inside.run("delete", f"service/{SERVER}")
