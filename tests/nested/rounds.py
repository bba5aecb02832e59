"""From nothing to a working cluster, with the controller, and with the same children applied by kubectl.

What was there before has to be gone, or it takes part.
"""

import time

from hooks.offline.render import render
from hooks.server.main import build_context, load_scripts
from hooks.settings import Settings
from tests.child_kinds import CHILD_RESOURCES
from tests.nested.virtual import VirtualCluster, list_ready_nodes

_READY_SECONDS = 180


def time_controller(virtual: VirtualCluster) -> float:
    """Seconds from kubectl apply until status says Running; AssertionError where not all Nodes are Ready by then."""
    start = time.monotonic()
    virtual.kubectl.apply(virtual.manifest)
    virtual.wait_for_phase("Running")
    taken = time.monotonic() - start
    assert list_ready_nodes(virtual.inside) == sorted(virtual.nodes)
    return taken


def time_bare(virtual: VirtualCluster) -> float:
    """The same until all pods are Ready, with the same children applied by kubectl, which are gone afterwards."""
    manifest = {**virtual.manifest, "metadata": {"name": virtual.name, "namespace": virtual.host.namespace}}
    children = render(manifest, build_context(Settings(), load_scripts())).children
    start = time.monotonic()
    virtual.kubectl.apply(*children)
    pods = [f"pod/{node}" for node in virtual.nodes]
    virtual.kubectl.run("wait", "--for=condition=Ready", *pods, f"--timeout={_READY_SECONDS}s")
    taken = time.monotonic() - start
    assert list_ready_nodes(virtual.inside) == sorted(virtual.nodes)
    virtual.kubectl.run("delete", CHILD_RESOURCES, f"--selector=vk8s.sktelecom.com/vk8s={virtual.name}")
    return taken
