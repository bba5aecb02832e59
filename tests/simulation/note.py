"""What the Secret `<vk8s>-pki` records of the state of a virtual cluster."""

import json
from typing import Any, Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD, SECRET
from tests.world import World

STATE: Final = "vk8s.sktelecom.com/state"


def read_note(world: World) -> tuple[dict[str, str], int]:
    """Which claims hold the state of which nodes, and the generation, as recorded in the PKI Secret."""
    note = _parse(world)
    if "claims" in note and "generation" in note:
        return dict(note["claims"]), int(note["generation"])
    return {}, max((_read_generation(pod) for pod in world.children[POD].values()), default=1)


def read_members(world: World) -> set[str]:
    """The control-plane nodes that the PKI Secret names as members, if there have been several."""
    return set(_parse(world).get("members", []))


def read_joining(world: World) -> set[str]:
    """The control-plane nodes that the PKI Secret names as ones without data."""
    return set(_parse(world).get("joining", []))


def read_forced(world: World) -> str:
    """The forced quorum that the PKI Secret records; empty if there was none."""
    return str(_parse(world).get("forced", ""))


def _parse(world: World) -> dict[str, Any]:
    secret = world.children[SECRET].get(f"{world.name}-pki", {"metadata": {}})
    try:
        return dict(json.loads(secret["metadata"].get("annotations", {})[STATE]))
    except (LookupError, ValueError):
        return {}


def _read_generation(pod: Manifest) -> int:
    return int(pod["metadata"].get("annotations", {}).get(f"{STATE[:-5]}generation", "1"))
