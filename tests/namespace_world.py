"""ResourceQuotas and LimitRanges as Metacontroller sends them along, for tests of what they refuse."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.namespace_rules import LIMIT_RANGE, QUOTA, NamespaceRules
from tests.world import NOW, World

Related = dict[str, dict[str, Manifest]]


def quota(name: str = "q", used: Manifest | None = None, spec: Manifest | None = None, **hard: str) -> Manifest:
    """A quota with that in its status; names are written with `_` in place of `.` and `__` in place of `/`."""
    allowed = {key.replace("__", "/").replace("_", "."): amount for key, amount in hard.items()}
    status = {"hard": allowed, "used": {**dict.fromkeys(allowed, "0"), **(used or {})}}
    metadata = {"name": name, "namespace": "team-a", "uid": f"uid-of-{name}"}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata,
        "spec": {"hard": allowed, **(spec or {})},
        "status": status,
    }


def limit_range(*limits: Manifest, name: str = "lr") -> Manifest:
    """A LimitRange with those entries."""
    metadata = {"name": name, "namespace": "team-a", "uid": f"uid-of-{name}"}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": list(limits)}}


def container_limit(**fields: Any) -> Manifest:
    """An entry of a LimitRange for containers, as an API server stores it: what has a maximum has a default, too."""
    default = {**fields.get("max", {}), **fields.get("default", {})}
    requests = {**fields.get("min", {}), **default, **fields.get("defaultRequest", {})}
    filled = {"default": default, "defaultRequest": requests}
    return {"type": "Container", **fields, **{key: value for key, value in filled.items() if value}}


def related(*objects: Manifest) -> Related:
    """The objects as a request has them; both kinds are always there."""
    groups: Related = {LIMIT_RANGE: {}, QUOTA: {}}
    for each in objects:
        groups[f"{each['kind']}.v1"][f"team-a/{each['metadata']['name']}"] = each
    return groups


def rules(*objects: Manifest) -> NamespaceRules:
    """The same, read."""
    return NamespaceRules.parse(related(*objects))


def without_patience(world: World) -> World:
    """The world in which what is missing has been missing for long."""
    synced = replace(world, status=world.sync().status)
    return replace(synced, context=replace(world.context, now=NOW + timedelta(minutes=5)))
