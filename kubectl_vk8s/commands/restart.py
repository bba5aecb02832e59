"""`restart`: recreates the pods of a virtual cluster, one after the other, or one of them at once."""

from dataclasses import dataclass
from datetime import UTC, datetime

import click

from kubectl_vk8s import options
from kubectl_vk8s.changes import patch_vk8s, seen_after
from kubectl_vk8s.names import RESTART_ANNOTATION
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.progress import Goal, is_running, wait
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `restart` is asked for."""

    name: str | None
    node: str | None
    wait: bool
    timeout: float


@options.command(Options, name="restart")
@options.name_argument()
@click.option("--node", metavar="NODE", help="Delete the pod of this node, which comes back with its state.")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Recreate the pods of a virtual cluster, one after the other, with their state."""
    vk8s = session.get(asked.name)
    if vk8s.is_paused:
        raise ProblemError(f"{vk8s.name} is paused, and has no pods: {session.suggest('resume {name}', vk8s)}")
    if asked.node:
        delete_pod(session, vk8s, asked.node)
    else:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        vk8s = patch_vk8s(session, vk8s, "merge", {"metadata": {"annotations": {RESTART_ANNOTATION: now}}})
    if not asked.wait:
        return None
    reached = seen_after(is_running, lambda each: each.phase != "Running")
    return wait(session, vk8s, Goal("is Running", reached, asked.timeout))


def delete_pod(session: Session, vk8s: Vk8s, node: str) -> None:
    """Deletes the pod of a node. ProblemError where there is no such node."""
    names = [each.name for each in vk8s.nodes]
    if node not in names:
        raise ProblemError(f"{vk8s.name} has no node {node}; its nodes are {', '.join(names)}.", Exit.NOT_FOUND)
    session.within(vk8s).run("delete", "pod", node, "--wait=false")
