"""What can happen to a Vk8s and its children. Each event is drawn from what there is at that moment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from hooks.manifest import Manifest
from hooks.vk8s.pki import build_pki, encode_data
from hooks.vk8s.scripts import build_scripts
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.properties.host import Host, Key, delete, group_children, list_children, list_keys, without
from tests.properties.specs import LABELS, broken_specs, valid_specs
from tests.world import NOW, observe, ready_status

FOREIGN: Final = "example.com/foreign"
SCRIPTS = [build_scripts({"entrypoint.sh": f"#!/bin/bash\n# {version}\n"}) for version in range(3)]
DAYS = (0, 1, 300, 340, 400, 3640, 4000)


def _waiting(reason: str, message: str, last: Manifest | None = None) -> Manifest:
    state = {"waiting": {"reason": reason, "message": message}}
    crash = {"lastState": {"terminated": last}} if last else {}
    return {"phase": "Pending", "containerStatuses": [{"name": "node", "state": state, **crash}]}


POD_STATUSES: dict[str, Manifest] = {
    "Ready": ready_status(),
    "not Ready": {
        "phase": "Running",
        "podIP": "10.200.0.8",
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}],
        "containerStatuses": [{"name": "node", "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}}}],
    },
    "nothing said": {},
    "Failed": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory. "},
    "failed without a word": {"phase": "Failed"},
    "unschedulable": {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: no volume."}
        ],
    },
    "ImagePullBackOff": _waiting("ImagePullBackOff", 'Back-off pulling image "a": not found.'),
    "CrashLoopBackOff": _waiting(
        "CrashLoopBackOff", "back-off 10s", {"message": "The kernel has no vxlan.\n", "exitCode": 1}
    ),
    "crashing without a word": _waiting("CrashLoopBackOff", "back-off 10s", {"exitCode": 1}),
}


def hide(draw: st.DrawFn, host: Host) -> Host:
    """The cache does not show some children."""
    hidden = frozenset(_draw_keys(draw, host))
    return replace(host.after(f"hidden: {sorted(hidden)}"), hidden=hidden)


def lose(draw: st.DrawFn, host: Host) -> Host:
    """Somebody deletes some children, and they are gone."""
    lost = _draw_keys(draw, host)
    return host.after(f"lost: {sorted(lost)}", children=without(host.world, lost).children)


def terminate(draw: st.DrawFn, host: Host) -> Host:
    """Somebody deletes a child that has a finalizer."""
    return _change_one(
        draw, host, "deleted and held", lambda child: delete(with_metadata(child, finalizers=["example.com/hold"]))
    )


def let_go(_: st.DrawFn, host: Host) -> Host:
    """Whatever is being deleted is gone."""
    going = [key for key, child in list_children(host.world).items() if is_terminating(child)]
    return host.after("finalizers done", children=without(host.world, going).children)


def set_pods(host: Host, names: list[str] | dict[str, Manifest], status: str) -> Host:
    """The pods have that status."""
    world = host.world
    for name in names:
        world = world.with_pod_status(name, POD_STATUSES[status])
    return host.after(f"{status}: {', '.join(names)}", children=world.children)


def change_pods(draw: st.DrawFn, host: Host) -> Host:
    """Kubelets write the status of some pods."""
    for name in sorted(host.world.children["Pod.v1"]):
        if draw(st.booleans()):
            host = set_pods(host, [name], draw(st.sampled_from(sorted(POD_STATUSES))))
    return host


def ready_pods(_: st.DrawFn, host: Host) -> Host:
    """All pods become Ready."""
    return set_pods(host, host.world.children["Pod.v1"], "Ready")


def write_foreign(draw: st.DrawFn, host: Host) -> Host:
    """Others write into a child: metadata, and a pod's or claim's spec."""
    return _change_one(draw, host, "written by others", add_foreign)


def add_foreign(child: Manifest) -> Manifest:
    """`child` with labels, annotations and fields of others."""
    metadata = child["metadata"]
    marked = with_metadata(
        child,
        annotations={**metadata.get("annotations", {}), FOREIGN: "a", "cni.example.com/ip": "10.0.0.1"},
        labels={**metadata["labels"], FOREIGN: "b"},
        finalizers=["example.com/protection"],
    )
    if child["kind"] == "Pod":
        volumes = [*child["spec"].get("volumes", []), {"name": "injected", "emptyDir": {}}]
        return {**marked, "spec": {**child["spec"], "volumes": volumes, "nodeName": "host-1", "priority": 0}}
    if child["kind"] == "PersistentVolumeClaim":
        return {**marked, "spec": {**child["spec"], "volumeName": "pv-1"}}
    return marked


def add_unknown(draw: st.DrawFn, host: Host) -> Host:
    """Another version of the hooks has made a child."""
    kind, content = draw(st.sampled_from(UNKNOWN_CONTENTS))
    name = draw(st.sampled_from(["later", f"{host.world.name}-later"]))
    metadata = {"name": name, "namespace": "team-a", "labels": {"vk8s.sktelecom.com/later": "x"}}
    child = observe({"apiVersion": "v1", "kind": kind, "metadata": metadata, **content})
    return host.after(f"unknown {kind} {name}", children=host.world.with_child(f"{kind}.v1", name, child).children)


UNKNOWN_CONTENTS: list[tuple[str, Manifest]] = [
    ("ConfigMap", {}),
    ("Secret", {"type": "example.com/later", "data": {"a": "YQ=="}}),
    ("Service", {"spec": {"clusterIP": "None", "ports": [{"port": 1}]}}),
    ("Service", {"spec": {"type": "ExternalName", "externalName": "example.com"}}),
    ("PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
    ("Pod", {"spec": {"containers": [{"name": "a", "image": "b"}]}, "status": {"phase": "Succeeded"}}),
]


def damage(draw: st.DrawFn, host: Host) -> Host:
    """Somebody puts another content into a Secret."""
    data = draw(st.sampled_from(OTHER_DATA))

    def write(child: Manifest) -> Manifest:
        rest = {key: value for key, value in child.items() if key != "data"}
        return {**rest, **data} if child["kind"] == "Secret" else child

    return _change_one(draw, host, f"Secret with {sorted(data)}", write)


OTHER_PKI: Manifest = {"data": encode_data(build_pki(bytes(32), NOW, timedelta(days=3650)))}
OTHER_DATA: list[Manifest] = [
    {},
    {"data": {"ca.crt": "YQ==", "value": "YQ==", "config": "YQ=="}},
    OTHER_PKI,
]


def change_spec(draw: st.DrawFn, host: Host) -> Host:
    """The owner changes the spec in a way that the CRD allows."""
    spec = draw(valid_specs(host.valid_spec))
    return replace(host.after(f"spec: {spec}", spec=spec), valid_spec=spec)


def break_spec(draw: st.DrawFn, host: Host) -> Host:
    """The spec is one that a rule newer than the object refuses."""
    spec = draw(broken_specs(host.valid_spec))
    return host.after(f"broken spec: {spec}", spec=spec)


def change_labels(draw: st.DrawFn, host: Host) -> Host:
    """The owner changes the labels of the Vk8s."""
    labels = draw(LABELS)
    return host.after(f"labels: {labels}", labels=labels)


def change_scripts(draw: st.DrawFn, host: Host) -> Host:
    """Another version of the hooks answers from now on."""
    scripts = draw(st.sampled_from(SCRIPTS))
    return host.after(f"boot files {scripts.digest}", context=replace(host.world.context, scripts=scripts))


def renew_pods(draw: st.DrawFn, host: Host) -> Host:
    """Another version of the hooks answers, and the pods are lost: new ones boot from its files."""
    newer = change_scripts(draw, host).step()
    return newer.after("no pods", children={**newer.world.children, "Pod.v1": {}}).step()


def move_clock(draw: st.DrawFn, host: Host) -> Host:
    """Time passes."""
    now = max(
        host.world.context.now, NOW + timedelta(days=draw(st.sampled_from(DAYS)), seconds=draw(st.integers(0, 40)))
    )
    return host.after(f"it is {now}", context=replace(host.world.context, now=now))


def _draw_keys(draw: st.DrawFn, host: Host) -> list[Key]:
    """Some of the children: a few, or all but a few."""
    keys = list_keys(host.world)
    some = draw(st.lists(st.sampled_from(keys), unique=True, max_size=4)) if keys else []
    return some if draw(st.booleans()) else [key for key in keys if key not in some]


def _change_one(draw: st.DrawFn, host: Host, event: str, change: Callable[[Manifest], Manifest | None]) -> Host:
    keys = list_keys(host.world)
    if not keys:
        return host
    key = draw(st.sampled_from(keys))
    changed = [change(child) if each == key else child for each, child in list_children(host.world).items()]
    return host.after(f"{event}: {key}", children=group_children(child for child in changed if child is not None))


# The first two are also what happens right before the answer that is judged.
EVENTS: list[Callable[[st.DrawFn, Host], Host]] = [
    hide,
    change_pods,
    lose,
    terminate,
    let_go,
    ready_pods,
    write_foreign,
    add_unknown,
    damage,
    change_spec,
    break_spec,
    change_labels,
    change_scripts,
    renew_pods,
    move_clock,
]
