"""The control-plane nodes as members of etcd, as far as their pods show (decision 21).

A control-plane node is Ready only when its own API server answers and it is a voter, so those that are Ready count. The
nodes themselves keep the list of members: hooks only decide which of them exist, and when.
"""

from collections.abc import Collection

from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import leave_job_name


def is_quorum_without(situation: Situation, node: NodeSpec) -> bool:
    """Whether the control-plane nodes but `node` that are Ready are a quorum of all, so that it can lose its data.

    All are those of the spec but the ones that can't have joined yet, and members that have not left. If it has no
    data, one that is Ready is enough: the quorum does not need it.
    """
    nodes, note = situation.cluster.control_plane, situation.cluster.state
    away = note.joining - situation.pods.keys() - {node.name}
    names = _list_listed(situation).union({each.name for each in nodes} - away)
    ready = [name for name in names if name != node.name and _is_ready(situation, name)]
    least = 1 if node.name in note.joining else len(names) // 2 + 1
    return node in nodes and len(names) > 1 and len(ready) >= least


def find_anchor(situation: Situation, leaving: Collection[str]) -> str | None:
    """A control-plane node that stays and has all the data, as it is Ready; None if there is none now.

    One with a Job stays no longer, whatever the spec says.
    """
    gone = {*leaving, *(name for name in situation.pods if leave_job_name(name) in situation.jobs)}
    staying = [each.name for each in situation.cluster.control_plane if each.name not in gone]
    holding = [name for name in staying if name in situation.cluster.state.claims and _is_ready(situation, name)]
    return next(iter(holding), None)


def list_members(situation: Situation, left: Collection[str]) -> frozenset[str]:
    """The control-plane nodes that are members of etcd, or may be: those of the spec, and all that have not left."""
    return _list_listed(situation).difference(left).union(node.name for node in situation.cluster.control_plane)


def list_former(situation: Situation, left: Collection[str]) -> list[NodeSpec]:
    """The control-plane nodes that are no longer in the spec, and whose members have not left etcd.

    They are as the first one is: what their own spec was is unknown.
    """
    first = situation.cluster.control_plane[0]
    names = [name for name, role in situation.removed.items() if role == "master" and name not in left]
    known = _list_listed(situation).union(situation.cluster.state.claims).intersection(names)
    return [first.model_copy(update={"name": name}) for name in names if name in known]


def list_needed_members(situation: Situation, leaving: Collection[str], left: Collection[str]) -> list[NodeSpec]:
    """The control-plane nodes that are being removed and have no pod, while none is Ready: a quorum may need them."""
    nodes, note = situation.cluster.control_plane, situation.cluster.state
    if any(_is_ready(situation, node.name) for node in nodes):
        return []
    again = [node for node in nodes if node.name in leaving and node.name in note.claims and node.name not in left]
    return [node for node in [*again, *list_former(situation, left)] if node.name not in situation.pods]


def is_quorum_lost(members: Collection[str], holding: Collection[str]) -> bool:
    """Whether several members are no quorum, if only those that are `holding` their data are left."""
    return len(members) > 1 and 0 < len(holding) <= len(members) // 2


def explain_joining(situation: Situation, node: NodeSpec) -> str:
    """What a control-plane node that has no data yet waits for before it can join; empty if nothing, or it need not.

    The first one initializes the cluster. Another one joins it once it has a member that listens to others: the only
    node of a control plane does not, before it is recreated as one of several. That member need not be Ready: the one
    that waits may be a member already, and the quorum may be lost without it.
    """
    if node.role != "master" or node.name in situation.cluster.state.claims or node == situation.cluster.founder:
        return ""
    return "" if _has_open_member(situation, node) else "waits for a control-plane node that it can join"


def list_joining(situation: Situation) -> frozenset[str]:
    """The control-plane nodes that have no pod yet because they can't join."""
    absent = [node for node in situation.cluster.control_plane if node.name not in situation.pods]
    return frozenset(node.name for node in absent if explain_joining(situation, node))


def _list_listed(situation: Situation) -> frozenset[str]:
    """The nodes that etcd lists as members, as recorded, and those no longer in the spec that are seen to be voters.

    A node may become Ready and be removed from the spec between two calls.
    """
    removed = [name for name, role in situation.removed.items() if role == "master"]
    return situation.cluster.state.members.union(name for name in removed if _is_ready(situation, name))


def _has_open_member(situation: Situation, node: NodeSpec) -> bool:
    is_initialized = situation.cluster.founder is None
    others = [each.name for each in situation.cluster.control_plane if each != node and each.name in situation.pods]
    return any(_is_open(situation, name) and (is_initialized or _is_ready(situation, name)) for name in others)


def _is_ready(situation: Situation, node: str) -> bool:
    pod = situation.pods.get(node)
    return pod is not None and pod.is_ready


def _is_open(situation: Situation, node: str) -> bool:
    """Whether its pod was created as one of several, and so has a name that others can use."""
    return "subdomain" in situation.pods[node].manifest["spec"]
