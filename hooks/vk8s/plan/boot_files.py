"""The ConfigMaps with bootstrap files: that of this version, and those of other versions while they are in use."""

from hooks.vk8s.children.bootstrap_config_map import build_bootstrap_config_map
from hooks.vk8s.observed.children import CONFIG_MAP, JOB, Child, list_config_maps
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import BOOTSTRAP_COMPONENT, COMPONENT


def plan_boot_files(situation: Situation) -> Part:
    """The bootstrap files of this version. Others are pruned once every node is Ready with these; none in a pause."""
    gone = [] if situation.cluster.paused else _list_unused(situation)
    boot_files = build_bootstrap_config_map(situation.cluster.identity, situation.context.scripts)
    return Part(children=[boot_files], gone=frozenset(gone))


def _list_unused(situation: Situation) -> list[Child]:
    """ConfigMaps of other versions that no pod and no Job mounts; none until every node is Ready with this version."""
    observed, current = situation.observed, situation.boot_files
    pods = [situation.pods.get(node.name) for node in situation.cluster.nodes]
    if not all(pod and pod.is_ready and current in pod.config_maps for pod in pods):
        return []
    by_jobs = [list_config_maps(job) for job in observed.children.get(JOB, {}).values()]
    in_use = {current}.union(*by_jobs, *(pod.config_maps for pod in situation.pods.values()))
    return [
        (CONFIG_MAP, name)
        for name, config_map in observed.children.get(CONFIG_MAP, {}).items()
        if name not in in_use and config_map["metadata"].get("labels", {}).get(COMPONENT) == BOOTSTRAP_COMPONENT
    ]
