"""The kinds of objects that are simulated, and the CompositeControllers of the project, as they are installed."""

import math
from typing import Final

from hooks.ippool.allocation import ALLOCATION, API_VERSION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.controllers import read_composites
from testbed.metacontroller.resources import Discovery, Resource
from tests.shared_material import ROOT
from tests.world import NOW

# Kind and name.
Key = tuple[str, str]

NAMESPACES: Final = Resource("v1", "namespaces", "Namespace", namespaced=False)
RESOURCES: Final = {
    **{
        key: Resource(kind.api_version, kind.plural, kind.kind, namespaced=True, has_status=True)
        for key, kind in CHILD_KINDS.items()
    },
    VK8S: Resource(API_VERSION, "vk8s", "Vk8s", namespaced=True, has_status=True),
    POOL: Resource(API_VERSION, "ippools", "IPPool", namespaced=False, has_status=True),
    ALLOCATION: Resource(API_VERSION, "ipallocations", "IPAllocation", namespaced=False),
    # Selected by no rule of ours, and watched all the same.
    NAMESPACES.group_key: NAMESPACES,
}
COMPOSITES: Final = {
    parent: read_composites(ROOT / "metacontroller" / file, NOW)[0]
    for parent, file in ((VK8S, "vk8s.yaml"), (POOL, "ippool.yaml"))
}


def _serve(api_version: str) -> list[Manifest]:
    return [
        {"name": each.plural, "kind": each.kind, "namespaced": each.namespaced}
        for each in RESOURCES.values()
        if each.api_version == api_version
    ]


DISCOVERY: Final = Discovery(_serve, interval=math.inf)
