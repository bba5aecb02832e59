"""What an answer may leave out because it is no longer asked for."""

from collections.abc import Iterator

from hooks.vk8s.observed.children import DISRUPTION_BUDGET, NETWORK_POLICY, POD, is_ready
from hooks.vk8s.spec.labels import BOOTSTRAP_COMPONENT, COMPONENT
from hooks.vk8s.spec.naming import access_pod_names
from tests.simulation.answers import is_paused, list_references
from tests.simulation.kinds import Key
from tests.simulation.quorums import list_needless
from tests.simulation.risks import list_paused_pods
from tests.world import World


def list_pruned(world: World) -> set[Key]:
    """What is left out although it is shown: what is no longer asked for, by name, and the pods of a pause."""
    name, spec = world.name, world.spec
    service = ("Service.v1", f"{name}-access-svc")
    access = [*((POD, pod) for pod in access_pod_names(name)), ("ConfigMap.v1", f"{name}-access"), service]
    return {
        *([] if spec.get("ports") else [("Service.v1", name)]),
        *([] if spec.get("accessPodImage") else access),
        *([] if spec.get("accessPodPort") else [service]),
        *([] if spec.get("disruptionBudget") and not is_paused(world) else [(DISRUPTION_BUDGET, name)]),
        *([] if world.context.settings.network_policy else [(NETWORK_POLICY, name)]),
        *list_needless(world),
        *(list_paused_pods(world) if is_paused(world) else _list_pruned_boot_files(world)),
    }


def _list_pruned_boot_files(world: World) -> Iterator[Key]:
    """Bootstrap files of other versions that nothing uses, once every node of the spec runs from those of this one."""
    current = world.boot_files
    nodes = [world.children[POD].get(node["name"]) for node in world.spec["nodes"]]
    if not all(pod and is_ready(pod) and ("ConfigMap.v1", current) in list_references(pod) for pod in nodes):
        return
    jobs = [job["spec"]["template"] for job in world.children["Job.batch/v1"].values()]
    used = {key for user in [*world.children["Pod.v1"].values(), *jobs] for key in list_references(user)}
    for name, config_map in world.children["ConfigMap.v1"].items():
        is_boot_files = config_map["metadata"]["labels"].get(COMPONENT) == BOOTSTRAP_COMPONENT
        if is_boot_files and name != current and ("ConfigMap.v1", name) not in used:
            yield "ConfigMap.v1", name
