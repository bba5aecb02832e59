"""How long it takes from `kubectl apply` to a working cluster; with the controller, and without it for comparison."""

import time
from statistics import median

import pytest

from hooks.main import build_context, load_scripts
from hooks.render import render
from hooks.settings import Settings
from tests.figures import record
from tests.nested.virtual import VirtualCluster

pytestmark = pytest.mark.quiet

ROUNDS = 3
APPLY_TO_RUNNING_SECONDS = 20
CONTROLLER_SECONDS = 3


def test_a_virtual_cluster_is_running_within_twenty_seconds_and_about_as_fast_as_its_bare_children(
    local: VirtualCluster,
) -> None:
    # In turns, as the speed of a machine wanders.
    with_controller, bare = [], []
    for _ in range(ROUNDS):
        with_controller.append(time_controller(local))
        bare.append(time_bare(local))
    record("apply_to_running_s", median(with_controller))
    record("bare_kubeadm_s", median(bare))
    # Where kubeadm alone takes most of that, something else keeps the machine busy; then the controller's share counts.
    limit = max(APPLY_TO_RUNNING_SECONDS, median(bare) + CONTROLLER_SECONDS)
    assert median(with_controller) <= limit, (with_controller, bare)


def time_controller(local: VirtualCluster) -> float:
    """Seconds until status says Running and both Nodes are Ready by the kubeconfig."""
    local.ensure_absent()
    start = time.monotonic()
    local.ensure_running()
    local.wait_for_nodes()
    return time.monotonic() - start


def time_bare(local: VirtualCluster) -> float:
    """Seconds until both Nodes are Ready by the kubeconfig, with the same children applied by kubectl."""
    local.ensure_absent()
    manifest = {**local.manifest, "metadata": {"name": local.name, "namespace": local.host.namespace}}
    children = render(manifest, build_context(Settings(), load_scripts()))
    start = time.monotonic()
    local.kubectl.apply(*children)
    pods = [f"pod/{node}" for node in local.nodes]
    local.kubectl.run("wait", "--for=condition=Ready", *pods, "--timeout=180s")
    local.wait_for_nodes()
    taken = time.monotonic() - start
    kinds = "pods,persistentvolumeclaims,services,secrets,configmaps,networkpolicies"
    local.kubectl.run("delete", kinds, f"--selector=vk8s.sktelecom.com/vk8s={local.name}")
    return taken
