"""`snapshot`: takes a snapshot of etcd now, or a cold backup with the volumes inside, and waits until it is stored."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import click

from kubectl_vk8s import options
from kubectl_vk8s.changes import patch_vk8s
from kubectl_vk8s.names import COLD_BACKUP_ANNOTATION, SNAPSHOT_ANNOTATION
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.progress import Goal, wait
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s

FAILED: Final = "Failed"
_ENDED: Final = ("Succeeded", FAILED)
# An annotation takes more, but the status is read by people.
_LONGEST: Final = 63


@dataclass(frozen=True)
class Options:
    """What `snapshot` is asked for."""

    name: str | None
    request: str | None
    volumes: bool
    wait: bool
    timeout: float


@options.command(Options, name="snapshot")
@options.name_argument()
@click.option("--request", metavar="TEXT", help="Name of the request: one that was used last takes no other snapshot.")
@click.option("--volumes", is_flag=True, help="With the volumes inside: all nodes are stopped until these are copied.")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Store a snapshot of etcd where spec.backup says, and wait until it is there."""
    vk8s = session.get(asked.name)
    check_possible(session, vk8s)
    request = (asked.request or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))[:_LONGEST]
    annotation = COLD_BACKUP_ANNOTATION if asked.volumes else SNAPSHOT_ANNOTATION
    requested = patch_vk8s(session, vk8s, "merge", {"metadata": {"annotations": {annotation: request}}})
    if not asked.wait:
        return None

    def has_ended(each: Vk8s) -> bool:
        found = each.cold_backup if asked.volumes else each.backup_request
        return found.get("value") == request and found.get("phase") in _ENDED

    code = wait(session, requested, Goal("is done with its snapshot", has_ended, asked.timeout))
    ended = session.get(f"{vk8s.namespace}/{vk8s.name}")
    if code != Exit.DONE:
        return code
    return describe_cold_end(session, ended) if asked.volumes else describe_end(session, ended)


def check_possible(session: Session, vk8s: Vk8s) -> None:
    """ProblemError where no snapshot would be taken."""
    if not vk8s.spec.get("backup"):
        raise ProblemError(f"{vk8s.name} has no spec.backup, which says where snapshots go: docs/how-to/backup.md.")
    if vk8s.is_paused:
        raise ProblemError(f"{vk8s.name} is paused, and has no etcd: {session.suggest('resume {name}', vk8s)}")


def describe_cold_end(session: Session, vk8s: Vk8s) -> int:
    """Prints which cold backup is stored, or why there is none; the exit code."""
    cold = vk8s.cold_backup
    if cold.get("phase") == FAILED:
        session.screen.say(f"No cold backup of {vk8s.name} is stored: {cold.get('message', '')}")
        return Exit.FAILED
    copied = f" with {cold['message']}" if cold.get("message") else "."
    session.screen.print(f"Snapshot {cold.get('snapshot', '')} of {vk8s.name} is stored{copied}")
    return Exit.DONE


def describe_end(session: Session, vk8s: Vk8s) -> int:
    """Prints which snapshot is stored, or why there is none; the exit code."""
    request = vk8s.backup_request
    if request.get("phase") == FAILED:
        session.screen.say(f"No snapshot of {vk8s.name} is stored: {request.get('message', '')}")
        return Exit.FAILED
    session.screen.print(f"Snapshot {request.get('snapshot', '')} of {vk8s.name} is stored.")
    return Exit.DONE
