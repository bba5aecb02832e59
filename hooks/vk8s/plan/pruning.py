"""Which observed children the answer leaves out for good: what is no longer asked for, by name. Nothing else."""

from collections.abc import Collection

from hooks.vk8s.observed import children as seen
from hooks.vk8s.observed.children import Child, Observed
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, BOOTSTRAP_COMPONENT, COMPONENT, NODE_COMPONENT
from hooks.vk8s.spec.naming import (
    access_config_map_name,
    access_pod_name,
    access_service_name,
    bootstrap_config_map_name,
    network_policy_name,
    ports_service_name,
)


def find_retired(
    cluster: VirtualCluster, held: Collection[str], observed: Observed, context: Context
) -> frozenset[Child]:
    """What spec and settings no longer ask for, by name; the keys of the access are kept, should it be wanted again.

    `held`: nodes whose pods a pause does not end.
    """
    spec, name = cluster.spec, cluster.name
    access = [(seen.POD, access_pod_name(name)), (seen.CONFIG_MAP, access_config_map_name(name))]
    service = [(seen.SERVICE, access_service_name(name))]
    return frozenset(
        [
            *([] if spec.ports else [(seen.SERVICE, ports_service_name(name))]),
            *([] if spec.access_pod_image else [*access, *service]),
            *([] if spec.access_pod_port else service),
            *([] if context.settings.network_policy else [(seen.NETWORK_POLICY, network_policy_name(name))]),
            *(_find_pods(held, observed) if cluster.paused else _find_retired_scripts(cluster, observed, context)),
        ]
    )


def _find_pods(held: Collection[str], observed: Observed) -> list[Child]:
    """All pods that a paused virtual cluster does without; its volumes, keys and boot files stay."""
    components = (NODE_COMPONENT, ACCESS_COMPONENT)
    return [
        (seen.POD, name)
        for name, pod in observed.pods().items()
        if (pod["metadata"].get("labels") or {}).get(COMPONENT) in components and name not in held
    ]


def _find_retired_scripts(cluster: VirtualCluster, observed: Observed, context: Context) -> list[Child]:
    """Boot files of other versions, once every node of the spec is Ready and boots from this one's.

    Those that a worker on its way out, or a Job, still boots from stay too.
    """
    current = bootstrap_config_map_name(cluster.name, context.scripts.digest)
    pods = [observed.find(seen.POD, node.name) for node in cluster.nodes]
    if not all(pod and seen.is_ready(pod) and seen.mounts_config_map(pod, current) for pod in pods):
        return []
    users = [child for kind, _, child in observed.items() if kind in (seen.POD, seen.JOB)]
    in_use = {current, *(name for user in users for name in seen.find_config_maps(user))}
    return [
        (seen.CONFIG_MAP, name)
        for name, config_map in observed.children.get(seen.CONFIG_MAP, {}).items()
        if name not in in_use and config_map["metadata"].get("labels", {}).get(COMPONENT) == BOOTSTRAP_COMPONENT
    ]
