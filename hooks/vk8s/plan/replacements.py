"""Which pods are replaced now. A pod is replaced by leaving it out of one answer; the next sync creates another.

What may go at once, what waits for its turn, and for whom it waits: decisions 5 and 12.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, POD
from hooks.vk8s.observed.fingerprint import hash_access, hash_node, is_outdated
from hooks.vk8s.observed.pod import SETTLING, Pod
from hooks.vk8s.observed.refused import list_held
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import access_pod_name
from hooks.vk8s.spec.state_note import read_noted_generation

# A kubelet that refuses a pod refuses the next one, too, and at once.
FAILED_PATIENCE = timedelta(seconds=30)
_PULL_PROBLEMS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


@dataclass(frozen=True)
class Exempt:
    """Nodes that are not to be replaced here: workers that are being removed, and those held by what they stand on.

    `lost`: those that have no pod until their owner acts.
    """

    leaving: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Replacements(Part):
    """The pods that are left out now, and the rollout that is behind them.

    `outdated`: names of the nodes whose pods are still to be replaced after an edit; none during a pause, which ends
    every pod. `held`: those of all nodes whose next pods the host cluster would refuse, and its words for that.
    """

    outdated: Sequence[str] = ()
    held: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Member:
    """A node, and its pod as observed."""

    node: NodeSpec
    pod: Pod | None
    is_outdated: bool = False
    # Its pod does not come by itself.
    is_stuck: bool = False

    @property
    def is_master(self) -> bool:
        return self.node.role == "master"

    @property
    def is_there(self) -> bool:
        """Whether there is a pod, and nobody has deleted it."""
        return self.pod is not None and not self.pod.is_terminating

    @property
    def is_ready(self) -> bool:
        return self.pod is not None and self.pod.is_ready

    def is_flapping(self, now: datetime) -> bool:
        """Whether it was Ready a moment ago, and may be so again."""
        end = self.pod.flap_end if self.pod else None
        return end is not None and now < end


def plan_replacements(situation: Situation, exempt: Exempt) -> Replacements:
    """What has ended or never ran goes at once; of those that have run, one an answer, the master first.

    None goes whose next pod the namespace refuses. A worker that is leaving and in the spec again is not replaced, but
    it is one of the others.
    """
    cluster, now = situation.cluster, situation.now
    members = [_build_member(situation, node, exempt) for node in cluster.nodes]
    held = list_held(cluster, situation.pods)
    kept = {*exempt.leaving, *exempt.held, *held}
    free = [each for each in members if each.node.name not in kept and each.is_there]
    if any(each.is_master and each.is_outdated for each in members):
        # The kubelet of a worker must not be newer than its API server.
        free = [each for each in free if each.is_master or not each.is_outdated]
    over = [each for each in free if each.pod and _compute_patience_end(each.pod, now) <= now]
    broken = [each for each in free if _is_broken(situation, each)]
    idle = [each for each in broken if each.pod and not each.pod.has_run]
    gone = [*over, *idle] or _choose_turn(members, [*broken, *_list_turns(cluster, free)], now)
    due = _compute_due(situation, members)
    outdated = [each.node.name for each in members if each.is_outdated and each.node.name not in exempt.leaving]
    return Replacements(
        gone=frozenset((POD, name) for name in [*(each.node.name for each in gone), *_choose_access(situation)]),
        due=due,
        outdated=[] if cluster.paused else outdated,
        held=held,
    )


def _build_member(situation: Situation, node: NodeSpec, exempt: Exempt) -> _Member:
    cluster, pod = situation.cluster, situation.pods.get(node.name)
    is_stuck = pod is None and (node.name in exempt.lost or cluster.network.get_lack(node.name) is not None)
    return _Member(node, pod, pod is not None and _is_outdated(cluster, node, pod.manifest), is_stuck)


def _is_outdated(cluster: VirtualCluster, node: NodeSpec, pod: Manifest) -> bool:
    """Whether it was made for another spec, address or generation, or before the last restart that was asked for."""
    is_of_another = cluster.network.has_moved(node.name, pod) or read_noted_generation(pod) != cluster.state.generation
    return is_outdated(pod, hash_node(node), cluster.restart) or is_of_another


def _is_broken(situation: Situation, member: _Member) -> bool:
    """Whether the pod is not Ready and will not get so, or was made for another spec: nothing is lost with it."""
    pod = member.pod
    if pod is None or pod.is_ready or pod.is_over or member.is_flapping(situation.now):
        return False
    observed, current = situation.observed, situation.boot_files
    is_lost = not all(observed.has(CONFIG_MAP, name) for name in pod.config_maps)
    is_mended = current not in pod.config_maps and (CONFIG_MAP, current) in observed.lasting
    is_looping = pod.waiting == "CrashLoopBackOff" and is_mended
    return is_lost or is_looping or member.is_outdated


def _list_turns(cluster: VirtualCluster, free: Iterable[_Member]) -> list[_Member]:
    """The Ready ones that are outdated, and whose successors would not have to wait for an address."""
    ready = [each for each in free if each.is_outdated and each.is_ready]
    return [each for each in ready if cluster.network.get_lack(each.node.name) is None]


def _choose_turn(members: Sequence[_Member], candidates: Iterable[_Member], now: datetime) -> list[_Member]:
    """The one that may go now, of those that have run, if any: never more than one, and while no other one is down."""
    for going in candidates:
        lets_go = _lets_ready_go if going.is_ready else _lets_broken_go
        if all(lets_go(other, going, now) for other in members if other is not going):
            return [going]
    return []


def _lets_broken_go(other: _Member, going: _Member, now: datetime) -> bool:
    """Whether one that is not Ready may be taken down: the other's container runs, or is down by itself.

    A worker waits for the master to be Ready: what it takes over at its boot comes from there.
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


def _lets_ready_go(other: _Member, going: _Member, now: datetime) -> bool:
    """Whether a Ready one may be taken down: the other is Ready, or will not be so with this edit either.

    One that never ran must not hold others back for ever; but one that was made with the latest edit and does not come
    up says that the edit is bad, and then this one stays.
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


def _compute_patience_end(pod: Pod, now: datetime) -> datetime:
    """Until when a pod that is over is left as it is; later than `now` where it is not over."""
    return pod.ended + FAILED_PATIENCE if pod.is_over else now + FAILED_PATIENCE


def _choose_access(situation: Situation) -> list[str]:
    """The access pod, if it is from another image or has ended: nobody but its own sessions depends on it."""
    cluster, now = situation.cluster, situation.now
    name, image = access_pod_name(cluster.name), cluster.spec.access_pod_image
    pod = situation.pods.get(name)
    if pod is None or image is None or pod.is_terminating:
        return []
    is_old = not pod.is_over and is_outdated(pod.manifest, hash_access(image), cluster.restart)
    return [name] if is_old or _compute_patience_end(pod, now) <= now else []


def _compute_due(situation: Situation, members: Iterable[_Member]) -> datetime | None:
    """When time alone may change what goes: one has ended for long enough, or has settled while others wait for it."""
    pods = [each.pod for each in members if each.pod]
    access, now = situation.pods.get(access_pod_name(situation.cluster.name)), situation.now
    ends = [pod.ended + FAILED_PATIENCE for pod in [*pods, *([access] if access else [])] if pod.is_over]
    is_rolling = any(each.is_outdated for each in members)
    settled = [pod.settled for pod in pods if is_rolling and not (pod.is_ready or pod.is_over)]
    ending = [pod.deletion_end for pod in pods if is_rolling and pod.is_terminating]
    return min((time for time in [*ends, *settled, *ending] if time > now), default=None)
