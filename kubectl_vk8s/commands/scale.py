"""`scale`: adds and removes workers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.asking import confirm
from kubectl_vk8s.changes import patch_vk8s, replace_nodes
from kubectl_vk8s.names import FORCE_REMOVE_ANNOTATION, leave_job_name
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.progress import Goal, is_running, wait
from kubectl_vk8s.scaling import Scaling, add_workers, remove_workers, scale_to
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `scale` is asked for."""

    name: str | None
    workers: int | None
    add: int | None
    remove: Sequence[str]
    force: bool
    dry_run: bool
    yes: bool
    wait: bool
    timeout: float


@options.command(Options, name="scale")
@options.name_argument()
@click.option("--workers", type=click.IntRange(0, 99), help="So many workers; the highest numbers go first.")
@click.option("--add", type=click.IntRange(1, 99), help="So many workers more.")
@click.option("--remove", metavar="NODE", multiple=True, help="Without this worker; can be repeated.")
@click.option("--force", is_flag=True, help="Remove workers without draining them.")
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Add workers to a virtual cluster, or remove some with their volumes."""
    vk8s = session.get(asked.name)
    scaling = choose_scaling(vk8s, asked)
    if not scaling.added and not scaling.removed:
        session.screen.say(f"{vk8s.name} has {len(vk8s.workers)} workers; nothing is to be changed.")
        return None
    plan = list(describe_plan(scaling, is_forced=asked.force))
    if asked.dry_run:
        for line in plan:
            session.screen.print(line)
        return None
    confirm(session, plan, is_sure=asked.yes or not scaling.removed)
    if asked.force and scaling.removed:
        annotation = {FORCE_REMOVE_ANNOTATION: ",".join(scaling.removed)}
        patch_vk8s(session, vk8s, "merge", {"metadata": {"annotations": annotation}})
    changed = replace_nodes(session, vk8s, scaling.nodes, {})
    if not asked.wait:
        return None
    return wait(session, changed, Goal("is scaled", lambda each: is_scaled(each, scaling), asked.timeout))


def choose_scaling(vk8s: Vk8s, asked: Options) -> Scaling:
    """What is asked for. ProblemError unless it is one thing."""
    if sum((asked.workers is not None, asked.add is not None, bool(asked.remove))) != 1:
        raise ProblemError("Write one of --workers N, --add N and --remove NODE.", Exit.USAGE)
    if asked.workers is not None:
        return scale_to(vk8s, asked.workers)
    return remove_workers(vk8s, asked.remove) if asked.remove else add_workers(vk8s, asked.add or 0)


def describe_plan(scaling: Scaling, *, is_forced: bool) -> Iterator[str]:
    """What is going to happen, one line each."""
    if scaling.added:
        yield f"New workers: {', '.join(scaling.added)}."
    if scaling.removed:
        how = "without draining them" if is_forced else "after their pods have moved to other nodes"
        yield f"Removed, {how}, with their volumes: {', '.join(scaling.removed)}."
        jobs = " ".join(f"job/{leave_job_name(name)}" for name in scaling.removed)
        yield f"What a drain waits for: kubectl logs {jobs}"


def is_scaled(vk8s: Vk8s, scaling: Scaling) -> bool:
    """Whether the new ones are Ready, and those that were removed are gone."""
    return is_running(vk8s) and not {node.name for node in vk8s.nodes} & set(scaling.removed)
