"""Which pods are replaced now. A pod is replaced by omitting it from one answer; the next sync creates another.

Which of them go at once, which wait, and for which others they wait: decisions 5 and 12.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, POD
from hooks.vk8s.observed.fingerprint import hash_node, is_outdated
from hooks.vk8s.observed.pod import FAILED_PATIENCE, SETTLING, Pod
from hooks.vk8s.observed.refused import list_held
from hooks.vk8s.part import Part
from hooks.vk8s.plan.access_replacements import choose_access, list_access
from hooks.vk8s.plan.join import explain_missing_certificate, is_refused
from hooks.vk8s.plan.members import list_joining
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.state_note import read_pod_forced, read_pod_generation

# etcd counts a member that has just started as unhealthy for 5 s, and others may have cached its address for 30 s.
MEMBER_PATIENCE = timedelta(seconds=30)
_PULL_PROBLEMS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


@dataclass(frozen=True)
class Exempt:
    """Nodes that are not to be replaced: workers that are being removed, and those held because of their state.

    `lost`: nodes that have no pod until their owner acts.
    """

    leaving: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Replacements(Part):
    """The pods that are omitted now, and the state of the rollout.

    `outdated`: names of the nodes whose pods are still to be replaced after an edit; none during a pause, which deletes
    every pod. `held`: nodes whose next pods the host cluster would reject, with its message.
    """

    outdated: Sequence[str] = ()
    held: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Member:
    """A node and its observed pod."""

    node: NodeSpec
    pod: Pod | None
    is_outdated: bool = False
    # Its pod can't be created for now.
    is_stuck: bool = False
    # Its owner has given up the quorum that its member of etcd belongs to.
    is_of_lost_quorum: bool = False

    @property
    def is_master(self) -> bool:
        return self.node.role == "master"

    @property
    def is_there(self) -> bool:
        """Whether it has a pod that is not being deleted."""
        return self.pod is not None and not self.pod.is_terminating

    @property
    def is_ready(self) -> bool:
        return self.pod is not None and self.pod.is_ready

    @property
    def joined(self) -> datetime | None:
        """When another member of etcd may go, after this one has become Ready; None if it is no voter."""
        since = self.pod.ready_since if self.pod and self.is_master else None
        return since + MEMBER_PATIENCE if since else None

    def is_flapping(self, now: datetime) -> bool:
        """Whether it was Ready a moment ago, and may become so again by itself."""
        end = self.pod.flap_end if self.pod else None
        return end is not None and now < end


def plan_replacements(situation: Situation, exempt: Exempt) -> Replacements:
    """Pods that have ended or never ran go at once. Of those that have run, one per answer, the control plane first.

    A pod whose successor the namespace would reject, or that would have no certificate, stays. A worker that is being
    removed and is in the spec again is not replaced, but others wait for it.
    """
    cluster, now = situation.cluster, situation.now
    joining = list_joining(situation)
    members = [_build_member(situation, node, exempt) for node in cluster.nodes if node.name not in joining]
    held = list_held(cluster, situation.pods)
    unsigned = [node.name for node in cluster.workers if explain_missing_certificate(situation, node)]
    kept = {*exempt.leaving, *exempt.held, *held, *unsigned}
    free = [each for each in members if each.node.name not in kept and each.is_there]
    if any(each.is_master and each.is_outdated for each in members):
        # A worker's kubelet must not be newer than the API server.
        free = [each for each in free if each.is_master or not each.is_outdated]
    over = [each for each in free if each.pod and each.pod.is_over_for_long(now)]
    broken = [each for each in free if _is_broken(situation, each)]
    idle = [each for each in broken if each.pod and (not each.pod.has_run or each.is_of_lost_quorum)]
    turns = _keep_quorum(situation, members, [*broken, *_list_turns(cluster, free)], exempt)
    gone = [*over, *idle] or _choose_turn(members, turns, now)
    due = _compute_due(situation, members)
    outdated = [each.node.name for each in members if each.is_outdated and each.node.name not in exempt.leaving]
    return Replacements(
        gone=frozenset((POD, name) for name in [*(each.node.name for each in gone), *choose_access(situation)]),
        due=due,
        outdated=[] if cluster.paused else outdated,
        held=held,
    )


def _build_member(situation: Situation, node: NodeSpec, exempt: Exempt) -> _Member:
    cluster, pod = situation.cluster, situation.pods.get(node.name)
    is_stuck = pod is None and (
        node.name in exempt.lost or cluster.network.explain_missing_address(node.name) is not None
    )
    if pod is None:
        return _Member(node, pod, is_stuck=is_stuck)
    is_lost = node.role == "master" and read_pod_forced(pod.manifest) != cluster.state.forced
    return _Member(node, pod, is_lost or _is_outdated(cluster, node, pod.manifest), is_of_lost_quorum=is_lost)


def _is_outdated(cluster: VirtualCluster, node: NodeSpec, pod: Manifest) -> bool:
    """Whether it was created for another spec, address or generation, or before the last requested restart."""
    is_of_another = cluster.network.has_moved(node.name, pod) or read_pod_generation(pod) != cluster.state.generation
    return is_outdated(pod, hash_node(node, is_replicated=cluster.is_replicated), cluster.restart) or is_of_another


def _is_broken(situation: Situation, member: _Member) -> bool:
    """Whether the pod is not Ready and won't become so, or is outdated: replacing it interrupts nothing."""
    pod = member.pod
    if pod is None or pod.is_ready or pod.is_over:
        return False
    if member.is_flapping(situation.now) and not member.is_of_lost_quorum:
        return False
    observed, current = situation.observed, situation.boot_files
    is_lost = not all(observed.has(CONFIG_MAP, name) for name in pod.config_maps)
    is_fixed = current not in pod.config_maps and (CONFIG_MAP, current) in observed.lasting
    is_looping = pod.waiting == "CrashLoopBackOff" and is_fixed
    return is_lost or is_looping or member.is_outdated or is_refused(situation, pod)


def _list_turns(cluster: VirtualCluster, free: Iterable[_Member]) -> list[_Member]:
    """The Ready ones that are outdated, and whose successors need not wait for an address."""
    ready = [each for each in free if each.is_outdated and each.is_ready]
    return [each for each in ready if cluster.network.explain_missing_address(each.node.name) is None]


def _choose_turn(members: Sequence[_Member], candidates: Iterable[_Member], now: datetime) -> list[_Member]:
    """The candidate that may be replaced now, if any: at most one, and only if all other nodes allow it."""
    for going in candidates:
        allows = _allows_ready if going.is_ready else _allows_broken
        if all(allows(other, going, now) for other in members if other is not going):
            return [going]
    return []


def _keep_quorum(
    situation: Situation, members: Sequence[_Member], candidates: Iterable[_Member], exempt: Exempt
) -> list[_Member]:
    """The candidates without which etcd keeps its quorum. None is a member of it while another one is being removed."""
    masters = [each for each in members if each.is_master]
    names = [node.name for node in situation.cluster.control_plane]
    is_leaving = "master" in situation.removed.values() or not exempt.leaving.isdisjoint(names)
    # If none is Ready, the removal itself may wait for this one.
    is_blocked = is_leaving and any(each.is_ready for each in masters)
    return [
        each
        for each in candidates
        if not each.is_master or (not is_blocked and _is_spare(masters, each, situation.now))
    ]


def _is_spare(masters: Sequence[_Member], going: _Member, now: datetime) -> bool:
    """Whether the other members of etcd are a quorum without this one, or there is none to lose.

    One that is not Ready may be a voter nevertheless.
    """
    joined = [end for each in masters if each is not going and (end := each.joined)]
    is_quorum = len(joined) > len(masters) // 2 and max(joined) <= now
    return len(masters) == 1 or is_quorum or not (joined or going.is_ready)


def _allows_broken(other: _Member, going: _Member, now: datetime) -> bool:
    """Whether `other` allows a node that is not Ready to be replaced: its container runs, or it is down anyway.

    A worker waits until the control plane is Ready: it gets its configuration from there when it boots.
    """
    if other.is_ready:
        return True
    if other.is_flapping(now) or (other.is_master and not going.is_master):
        return False
    if other.pod is None:
        return other.is_stuck
    if not other.is_there:
        return other.pod.deletion_end <= now
    return other.pod.has_run or other.pod.is_over or other.pod.created + SETTLING <= now


def _allows_ready(other: _Member, going: _Member, now: datetime) -> bool:
    """Whether `other` allows a Ready node to be replaced: it is Ready, or won't become so whatever this one does.

    A node that never ran must not block the others forever. But if one that was created for the latest edit does not
    become Ready, the edit may be bad, and Ready nodes stay.
    """
    if other.is_ready:
        return True
    if other.pod is None or going.pod is None or not other.is_there or other.is_flapping(now):
        return False
    if other.pod.waiting in _PULL_PROBLEMS:
        return other.pod.image != going.node.image
    if other.pod.is_unscheduled and other.pod.created < going.pod.created:
        return True
    return other.is_outdated and other.pod.settled <= now


def _compute_due(situation: Situation, members: Iterable[_Member]) -> datetime | None:
    """When time alone may change the choice: a pod has been over for long enough, or has settled while others wait."""
    pods = [each.pod for each in members if each.pod]
    cluster, now = situation.cluster, situation.now
    ends = [pod.ended + FAILED_PATIENCE for pod in [*pods, *list_access(situation)] if pod.is_over]
    is_rolling = any(each.is_outdated for each in members)
    settled = [pod.settled for pod in pods if is_rolling and not (pod.is_ready or pod.is_over)]
    ending = [pod.deletion_end for pod in pods if is_rolling and pod.is_terminating]
    joined = [each.joined for each in members if is_rolling and cluster.is_replicated and each.joined]
    return min((time for time in [*ends, *settled, *ending, *joined] if time > now), default=None)
