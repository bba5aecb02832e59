"""`members`: which control-plane nodes are members of etcd, and which of them leads."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.members import LEARNER, NONE, Member, Membership, list_control_plane, read_members
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.screen import Cell, Row, Tone
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Node, Vk8s

_HEADER = ("NODE", "ROLE", "ANSWERS", "ETCD", "DATA", "ADDRESS", "DETAIL")


@dataclass(frozen=True)
class Options:
    """What `members` is asked for."""

    name: str | None
    exit_code: bool
    output: str


@options.command(Options, name="members")
@options.name_argument()
@click.option("--exit-code", is_flag=True, help="End with 4 unless all are voters that answer, with 5 without quorum.")
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Show which control-plane nodes are members of etcd, and which one leads.

    For a virtual cluster with several control-plane nodes. It runs a program in one of them with `kubectl exec`, which
    asks the others.
    """
    vk8s = session.get(asked.name)
    if len(list_control_plane(vk8s)) == 1:
        raise ProblemError(
            f"{vk8s.name} has one control-plane node, so its etcd has no other member: "
            f"{session.suggest('status {name}', vk8s)} shows how it is."
        )
    found = read_members(session.within(vk8s), vk8s)
    if asked.output == "json":
        session.screen.print_json(describe(vk8s, found))
    else:
        session.screen.print_table(_HEADER, list(build_rows(vk8s, found)))
        session.screen.print(session.screen.wrap(summarize(found)))
    return compute_exit(vk8s, found) if asked.exit_code else None


def build_rows(vk8s: Vk8s, found: Membership) -> Iterator[Row]:
    """A line for each member, and for each control-plane node that is none."""
    for node, member in pair(vk8s, found):
        answers = "" if member.role == NONE else "yes" if member.answers else "no"
        size = "" if member.size is None else format_size(member.size)
        role, address = Cell(member.role, choose_tone(member)), node.address if node else ""
        yield [member.name, role, answers, member.version, size, address, explain(node)]


def pair(vk8s: Vk8s, found: Membership) -> Iterator[tuple[Node | None, Member]]:
    """Control-plane nodes with their members, in the order of the status; then members without a node."""
    nodes = {node.name: node for node in list_control_plane(vk8s)}
    members = {member.name: member for member in found.members}
    for name, node in nodes.items():
        yield node, members.get(name) or Member(name, NONE)
    yield from ((None, member) for name, member in members.items() if name not in nodes)


def choose_tone(member: Member) -> Tone:
    """Green votes, yellow does not vote yet, red does not answer."""
    if member.role in (LEARNER, NONE):
        return Tone.MOVING
    return Tone.GOOD if member.answers else Tone.BAD


def explain(node: Node | None) -> str:
    """Why the node is not Ready; empty if it is."""
    if node is None:
        return "is not in the spec"
    return "" if node.is_ready else node.message or node.reason


def summarize(found: Membership) -> str:
    """Whether etcd has a quorum, in words."""
    answering = sum(member.answers for member in found.voters)
    counted = f"{answering} of {len(found.voters)} voters answer {found.source}"
    if found.has_quorum:
        return f"{counted}, and {found.quorum} are a quorum."
    return f"{counted}, which has no quorum: nothing is written, and this is the list that {found.source} has."


def describe(vk8s: Vk8s, found: Membership) -> Manifest:
    """The same for programs."""
    return {
        "namespace": vk8s.namespace,
        "name": vk8s.name,
        "source": found.source,
        "hasQuorum": found.has_quorum,
        "quorum": found.quorum,
        "members": [_describe_member(node, member) for node, member in pair(vk8s, found)],
    }


def _describe_member(node: Node | None, member: Member) -> Manifest:
    return {
        "name": member.name,
        "role": member.role,
        "answers": member.answers,
        "version": member.version,
        "sizeBytes": member.size,
        "address": node.address if node else "",
        "message": explain(node),
    }


def compute_exit(vk8s: Vk8s, found: Membership) -> int:
    """0 where all is well, 4 where a member is missing, 5 where etcd has no quorum."""
    if not found.has_quorum:
        return Exit.NEEDS_YOU
    return Exit.DONE if found.is_complete(vk8s) else Exit.NOT_READY


def format_size(size: int) -> str:
    """As a person reads it: 2.6 MiB."""
    return f"{size / (1 << 20):.1f} MiB"
