"""`status`: one page about a virtual cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.facts import HEADER, build_node_cells, list_facts, list_half_done
from kubectl_vk8s.kubectl import KubectlError
from kubectl_vk8s.logs import Wanted, read_lines
from kubectl_vk8s.objects import Objects, read_objects
from kubectl_vk8s.page import Found, build_page
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.rows import describe_node
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import Session
from kubectl_vk8s.verdict import choose_tone, compute_exit
from kubectl_vk8s.vk8s import Node, Vk8s, format_age
from kubectl_vk8s.watching import show_repeatedly


@dataclass(frozen=True)
class Options:
    """What `status` is asked for."""

    name: str | None
    watch: bool
    exit_code: bool
    output: str


@options.command(Options, name="status")
@options.name_argument()
@click.option("-w", "--watch", is_flag=True, help="Show it again after each change, until Ctrl-C.")
@click.option("--exit-code", is_flag=True, help="End with 4 while it is not Ready, with 5 if it needs you.")
@options.output_option("json", "html")
def command(session: Session, asked: Options) -> int | None:
    """Show how a virtual cluster is, on one page.

    With -o html, the page is for a browser, which loads nothing else; it has the logs of the nodes, too.
    """
    if asked.watch and asked.output == "html":
        raise ProblemError("-o html is one file: leave out --watch.", Exit.USAGE)
    vk8s = session.get(asked.name)
    if asked.watch:
        return show_repeatedly(session, vk8s, lambda each: show(session, each, asked.output))
    show(session, vk8s, asked.output)
    return compute_exit(vk8s) if asked.exit_code else None


def show(session: Session, vk8s: Vk8s, output: str) -> None:
    """Prints the page."""
    objects = read_objects(session.within(vk8s), vk8s)
    if output == "json":
        session.screen.print_json(describe(vk8s, objects))
        return
    if output == "html":
        session.screen.print(build_html(session, vk8s, objects).rstrip())
        return
    screen = session.screen
    age = format_age(vk8s.compute_age(datetime.now(UTC)))
    phase = screen.paint(vk8s.phase, choose_tone(vk8s))
    name = screen.paint(f"{vk8s.namespace}/{vk8s.name}", Tone.STRONG)
    screen.print("   ".join(filter(None, [name, phase, vk8s.ready_nodes, vk8s.version, age])))
    screen.print(screen.wrap(vk8s.message))
    screen.print_table(HEADER, [build_node_cells(node, vk8s, objects) for node in vk8s.nodes])
    for line in list_facts(vk8s, objects):
        screen.print(screen.wrap(line))
    if vk8s.control_plane:
        screen.print(f"{session.suggest('members {name}', vk8s)} shows the leader.")
    if vk8s.list_problems():
        screen.print(f"{session.suggest('why {name}', vk8s)} says what to do.")


def build_html(session: Session, vk8s: Vk8s, objects: Objects) -> str:
    """The page with what the nodes have said, as far as this user may read it."""
    now = datetime.now(UTC)
    try:
        lines = read_lines(session.within(vk8s), Wanted(vk8s.name))
    except KubectlError as error:
        unknown = [*objects.unknown, f"the logs could not be read: {error}"]
        return build_page(Found(vk8s, replace(objects, unknown=unknown), [], now))
    return build_page(Found(vk8s, objects, lines, now))


def describe(vk8s: Vk8s, objects: Objects) -> Manifest:
    """The page for programs."""
    return {
        **vk8s.summarize(datetime.now(UTC)),
        "message": vk8s.message,
        "isCurrent": vk8s.is_current,
        "nodes": [_describe_node(node, objects) for node in vk8s.nodes],
        **({"controlPlane": vk8s.control_plane} if vk8s.control_plane else {}),
        "problems": _describe_problems(vk8s),
        "endpoints": vk8s.status.get("endpoints") or {},
        "halfDone": list(list_half_done(vk8s)),
        "unknown": list(objects.unknown),
    }


def _describe_node(node: Node, objects: Objects) -> Manifest:
    pod = objects.pods.get(node.name) or {}
    return {
        "name": node.name,
        "role": node.role,
        "ready": node.is_ready,
        **({"member": node.member} if node.member else {}),
        "reason": node.reason,
        "message": describe_node(node, objects.stories.get(node.name, "")),
        "address": node.address,
        "host": (pod.get("spec") or {}).get("nodeName"),
    }


def _describe_problems(vk8s: Vk8s) -> Sequence[Manifest]:
    return [
        {"condition": each.type, "reason": each.reason, "message": each.message, "passesByItself": each.is_passing}
        for each in vk8s.list_problems()
    ]
