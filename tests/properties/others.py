"""What others write into the children of a Vk8s, or create next to them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from hooks.kubernetes.labels import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import build_pki, encode_data
from hooks.vk8s.observed.children import group_key
from testbed.metacontroller.claims import build_controller_reference
from testbed.metacontroller.objects import with_metadata
from tests.properties.host import Host, change_children
from tests.simulation.keys import describe_key, list_keys
from tests.world import NOW, observe

FOREIGN: Final = "example.com/foreign"


def write_foreign(draw: st.DrawFn, host: Host) -> Host:
    """Others write into a child: metadata, and a pod's or claim's spec."""
    return change_one(draw, host, "written by others", add_foreign)


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
    metadata = {"name": name, "namespace": "team-a", "labels": {"vk8s.sktelecom.com/later": "x", VK8S: host.world.name}}
    child = observe({"apiVersion": "v1", "kind": kind, "metadata": metadata, **content})
    child = with_metadata(child, ownerReferences=[build_controller_reference(host.world.parent())])
    children = host.world.with_child(group_key(child), name, child).children
    return host.after(f"unknown {kind} {name}", children=children)


JOB: Manifest = {"template": {"spec": {"containers": []}}}
UNKNOWN_CONTENTS: list[tuple[str, Manifest]] = [
    ("ConfigMap", {}),
    ("Secret", {"type": "example.com/later", "data": {"a": "YQ=="}}),
    ("Service", {"spec": {"clusterIP": "None", "ports": [{"port": 1}]}}),
    ("Service", {"spec": {"type": "ExternalName", "externalName": "example.com"}}),
    ("PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
    ("Pod", {"spec": {"containers": [{"name": "a", "image": "b"}]}, "status": {"phase": "Succeeded"}}),
    ("NetworkPolicy", {"apiVersion": "networking.k8s.io/v1", "spec": {"podSelector": {}, "ingress": [{}]}}),
    ("PodDisruptionBudget", {"apiVersion": "policy/v1", "spec": {"minAvailable": 1}}),
    ("Job", {"apiVersion": "batch/v1", "spec": JOB}),
    ("CronJob", {"apiVersion": "batch/v1", "spec": {"schedule": "@daily", "jobTemplate": {"spec": JOB}}}),
]


def damage(draw: st.DrawFn, host: Host) -> Host:
    """Somebody puts another content into a Secret."""
    name = draw(st.sampled_from(sorted(OTHER_DATA)))
    data = OTHER_DATA[name]

    def write(child: Manifest) -> Manifest:
        rest = {key: value for key, value in child.items() if key != "data"}
        return {**rest, **data} if child["kind"] == "Secret" else child

    return change_one(draw, host, f"{name} written into", write)


OTHER_PKI: Manifest = {"data": encode_data(build_pki(bytes(32), NOW, timedelta(days=3650)))}
OTHER_DATA: dict[str, Manifest] = {
    "nothing": {},
    "no certificates": {"data": {"ca.crt": "YQ==", "value": "YQ==", "config": "YQ=="}},
    "another PKI": OTHER_PKI,
}


def change_one(draw: st.DrawFn, host: Host, event: str, change: Callable[[Manifest], Manifest | None]) -> Host:
    keys = list_keys(host.world)
    if not keys:
        return host
    key = draw(st.sampled_from(keys))
    children = change_children(host.world, lambda each, child: change(child) if each == key else child)
    return host.after(f"{event}: {describe_key(key)}", children=children)
