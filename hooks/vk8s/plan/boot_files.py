"""The ConfigMaps that node pods boot from: this version's, and those of other versions while something uses them."""

from hooks.vk8s.children.bootstrap_config_map import build_bootstrap_config_map
from hooks.vk8s.observed.children import (
    CONFIG_MAP,
    JOB,
    POD,
    Child,
    find_config_maps,
    is_ready,
    mounts_config_map,
)
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import BOOTSTRAP_COMPONENT, COMPONENT


def plan_boot_files(situation: Situation) -> Part:
    """The boot files of this version. Others go once every node is Ready with these; during a pause, none does."""
    gone = [] if situation.cluster.paused else _find_unused(situation)
    boot_files = build_bootstrap_config_map(situation.cluster.identity, situation.context.scripts)
    return Part(children=[boot_files], gone=frozenset(gone))


def _find_unused(situation: Situation) -> list[Child]:
    """Boot files of other versions that neither a pod nor a Job mounts, once every node boots from this one's."""
    observed, current = situation.observed, situation.boot_files
    pods = [observed.find(POD, node.name) for node in situation.cluster.nodes]
    if not all(pod and is_ready(pod) and mounts_config_map(pod, current) for pod in pods):
        return []
    users = [child for kind, _, child in observed.items() if kind in (POD, JOB)]
    in_use = {current, *(name for user in users for name in find_config_maps(user))}
    return [
        (CONFIG_MAP, name)
        for name, config_map in observed.children.get(CONFIG_MAP, {}).items()
        if name not in in_use and config_map["metadata"].get("labels", {}).get(COMPONENT) == BOOTSTRAP_COMPONENT
    ]
