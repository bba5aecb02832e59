"""What the state of one node depends on: its pod, its claim, and what is recorded of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.node_pod import get_credentials_name
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, SECRET, Child, is_terminating
from hooks.vk8s.observed.keep import LAST_APPLIED
from hooks.vk8s.observed.pod import Pod, read_creation_time
from hooks.vk8s.plan.members import is_quorum_without
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import state_claim_name


def list_needed(situation: Situation, node: NodeSpec) -> list[Child]:
    """What a pod of `node` mounts if it is created now."""
    claim = [] if situation.cluster.spec.storage.ephemeral else [(CLAIM, state_claim_name(node.name))]
    return [(CONFIG_MAP, situation.boot_files), (SECRET, get_credentials_name(situation.cluster, node)), *claim]


@dataclass(frozen=True)
class NodeState:
    """What the state of a node depends on.

    `claim`, `noted`: None if its state is ephemeral. `noted`: uid of the recorded claim; `is_accepted`: whether the
    owner has given it up; `is_spare`: whether the other members of etcd have its data, and are a quorum; `lacking`:
    what its next pod would miss, by kind and name, with the object if it is being deleted.
    """

    node: NodeSpec
    pod: Pod | None
    claim: Manifest | None
    noted: str | None
    is_ephemeral: bool
    is_accepted: bool
    is_spare: bool
    lacking: Mapping[Child, Manifest | None]

    @property
    def is_gone(self) -> bool:
        """Whether the volume with its state is gone."""
        return self.noted is not None and self.claim is None and (self.pod is None or self.is_useless)

    @property
    def is_lost(self) -> bool:
        """The same, and its owner has not given it up."""
        return self.is_gone and not self.is_accepted

    @property
    def is_useless(self) -> bool:
        """Whether its pod has no volume and can get none: it is not scheduled, or the owner has given the volume up."""
        pod = self.pod
        if pod is None or self.noted is None or self.claim is not None or pod.is_ready or pod.is_running:
            return False
        return self.is_accepted or not pod.is_placed

    @property
    def is_on_another(self) -> bool:
        """Whether the claim of that name is newer than the pod, whose own volume will be gone when the pod is."""
        if self.pod is None or self.claim is None or self.claim["metadata"]["uid"] == self.noted:
            return False
        is_newer = read_creation_time(self.claim) > self.pod.created
        return is_newer and not self.is_accepted and (self.pod.is_ready or self.pod.has_run)

    @property
    def is_dropped(self) -> bool:
        """Whether the recorded claim and its pod are gone, and the owner wants an empty volume instead."""
        is_gone = self.claim is None or self.claim["metadata"]["uid"] != self.noted
        return self.is_accepted and self.pod is None and is_gone

    @property
    def is_restored(self) -> bool:
        """Whether a claim that the hooks have not created takes the place of the recorded one.

        What they create is seen with what was applied, and what others create for the first time without.
        """
        if (
            self.pod is not None
            or self.noted is None
            or self.claim is None
            or self.claim["metadata"]["uid"] == self.noted
        ):
            return False
        return LAST_APPLIED not in (self.claim["metadata"].get("annotations") or {})

    @property
    def proven(self) -> str | None:
        """The uid of the claim with which the node is Ready, or with which its owner has replaced the recorded one.

        A pod does not run on a claim that is newer. Then the recorded uid stays; without one, the uid of the pod
        records that there is state, and that it is on no existing claim.
        """
        if self.pod is None and self.noted and self.claim and not is_terminating(self.claim):
            return str(self.claim["metadata"]["uid"])
        if self.pod is None or self.is_ephemeral or not self.pod.is_ready:
            return None
        if self.claim is not None and read_creation_time(self.claim) <= self.pod.created:
            return str(self.claim["metadata"]["uid"])
        return self.noted or str(self.pod.manifest["metadata"]["uid"])


def read_node_state(situation: Situation, node: NodeSpec) -> NodeState:
    """The state of `node`, as its pod, its claim and the note show it."""
    cluster, observed = situation.cluster, situation.observed
    is_ephemeral = cluster.spec.storage.ephemeral
    claim = None if is_ephemeral else observed.find(CLAIM, state_claim_name(node.name))
    noted = None if is_ephemeral else cluster.state.claims.get(node.name)
    is_accepted = noted is not None and cluster.gives_up(noted)
    lacking = {
        (kind, name): observed.find(kind, name)
        for kind, name in list_needed(situation, node)
        if (kind, name) not in observed.lasting and not (kind == CLAIM and is_accepted)
    }
    pod, is_spare = situation.pods.get(node.name), is_quorum_without(situation, node)
    standing = NodeState(node, pod, claim, noted, is_ephemeral, is_accepted, is_spare, lacking)
    if not standing.is_on_another:
        return standing
    return replace(standing, lacking={**lacking, (CLAIM, state_claim_name(node.name)): None})
