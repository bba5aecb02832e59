"""What the properties ask of an answer; pure, and without an opinion of how the hooks come to it."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import PkiError, public_key_hash, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from hooks.vk8s.observed.children import Observed
from hooks.vk8s.plan.witnesses import read_known_authorities
from hooks.vk8s.spec.labels import ROLE
from hooks.vk8s.spec.validate import check_spec, parse_spec
from hooks.wire import SyncResponse
from tests.simulation.keys import get_key
from tests.simulation.kinds import Key
from tests.simulation.note import read_joining, read_members, read_note
from tests.world import World

DNS_1035_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_1123_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_1123_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# A pod's name becomes the host name in it, so it is a label.
STOPPED = "vk8s-resource-stopped"
NAMES = {"Service": DNS_1035_LABEL, "Pod": DNS_1123_LABEL}


def index(answer: SyncResponse) -> dict[Key, Manifest]:
    """The answered children by kind and name."""
    return {get_key(child): child for child in answer.children}


def is_accepted(world: World) -> bool:
    """Whether the spec is one that the hooks act on: valid, and no node lives under another role."""
    roles = _read_roles(world.name, json.dumps(world.spec))
    if roles is None:
        return False
    made = set(_list_made_roles(world))
    if any(roles.get(name, role) != role for name, role in made):
        return False
    return _has_its_data(world, roles, {name for name, role in made if role == "master"})


# Asked at each call about the few specs that a virtual cluster ever has.
@lru_cache(256)
def _read_roles(name: str, written: str) -> Mapping[str, str] | None:
    """The role of each node of a valid spec, which is written in JSON; None for another."""
    spec, problems = parse_spec(json.loads(written))
    if spec is None or problems or check_spec(name, spec):
        return None
    return {node.name: node.role for node in spec.nodes}


def _has_its_data(world: World, roles: Mapping[str, str], made: Collection[str]) -> bool:
    """Whether a control-plane node of the spec has what etcd has, and there is no other next to an only one."""
    masters = {name for name, role in roles.items() if role == "master"}
    claims, members, joining = read_note(world)[0], read_members(world), read_joining(world)
    there = members | (set(made) - joining) | (masters & claims.keys())
    holding = (there & claims.keys()) or there
    if holding and not holding & masters:
        return False
    return len(masters) > 1 or bool(members | joining) or not set(made) - masters


def has_usable_pki(world: World) -> bool:
    """Whether a PKI is shown that certificates can be made from, with a CA that something shown was made with."""
    secret = world.children["Secret.v1"].get(f"{world.name}-pki")
    known = read_known_authorities(world.name, Observed(world.children))
    ca = _hash_authority(json.dumps(secret.get("data"))) if secret else None
    return ca is not None and (not known or ca in known)


@lru_cache(256)
def _hash_authority(data: str) -> str | None:
    """The hash of the CA in the data of a PKI, which is written in JSON; None if it can't be used."""
    try:
        return public_key_hash(parse_pki(read_secret({"data": json.loads(data)})).authority.cert)
    except PkiError:
        return None


def is_paused(world: World) -> bool:
    """Whether the owner wants no pods for now."""
    return bool(world.spec.get("paused")) or STOPPED in world.annotations


def list_references(pod: Manifest) -> Iterator[Key]:
    """The Secrets, ConfigMaps and claims that a pod, or one of a Job's template, can't start without."""
    for volume in pod["spec"].get("volumes", []):
        if "secret" in volume:
            yield "Secret.v1", volume["secret"]["secretName"]
        if "configMap" in volume:
            yield "ConfigMap.v1", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim.v1", volume["persistentVolumeClaim"]["claimName"]


def list_empty(value: Any, path: str = "") -> list[str]:
    """Every place with a null, an empty list or an empty map."""
    if value is None or value in ([], {}):
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in list_empty(item, f"{path}.{key}")]


def find_selector(child: Manifest) -> dict[str, str] | None:
    """The labels by which a child chooses pods; None for one that chooses none."""
    spec = child.get("spec", {})
    selector = spec.get("podSelector") or spec.get("selector") or {}
    labels: dict[str, str] | None = selector.get("matchLabels", selector) or None
    return labels


def list_selected(chooser: Manifest, answer: SyncResponse) -> set[str]:
    """Names of the answered pods that a Service leads to, or that a NetworkPolicy is for."""
    selector = (find_selector(chooser) or {}).items()
    pods = [child for child in answer.children if child["kind"] == "Pod"]
    return {pod["metadata"]["name"] for pod in pods if selector <= pod["metadata"]["labels"].items()}


def _list_made_roles(world: World) -> Iterator[tuple[str, str]]:
    """Nodes of which a pod or a claim is shown, and the role that it was made for."""
    for child in [*world.children["Pod.v1"].values(), *world.children["PersistentVolumeClaim.v1"].values()]:
        labels = child["metadata"]["labels"]
        if NODE in labels and ROLE in labels:
            yield labels[NODE], labels[ROLE]
