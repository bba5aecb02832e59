"""Walks: a Vk8s is made and synced, then things happen to it."""

from dataclasses import replace

from hypothesis import strategies as st

from hooks.settings import Settings
from tests.properties.events import (
    EVENTS,
    change_pods,
    change_spec,
    hide,
    ready_pods,
    renew_pods,
    set_pods,
)
from tests.properties.host import Host
from tests.properties.others import add_unknown
from tests.properties.specs import LABELS, VK8S_NAMES, valid_specs
from tests.world import CONTEXT, World

# The PKI, what is made from it, the node pods, the access pod.
STEPS_TO_ALL_PODS = 4
WITH_INSTALLER = replace(CONTEXT, settings=Settings(kubeflow_installer_image="registry.example.com/k:{version}"))


@st.composite
def new_hosts(draw: st.DrawFn) -> Host:
    """A Vk8s that was just created, with a valid spec."""
    spec = draw(valid_specs())
    world = World(spec=spec, name=draw(VK8S_NAMES), labels=draw(LABELS), context=WITH_INSTALLER)
    return Host(world, valid_spec=spec, story=(f"spec: {spec}",))


@st.composite
def settled_hosts(draw: st.DrawFn) -> Host:
    """A virtual cluster that runs."""
    host = draw(new_hosts()).steps(STEPS_TO_ALL_PODS)
    return set_pods(host, host.world.children["Pod.v1"], "Ready").step()


@st.composite
def changed_hosts(draw: st.DrawFn) -> Host:
    """A virtual cluster that ran, and that has just got another spec or other bootstrap files."""
    changed = draw(st.sampled_from([change_spec, renew_pods]))(draw, draw(settled_hosts()))
    return draw(st.sampled_from([change_pods, ready_pods]))(draw, changed)


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    """A Vk8s to which something has happened, seen through a cache that may be stale."""
    host = draw(settled_hosts()) if draw(st.booleans()) else draw(new_hosts()).steps(draw(st.integers(0, 3)))
    for event in draw(st.lists(st.sampled_from(EVENTS), max_size=4)):
        host = event(draw, host).steps(draw(st.integers(0, 2)))
    last = draw(st.sampled_from([*EVENTS[:3], None]))
    return last(draw, host) if last else host


@st.composite
def hidden_hosts(draw: st.DrawFn) -> Host:
    """The same, with a child of another version among the children and some of them hidden."""
    return hide(draw, add_unknown(draw, draw(hosts())))
