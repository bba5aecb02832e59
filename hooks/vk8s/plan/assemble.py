"""Which children a virtual cluster shall have now. Nothing that is observed is ever left out for want of an input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hooks.kubernetes.conditions import Trouble
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.access_service import build_access_service
from hooks.vk8s.children.api_service import build_api_service
from hooks.vk8s.children.bootstrap_config_map import build_bootstrap_config_map
from hooks.vk8s.children.network_policy import build_network_policy
from hooks.vk8s.children.node_pod import build_node_pod
from hooks.vk8s.children.ports_service import build_ports_service
from hooks.vk8s.children.state_claim import build_state_claim
from hooks.vk8s.kubeflow.plan import plan_kubeflow
from hooks.vk8s.observed import children as seen
from hooks.vk8s.observed.children import Child, Observed, group_key
from hooks.vk8s.observed.keep import keep, keep_unknown
from hooks.vk8s.observed.pod_life import has_run
from hooks.vk8s.plan.access import plan_access
from hooks.vk8s.plan.keys import Keys, plan_keys
from hooks.vk8s.plan.limits import note_images
from hooks.vk8s.plan.pruning import find_retired
from hooks.vk8s.plan.removals import Leaving, plan_departures
from hooks.vk8s.plan.replacements import Exempt, find_replacement
from hooks.vk8s.plan.state import list_needed, plan_state, with_note
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import NODE_COMPONENT, claim_labels, component_selector, node_labels, role_selector
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import access_pod_name, pki_secret_name, state_claim_name


@dataclass(frozen=True)
class Plan:
    """The children to answer with.

    `waiting`: name of a pod to the sentence that says what it waits for; `leaving`: the workers on their way out;
    `lost`: name of a node that has lost its state to the sentence that says so; `trouble`: why nothing is as it
    should be, of the keys or of the state; `due`: when time alone changes the plan; `kubeflow_trouble`: why Kubeflow
    is not installed now; `warnings`: sentences on what will stop working;
    `frozen`: what can't be changed as it should be, as `Kind name`.
    """

    children: list[Manifest]
    waiting: Mapping[str, str]
    trouble: Trouble | None = None
    leaving: Sequence[Leaving] = ()
    due: datetime | None = None
    kubeflow_trouble: Trouble | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    frozen: Sequence[str] = ()


def plan_children(cluster: VirtualCluster, observed: Observed, context: Context) -> Plan:
    """The children of a Vk8s whose spec is valid.

    Everything but the PKI, the Services and the boot files is made only once the PKI is observed: two calls on a stale
    cache must not mix two CAs.
    """
    first = [
        build_bootstrap_config_map(cluster.identity, context.scripts),
        *_build_services(cluster, observed),
        *_build_policies(cluster, observed, context),
    ]
    keys = plan_keys(cluster, observed, context)
    if keys.pki is None:
        return Plan(_with_rest(first, observed), {}, keys.trouble)
    pki = note_images(keys.pki, cluster, observed, context.settings)
    if not keys.made:
        wait = f"waits for Secret {pki_secret_name(cluster.name)}"
        return Plan(_with_rest([*first, pki], observed), {node.name: wait for node in cluster.nodes})
    return _plan_with_keys(cluster, observed, context, (pki, keys, first))


def _build_services(cluster: VirtualCluster, observed: Observed) -> list[Manifest]:
    """The Services: what they lead to may come later."""
    spec, targets = cluster.spec, _find_port_targets(cluster, observed)
    access_port = spec.access_pod_port if spec.access_pod_image else None
    return [
        build_api_service(cluster.identity),
        *([build_ports_service(cluster.identity, spec.ports, targets)] if spec.ports else []),
        *([build_access_service(cluster.identity, access_port)] if access_port else []),
    ]


def _build_policies(cluster: VirtualCluster, observed: Observed, context: Context) -> list[Manifest]:
    """Who may connect; nothing where that is not wanted, or the CompositeController is older than this kind."""
    is_wanted = context.settings.network_policy and observed.knows(seen.NETWORK_POLICY)
    return [build_network_policy(cluster.identity, cluster.spec)] if is_wanted else []


def _find_port_targets(cluster: VirtualCluster, observed: Observed) -> dict[str, str]:
    """The workers while one is Ready: then no connection ends with a restart of the master. Else whoever there is."""
    pods = [observed.find(seen.POD, node.name) for node in cluster.nodes if node.role == "worker"]
    if any(pod and seen.is_ready(pod) for pod in pods):
        return role_selector(cluster.name, "worker")
    return component_selector(cluster.name, NODE_COMPONENT)


def keep_everything(observed: Observed) -> list[Manifest]:
    """Every observed child as it is: the answer to a spec that can't be acted on."""
    return [keep_unknown(child) for _, _, child in observed.items()]


def _plan_with_keys(
    cluster: VirtualCluster, observed: Observed, context: Context, made: tuple[Manifest, Keys, list[Manifest]]
) -> Plan:
    pki, keys, first = made
    departures = plan_departures(cluster, observed, context)
    state = plan_state(cluster.without(departures.nodes), departures.left, observed, context)
    exempt = Exempt(departures.nodes, state.held, frozenset(state.lost))
    replacement = find_replacement(cluster, exempt, observed, context)
    retired = find_retired(cluster, state.held, observed, context) | departures.gone
    cluster = cluster.without(departures.nodes)
    access = plan_access(cluster, observed, context.entropy)
    kubeflow = plan_kubeflow(cluster, observed, context)
    pod_nodes = [] if cluster.paused else cluster.nodes
    waits = {node.name: _find_wait(cluster, node, observed, context) for node in pod_nodes}
    waits = {**waits, access_pod_name(cluster.name): access.waiting}
    waiting = {name: wait for name, wait in waits.items() if wait and name not in state.lost}
    claims = [claim for node in cluster.nodes if (claim := _plan_claim(cluster, node, observed))]
    pods = [_plan_pod(cluster, node, observed, context) for node in pod_nodes if not waits[node.name]]
    wanted = [
        *first,
        with_note(pki, state.note),
        *keys.made,
        *claims,
        *pods,
        *access.children,
        *kubeflow.children,
        *departures.noted,
        *(leaving.job for leaving in departures.leaving if leaving.job),
    ]
    retired |= {(seen.POD, name) for name in replacement.pods | state.useless} | kubeflow.gone
    present = [child for child in wanted if (group_key(child), child["metadata"]["name"]) not in retired]
    return Plan(
        _with_rest(present, observed, retired),
        waiting,
        state.trouble or keys.trouble,
        departures.leaving,
        min((due for due in (keys.due, replacement.due) if due), default=None),
        kubeflow.trouble,
        state.lost,
        keys.warnings,
    )


def _plan_claim(cluster: VirtualCluster, node: NodeSpec, observed: Observed) -> Manifest | None:
    """The claim for the state of `node`; never an empty one in place of another that has held a state."""
    if cluster.spec.storage.ephemeral:
        return None
    existing, pod = observed.find(seen.CLAIM, state_claim_name(node.name)), observed.find(seen.POD, node.name)
    if existing is not None:
        return keep(existing, cluster.identity, claim_labels(node))
    has_held = node.name in cluster.state.claims or (pod is not None and has_run(pod))
    return None if has_held else build_state_claim(cluster, node)


def _plan_pod(cluster: VirtualCluster, node: NodeSpec, observed: Observed, context: Context) -> Manifest:
    existing = observed.find(seen.POD, node.name)
    if existing is None:
        return build_node_pod(cluster, node, context.scripts.digest)
    return keep(existing, cluster.identity, node_labels(node))


def _find_wait(cluster: VirtualCluster, node: NodeSpec, observed: Observed, context: Context) -> str | None:
    """What the pod of `node` still lacks. It is made only once all that it mounts is observed as ours and stays.

    Otherwise a claim or Secret of somebody else with the same name would be booted from. An address is given to a pod
    when it is made, or never.
    """
    if observed.has(seen.POD, node.name):
        return None
    address = cluster.network.find_lack(node.name)
    lacking = [*observed.find_lacking(list_needed(cluster, node, context)), *([address] if address else [])]
    return f"waits for {', '.join(lacking)}" if lacking else None


def _with_rest(wanted: list[Manifest], observed: Observed, retired: frozenset[Child] = frozenset()) -> list[Manifest]:
    """`wanted`, and every other observed child as it is, but for what this version retires by name."""
    named = {(group_key(child), child["metadata"]["name"]) for child in wanted}
    rest = [child for kind, name, child in observed.items() if (kind, name) not in named | retired]
    return [*wanted, *(keep_unknown(child) for child in rest)]
