"""What the Secret `<vk8s>-pki` records of the state of a virtual cluster."""

import json
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD, SECRET
from tests.world import World

STATE: Final = "vk8s.sktelecom.com/state"


def read_note(world: World) -> tuple[dict[str, str], int]:
    """Which claims hold the state of which nodes, and the generation, as recorded in the PKI Secret."""
    secret = world.children[SECRET].get(f"{world.name}-pki", {"metadata": {}})
    try:
        note = json.loads(secret["metadata"].get("annotations", {})[STATE])
        return dict(note["claims"]), int(note["generation"])
    except (LookupError, ValueError):
        return {}, max((_read_generation(pod) for pod in world.children[POD].values()), default=1)


def _read_generation(pod: Manifest) -> int:
    return int(pod["metadata"].get("annotations", {}).get(f"{STATE[:-5]}generation", "1"))
