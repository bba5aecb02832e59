"""What the properties ask of an answer; pure, and without an opinion of how the hooks come to it."""

import re
from collections.abc import Iterator
from typing import Any

from hooks.manifest import Manifest
from hooks.vk8s.cluster import RESTART_ANNOTATION
from hooks.vk8s.fingerprint import hash_access, hash_node, is_outdated
from hooks.vk8s.labels import BOOTSTRAP_COMPONENT, COMPONENT
from hooks.vk8s.observed import is_ready, is_terminating, mounts_config_map
from hooks.vk8s.pki import PkiError, parse_authority, read_secret
from hooks.vk8s.validate import find_problems, parse_spec
from hooks.wire import SyncResponse
from tests.properties.host import Key, find_key
from tests.world import World

DNS_1035_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_1123_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_1123_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# A pod's name becomes the host name in it, so it is a label.
NAMES = {"Service": DNS_1035_LABEL, "Pod": DNS_1123_LABEL}


def index(answer: SyncResponse) -> dict[Key, Manifest]:
    """The answered children by kind and name."""
    return {find_key(child): child for child in answer.children}


def is_accepted(world: World) -> bool:
    """Whether the spec is one that the hooks act on."""
    spec, problems = parse_spec(world.spec)
    return spec is not None and not problems and not find_problems(world.name, spec)


def has_usable_pki(world: World) -> bool:
    """Whether a PKI is shown that certificates can be made from."""
    secret = world.children["Secret.v1"].get(f"{world.name}-pki")
    try:
        return secret is not None and parse_authority(read_secret(secret)) is not None
    except PkiError:
        return False


def find_retired(world: World) -> set[Key]:
    """What may be left out of an answer although it is shown: what the spec no longer asks for, by name."""
    name, spec = world.name, world.spec
    service = ("Service.v1", f"{name}-access-svc")
    access = [("Pod.v1", f"{name}-access-pod"), ("ConfigMap.v1", f"{name}-access"), service]
    return {
        *([] if spec.get("ports") else [("Service.v1", name)]),
        *([] if spec.get("accessPodImage") else access),
        *([] if spec.get("accessPodPort") else [service]),
        *_find_retired_boot_files(world),
    }


def find_replaceable(world: World) -> set[Key]:
    """Pods that may be left out once, to be made again: not Ready, or of another spec or restart."""
    spec, problems = parse_spec(world.spec)
    nodes = {node.name: hash_node(node) for node in spec.nodes} if spec and not problems else {}
    hashes = {**nodes, f"{world.name}-access-pod": hash_access(spec.access_pod_image or "") if spec else ""}
    pods = {name: pod for name, pod in world.children["Pod.v1"].items() if name in hashes and not is_terminating(pod)}
    restart = world.annotations.get(RESTART_ANNOTATION)
    return {
        ("Pod.v1", name) for name, pod in pods.items() if not is_ready(pod) or is_outdated(pod, hashes[name], restart)
    }


def find_references(pod: Manifest) -> Iterator[Key]:
    """The Secrets, ConfigMaps and claims that a pod can't start without."""
    for volume in pod["spec"].get("volumes", []):
        if "secret" in volume:
            yield "Secret.v1", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap.v1", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim.v1", volume["persistentVolumeClaim"]["claimName"]


def find_empty(value: Any, path: str = "") -> list[str]:
    """Every place with a null, an empty list or an empty map."""
    if value is None or value in ([], {}):
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in find_empty(item, f"{path}.{key}")]


def find_selected(service: Manifest, answer: SyncResponse) -> set[str]:
    """Names of the answered pods that a Service leads to."""
    selector = service["spec"]["selector"].items()
    pods = [child for child in answer.children if child["kind"] == "Pod"]
    return {pod["metadata"]["name"] for pod in pods if selector <= pod["metadata"]["labels"].items()}


def _find_retired_boot_files(world: World) -> Iterator[Key]:
    """Boot files of other versions, when every node of the spec is Ready and boots from this one's."""
    current = f"{world.name}-bootstrap-{world.context.scripts.digest}"
    pods = [world.children["Pod.v1"].get(node["name"]) for node in world.spec["nodes"]]
    if all(pod and is_ready(pod) and mounts_config_map(pod, current) for pod in pods):
        for name, config_map in world.children["ConfigMap.v1"].items():
            if name != current and config_map["metadata"]["labels"].get(COMPONENT) == BOOTSTRAP_COMPONENT:
                yield "ConfigMap.v1", name
