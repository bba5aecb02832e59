"""`pause`: stops all pods of a virtual cluster, and keeps its state."""

from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.asking import confirm
from kubectl_vk8s.changes import patch_vk8s
from kubectl_vk8s.progress import Goal, wait
from kubectl_vk8s.session import Session


@dataclass(frozen=True)
class Options:
    """What `pause` is asked for."""

    name: str | None
    yes: bool
    wait: bool
    timeout: float


@options.command(Options, name="pause")
@options.name_argument()
@click.option("-y", "--yes", is_flag=True, help="Also if the state is lost (storage.ephemeral).")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Stop all pods of a virtual cluster; volumes, Secrets and addresses stay."""
    vk8s = session.get(asked.name)
    if vk8s.is_ephemeral:
        plan = f"{vk8s.name} has no volumes (storage.ephemeral): a pause deletes everything in it."
        confirm(session, [plan], is_sure=asked.yes)
    paused = patch_vk8s(session, vk8s, "merge", {"spec": {"paused": True}})
    if not asked.wait:
        return None
    return wait(session, paused, Goal("is paused", lambda each: each.phase == "Paused", asked.timeout))
