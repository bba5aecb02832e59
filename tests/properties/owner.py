"""What the owner of a Vk8s does to it. Each event is drawn from what there is at that moment."""

from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st

from hooks.kubernetes.manifest import Manifest
from tests.properties.host import Host
from tests.properties.specs import LABELS, broken_specs, valid_specs

RESTART, FORCE_REMOVE = "vk8s.sktelecom.com/restart", "vk8s.sktelecom.com/force-remove"
STOPPED = "vk8s-resource-stopped"
WORKERS: Final = ("w", "x", "y")


def change_spec(draw: st.DrawFn, host: Host) -> Host:
    """Another spec, changed in a way that the CRD allows."""
    return write_spec(host, draw(valid_specs(host.valid_spec)))


def break_spec(draw: st.DrawFn, host: Host) -> Host:
    """The spec is one that a rule newer than the object refuses."""
    spec = draw(broken_specs(host.valid_spec))
    return host.after(f"broken spec: {spec}", spec=spec)


def change_labels(draw: st.DrawFn, host: Host) -> Host:
    """Other labels of the Vk8s."""
    labels = draw(LABELS)
    return host.after(f"labels: {labels}", labels=labels)


def remove_worker(draw: st.DrawFn, host: Host) -> Host:
    """A worker leaves the spec."""
    master, *workers = host.valid_spec["nodes"]
    if not workers:
        return host
    gone = draw(st.sampled_from(workers))
    return write_spec(host, {**host.valid_spec, "nodes": [master, *(each for each in workers if each != gone)]})


def add_worker(draw: st.DrawFn, host: Host) -> Host:
    """A worker comes into the spec, under a name that there was before more often than not."""
    nodes = host.valid_spec["nodes"]
    names = [name for name in list_worker_names(host) if name not in {node["name"] for node in nodes}]
    if not names:
        return host
    worker = {"name": draw(st.sampled_from(names)), "image": nodes[0]["image"], "role": "worker"}
    return write_spec(host, {**host.valid_spec, "nodes": [*nodes, worker]})


def ask_restart(draw: st.DrawFn, host: Host) -> Host:
    """A restart is asked for, or the wish taken away."""
    return _annotate(host, RESTART, draw(st.sampled_from(["1", "2", None])))


def force_remove(draw: st.DrawFn, host: Host) -> Host:
    """Workers are to be removed without a drain, or with one again."""
    names = list_worker_names(host)
    values = ["true", None, ", ".join(names), *names]
    return _annotate(host, FORCE_REMOVE, draw(st.sampled_from(values)))


def pause(draw: st.DrawFn, host: Host) -> Host:
    """The virtual cluster is paused in one of the two ways."""
    if draw(st.booleans()):
        return _annotate(host, STOPPED, draw(st.sampled_from(["", "false"])))
    return write_spec(host, {**host.valid_spec, "paused": True})


def resume(_: st.DrawFn, host: Host) -> Host:
    """The virtual cluster is paused in neither way."""
    return _annotate(write_spec(host, {**host.valid_spec, "paused": False}), STOPPED, None)


def write_spec(host: Host, spec: Manifest) -> Host:
    """The Vk8s with that valid spec."""
    if spec == host.world.spec:
        return host
    return replace(host.after(f"spec: {spec}", spec=spec), valid_spec=spec)


def list_worker_names(host: Host) -> list[str]:
    """Names that a worker has or had, or may have."""
    known = [claim.removesuffix("-state") for claim in host.world.children["PersistentVolumeClaim.v1"]]
    return sorted({*WORKERS, *known} - {host.valid_spec["nodes"][0]["name"], "later", f"{host.world.name}-later"})


def _annotate(host: Host, name: str, value: str | None) -> Host:
    rest = {key: text for key, text in host.world.annotations.items() if key != name}
    annotations: dict[str, Any] = {**rest, **({name: value} if value is not None else {})}
    if annotations == host.world.annotations:
        return host
    return host.after(f"annotation {name}: {value}", annotations=annotations)
