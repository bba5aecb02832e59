"""`restore`: begins a virtual cluster with a snapshot, a new one or one that has lost its data."""

import json
import sys
from dataclasses import dataclass
from typing import Final

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.asking import confirm
from kubectl_vk8s.changes import patch_vk8s
from kubectl_vk8s.kubectl import NOT_FOUND, Kubectl, KubectlError
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.progress import Goal, is_running, wait
from kubectl_vk8s.restoring import (
    DRY_RUN,
    LATEST,
    Place,
    Wish,
    build_copy,
    build_patch,
    build_restored,
    choose_known,
    describe_copy,
    describe_plan,
    has_lost_its_data,
    list_waiting,
    read_lost_claims,
    read_place,
)
from kubectl_vk8s.session import Session
from kubectl_vk8s.stores import StoreOptions, build_store, check_store, store_options
from kubectl_vk8s.vk8s import Vk8s

_HOW_TO_CREATE: Final = (
    "To create it, write -f FILE with its manifest; or --of NAME, if it is to be like one that exists."
)


@dataclass(frozen=True, kw_only=True)
class Options(StoreOptions):
    """What `restore` is asked for."""

    name: str | None
    file: str | None
    of: str | None
    snapshot: str
    dry_run: bool
    yes: bool
    wait: bool
    timeout: float


@options.command(Options, name="restore")
@options.name_argument()
@click.option(
    "-f", "--file", metavar="FILE", help="Create the Vk8s in this file, as NAME if that is given; - for stdin."
)
@click.option("--of", metavar="NAME", help="The Vk8s that the snapshot is of, or NAMESPACE/NAME.  [default: the same]")
@click.option("--snapshot", metavar="ID", default=LATEST, show_default=True, help="Which one.")
@store_options
@click.option("--dry-run", is_flag=True, help="Show what would be created or changed, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before what a cluster has lost is given up.")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Begin a virtual cluster with a snapshot: a new one, or one that has lost its data.

    A new one is made from FILE, the manifest that you have kept, or, where the Vk8s that the snapshot is of still
    exists, as a copy of that. The snapshots are where its spec.backup says, unless options say otherwise.

    Of a Vk8s that exists, the data of the control plane must be lost (StateLost): data that is there is never replaced.
    """
    vk8s = None if asked.file else find_vk8s(session, asked)
    return create_restored(session, asked) if vk8s is None else restore_in_place(session, vk8s, asked)


def find_vk8s(session: Session, asked: Options) -> Vk8s | None:
    """The Vk8s that is to be restored in place; None where it does not exist yet."""
    if asked.name is None and asked.of:
        raise ProblemError("Write the name of the new virtual cluster.", Exit.USAGE)
    try:
        return session.get(asked.name)
    except KubectlError as error:
        if error.reason != NOT_FOUND:
            raise
        if not asked.of:
            raise ProblemError(f"There is no Vk8s {asked.name}. {_HOW_TO_CREATE}", Exit.NOT_FOUND) from error
    return None


def create_restored(session: Session, asked: Options) -> int | None:
    """Creates a new Vk8s with spec.restoreFrom, and waits for it; the exit code."""
    origin = read_file(session, asked) if asked.file else read_living(session, asked)
    place = read_place(session, asked.name) if asked.name else Place(origin.namespace, origin.name)
    source = read_place(session, asked.of) if asked.of else Place(origin.namespace, origin.name)
    wish = Wish(source, asked.snapshot, build_store(asked, choose_known(origin)))
    new = build_restored(place, origin if asked.file else build_copy(place, origin), wish)
    kubectl = session.kubectl.within(place.namespace)
    if asked.dry_run:
        session.screen.print(kubectl.run(*DRY_RUN, "--output=yaml", stdin=json.dumps(new)).rstrip())
        return None
    check_store(kubectl, wish.store)
    for line in [] if asked.file else describe_copy(origin, place):
        session.screen.say(line)
    created = create(kubectl, place, new)
    session.screen.say(f"{place} begins with {wish}.")
    return wait_for_restore(session, created, asked)


def create(kubectl: Kubectl, place: Place, new: Manifest) -> Vk8s:
    """The Vk8s as the API server has created it."""
    try:
        return Vk8s(json.loads(kubectl.run("create", "--filename=-", "--output=json", stdin=json.dumps(new))))
    except KubectlError as error:
        if error.reason != "AlreadyExists":
            raise
        raise ProblemError(f"{place} exists. Leave out -f to restore it in place, or write another name.") from error


def read_living(session: Session, asked: Options) -> Vk8s:
    """The Vk8s that is to be copied. ProblemError if it is gone, as its nodes are known to nobody then."""
    try:
        return session.get(asked.of)
    except KubectlError as error:
        if error.reason != NOT_FOUND:
            raise
        raise ProblemError(f"Neither {asked.name} nor {asked.of} exists. {_HOW_TO_CREATE}", Exit.NOT_FOUND) from error


def read_file(session: Session, asked: Options) -> Vk8s:
    """The Vk8s in the file; kubectl reads it. ProblemError unless there is exactly one object, and it is one."""
    text = sys.stdin.read() if asked.file == "-" else ""
    read = ("create", "--dry-run=client", f"--filename={asked.file}", "--output=json")
    try:
        found: Manifest = json.loads(session.kubectl.run(*read, stdin=text))
    except json.JSONDecodeError as error:
        raise ProblemError(f"{asked.file} has several objects: write the Vk8s in a file of its own.") from error
    if found["kind"] != "Vk8s":
        raise ProblemError(f"{asked.file} has no Vk8s, but a {found['kind']}.", Exit.USAGE)
    return Vk8s(found)


def restore_in_place(session: Session, vk8s: Vk8s, asked: Options) -> int | None:
    """Lets a cluster that has lost its data begin with the snapshot, and gives up what is lost; the exit code.

    Nothing is given up without a question, nor for a node whose loss its owner has given up before.
    """
    waiting = list_waiting(vk8s)
    if not waiting and not has_lost_its_data(vk8s):
        raise ProblemError(explain_refusal(session, vk8s), Exit.USAGE)
    given_up = "" if waiting else read_lost_claims(vk8s)
    place = Place(vk8s.namespace, vk8s.name)
    source = read_place(session, asked.of) if asked.of else place
    wish = Wish(source, asked.snapshot, build_store(asked, choose_known(vk8s)))
    plan = list(describe_plan(vk8s, wish, given_up))
    if asked.dry_run:
        for line in plan:
            session.screen.print(line)
        return None
    kubectl = session.within(vk8s)
    check_store(kubectl, wish.store)
    confirm(session, plan, is_sure=asked.yes or not given_up)
    patched = patch_vk8s(session, vk8s, "json", build_patch(vk8s, wish.build_restore_from(place), given_up))
    if waiting:
        # It is recreated, and only a new one looks for another snapshot.
        kubectl.run("delete", "pod", *waiting, "--ignore-not-found", "--wait=false")
    return wait_for_restore(session, patched, asked, before=vk8s.message)


def explain_refusal(session: Session, vk8s: Vk8s) -> str:
    """Why a Vk8s that has its data is not restored, and what can be done instead."""
    beside = session.suggest(f"restore {vk8s.name}-restored --of {{name}}", vk8s)
    return (
        f"{vk8s.name} exists, and has not lost its data: a snapshot never replaces data that is there. To look at the "
        f"snapshot in a cluster next to it: {beside}. To go back to it all the same: docs/how-to/restore.md, section "
        "Back to an earlier state."
    )


def wait_for_restore(session: Session, vk8s: Vk8s, asked: Options, before: str = "") -> int | None:
    """Waits until it is Running, unless nobody wants to, and says which snapshot it has; the exit code."""
    if not asked.wait:
        session.screen.say(f"{session.suggest('status {name}', vk8s)} shows how far it is.")
        return None
    code = wait(session, vk8s, Goal("is Running", is_running, asked.timeout, before=before))
    if code == Exit.DONE:
        restored = session.get(f"{vk8s.namespace}/{vk8s.name}").status.get("restoredFrom") or {}
        session.screen.print(f"It has the data of snapshot {restored.get('snapshot')}, of {restored.get('time')}.")
        if "missing" in restored:
            session.screen.say(f"That cold backup was not completed: it has no volumes of {restored['missing']}.")
    return code
