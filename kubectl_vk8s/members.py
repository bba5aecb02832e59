"""The members of etcd of a virtual cluster, as a program in one of its control-plane nodes lists them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s.kubectl import FORBIDDEN, Kubectl, KubectlError
from kubectl_vk8s.names import NODE_CONTAINER
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.vk8s import MASTER, Node, Vk8s

LEADER: Final = "leader"
LEARNER: Final = "learner"
# Of a control-plane node that is no member, or not yet.
NONE: Final = "none"
# In the image of the nodes.
_PROGRAM: Final = ("etcd-member", "list")


@dataclass(frozen=True)
class Member:
    """A member of etcd. `role`: leader, voter or learner; version and size in bytes are known of one that answers."""

    name: str
    role: str
    answers: bool = False
    version: str = ""
    size: int | None = None


@dataclass(frozen=True)
class Membership:
    """The members, and the node that has listed them. Without a quorum, that one alone says so."""

    members: Sequence[Member]
    source: str
    has_quorum: bool

    @property
    def voters(self) -> Sequence[Member]:
        """Those that have a vote."""
        return [each for each in self.members if each.role != LEARNER]

    @property
    def quorum(self) -> int:
        """How many of them are a majority."""
        return len(self.voters) // 2 + 1

    def is_complete(self, vk8s: Vk8s) -> bool:
        """Whether exactly the control-plane nodes of the spec are members, and all of them vote and answer."""
        names = {node["name"] for node in vk8s.spec_nodes if node["role"] == MASTER}
        voting = {each.name for each in self.voters if each.answers}
        has_leader = any(each.role == LEADER for each in self.members)
        return self.has_quorum and has_leader and voting == names == {each.name for each in self.members}


def list_control_plane(vk8s: Vk8s) -> Sequence[Node]:
    """The control-plane nodes of the status, also those that are being removed."""
    return [node for node in vk8s.nodes if node.role == MASTER]


def read_members(kubectl: Kubectl, vk8s: Vk8s) -> Membership:
    """The members, as the first node that answers lists them; those that are Ready are asked first. ProblemError."""
    failures = []
    for node in sorted(list_control_plane(vk8s), key=lambda each: not each.is_ready):
        try:
            printed = kubectl.run("exec", node.name, f"--container={NODE_CONTAINER}", "--", *_PROGRAM)
            return _parse(printed, node.name)
        except KubectlError as error:
            if error.reason == FORBIDDEN:
                raise ProblemError(f"This asks a program in a node, which you may not: {error}") from error
            failures.append(f"{node.name}: {error}")
        except (LookupError, TypeError, ValueError):
            failures.append(f"{node.name}: its image is of another version than this command")
    raise ProblemError("\n  ".join(["No control-plane node lists the members of etcd.", *failures]))


def _parse(printed: str, source: str) -> Membership:
    found = json.loads(printed)
    members = [
        Member(each["name"], each["role"], each["answers"], each.get("version", ""), each.get("dbSize"))
        for each in found["members"]
    ]
    return Membership(members, source, found["quorum"])
