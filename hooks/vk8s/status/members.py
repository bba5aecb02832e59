"""What the status says of control-plane nodes as members of etcd, if there are several (decision 21).

A control-plane node is Ready only while its API server answers and its member is a voter with a quorum. So all this
follows from pods, claims and what is recorded. Which voter is the leader does not, and is not part of the status.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM
from hooks.vk8s.observed.pod import Pod, read_creation_time
from hooks.vk8s.observed.pod_state import PodState
from hooks.vk8s.plan.losses import STATE_LOST
from hooks.vk8s.situation import Call
from hooks.vk8s.spec.naming import state_claim_name

# It is Ready. It has no data of etcd yet, or no longer, and gets it when it boots. It has data, and is not Ready. It
# has left etcd, or is about to. Its volume is gone, and nothing replaces it.
VOTER, JOINING, DOWN, LEAVING, LOST = "Voter", "Joining", "Down", "Leaving", "Lost"
BOOTING: Final = "Booting"


@dataclass(frozen=True)
class ControlPlane:
    """How many of the control-plane nodes, including those that are being removed, are voters.

    `quorum`: so many voters are a majority of the members of etcd, as far as they are recorded.
    """

    voters: int
    nodes: int
    quorum: int

    @property
    def fields(self) -> Manifest:
        """`controlPlane` of the status."""
        return {"voters": f"{self.voters}/{self.nodes}", "quorum": self.quorum}

    def describe(self) -> str:
        """The same in words."""
        verb = "is" if self.quorum == 1 else "are"
        return f"{self.voters} of {self.nodes} control-plane nodes are voters, and {self.quorum} {verb} a quorum"


def read_member(call: Call, name: str, state: PodState) -> str:
    """What a control-plane node is as a member of etcd. `state`: that of its pod; it may be being removed."""
    pod = call.pods.get(name)
    if pod is not None and pod.is_ready:
        return VOTER
    if state.reason in (LEAVING, STATE_LOST):
        return LEAVING if state.reason == LEAVING else LOST
    return DOWN if _has_data(call, name, pod) else JOINING


def describe_joining(call: Call, member: str, state: PodState) -> PodState:
    """The state of a control-plane node; one that boots without data says that it joins, if there is one to join."""
    if member != JOINING or state.reason != BOOTING or not call.note.members:
        return state
    return replace(state, message=f"is booting, and joins the others{state.message.removeprefix('is booting')}")


def count_voters(call: Call, members: Mapping[str, str], left: Collection[str] = ()) -> ControlPlane:
    """The sum of all control-plane nodes. `members`: what each is as a member; `left`: those that have left etcd."""
    voters = {name for name, member in members.items() if member == VOTER}
    listed = (call.note.members | voters).difference(left)
    return ControlPlane(len(voters), len(listed | members.keys()), len(listed) // 2 + 1)


def _has_data(call: Call, name: str, pod: Pod | None) -> bool:
    """Whether the node has the volume with which it was a member, as far as that is recorded."""
    noted, claim = call.note.claims.get(name), call.observed.find(CLAIM, state_claim_name(name))
    if noted is None:
        return False
    if claim is None or pod is None or read_creation_time(claim) <= pod.created:
        return claim["metadata"]["uid"] == noted if claim else pod is not None
    return True  # a pod that is older than its claim runs on another volume
