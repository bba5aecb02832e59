"""`list`: one line per virtual cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.screen import Cell, Row
from kubectl_vk8s.session import Session
from kubectl_vk8s.verdict import choose_tone
from kubectl_vk8s.vk8s import Vk8s, format_age


@dataclass(frozen=True)
class Options:
    """What `list` is asked for."""

    all_namespaces: bool
    output: str


@options.command(Options, name="list")
@click.option("-A", "--all-namespaces", is_flag=True, help="Those of all namespaces.")
@options.output_option("wide", "json", "name")
def command(session: Session, asked: Options) -> int | None:
    """List virtual clusters."""
    now = datetime.now(UTC)
    found = session.list_all(*(["--all-namespaces"] if asked.all_namespaces else []))
    if asked.output == "json":
        session.screen.print_json([describe(each, now) for each in found])
    elif asked.output == "name":
        for each in found:
            session.screen.print(f"{each.namespace}/{each.name}" if asked.all_namespaces else each.name)
    elif not found:
        session.screen.say(f"There is no virtual cluster. {session.program} create NAME creates one.")
    else:
        print_rows(session, found, asked, now)
    return None


def print_rows(session: Session, found: Sequence[Vk8s], asked: Options, now: datetime) -> None:
    """Prints the table."""
    namespace = ["NAMESPACE"] if asked.all_namespaces else []
    wide = ["VOTERS", "API", "SSH"] if asked.output == "wide" else []
    header = [*namespace, "NAME", "PHASE", "NODES", "VERSION", "AGE", *wide, "MESSAGE"]
    session.screen.print_table(header, [build_row(each, asked, now) for each in found])


def build_row(vk8s: Vk8s, asked: Options, now: datetime) -> Row:
    """One line."""
    endpoints, voters = vk8s.status.get("endpoints") or {}, vk8s.control_plane.get("voters", "")
    wide = [voters, str(endpoints.get("api", "")), str(endpoints.get("ssh", ""))] if asked.output == "wide" else []
    return [
        *([vk8s.namespace] if asked.all_namespaces else []),
        Cell(vk8s.name),
        Cell(vk8s.phase, choose_tone(vk8s)),
        vk8s.ready_nodes,
        vk8s.version,
        format_age(vk8s.compute_age(now)),
        *wide,
        "" if vk8s.phase == "Running" and not vk8s.list_problems() else vk8s.message,
    ]


def describe(vk8s: Vk8s, now: datetime) -> Manifest:
    """The same for programs."""
    return {
        **vk8s.summarize(now),
        "paused": vk8s.is_paused,
        "message": vk8s.message,
    }
