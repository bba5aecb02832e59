"""`status`: one page about a virtual cluster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.names import FORCE_REMOVE_ANNOTATION
from kubectl_vk8s.objects import UNKNOWN, Objects, describe_size, read_objects
from kubectl_vk8s.rows import describe_node
from kubectl_vk8s.screen import Cell, Row, Tone, join_pairs
from kubectl_vk8s.session import Session
from kubectl_vk8s.verdict import choose_node_tone, choose_tone, compute_exit
from kubectl_vk8s.vk8s import VALID, Node, Vk8s, format_age
from kubectl_vk8s.watching import show_repeatedly

_HEADER: Final = ("NODE", "ROLE", "STATE", "HOST", "ADDRESS", "CPU/MEM", "DETAIL")


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
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Show how a virtual cluster is, on one page."""
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
    screen = session.screen
    age = format_age(vk8s.compute_age(datetime.now(UTC)))
    phase = screen.paint(vk8s.phase, choose_tone(vk8s))
    name = screen.paint(f"{vk8s.namespace}/{vk8s.name}", Tone.STRONG)
    screen.print("   ".join(filter(None, [name, phase, vk8s.ready_nodes, vk8s.version, age])))
    screen.print(screen.wrap(vk8s.message))
    screen.print_table(_HEADER, [build_row(node, vk8s, objects) for node in vk8s.nodes])
    for line in list_facts(vk8s, objects):
        screen.print(screen.wrap(line))
    if vk8s.list_problems():
        screen.print(f"{session.suggest('why {name}', vk8s)} says what to do.")


def build_row(node: Node, vk8s: Vk8s, objects: Objects) -> Row:
    """The line of a node."""
    spec: Manifest = next((each for each in vk8s.spec_nodes if each["name"] == node.name), {})
    pod = objects.pods.get(node.name)
    host = str(pod["spec"].get("nodeName", "")) if pod else "" if objects.is_known else UNKNOWN
    state = "Ready" if node.is_ready else node.reason
    detail = "" if node.is_ready else describe_node(node, objects.stories.get(node.name, ""))
    return [
        node.name, node.role, Cell(state, choose_node_tone(node)), host, node.address, describe_size(spec), detail,
    ]  # fmt: skip


def list_facts(vk8s: Vk8s, objects: Objects) -> Iterator[str]:
    """How it is reached, what is half done, and what could not be read."""
    endpoints = vk8s.status.get("endpoints") or {}
    ports = " ".join(f"{each['name']} {each['port']}→{each['nodePort']}" for each in endpoints.get("ports", []))
    api, ssh = str(endpoints.get("api", "")), endpoints.get("ssh")
    host = objects.host_address or "<a node of the host cluster>"
    yield from filter(None, [join_pairs([("API", api)])])
    yield from filter(None, [join_pairs([("SSH", f"ssh -p {ssh} root@{host}" if ssh else ""), ("PORTS", ports)])])
    yield from list_half_done(vk8s)
    expiry = (vk8s.status.get("certificatesExpire") or {}).get("ca", "")
    yield from [f"The CA expires on {expiry[:10]}."] if expiry else []
    yield from [f"{UNKNOWN}: {why}" for why in objects.unknown]


def list_half_done(vk8s: Vk8s) -> Iterator[str]:
    """What somebody has begun, and may have forgotten."""
    if not vk8s.is_current and vk8s.status:
        yield "The spec has been edited, and the status is about the spec before."
    if vk8s.is_terminating:
        yield "It is being deleted."
    if vk8s.is_paused:
        yield "It is paused."
    forced = vk8s.annotations.get(FORCE_REMOVE_ANNOTATION)
    if forced:
        yield f"Annotation {FORCE_REMOVE_ANNOTATION}={forced} is set: workers are removed without a drain."
    accepted = vk8s.conditions.get("Accepted")
    if accepted and accepted.is_true and accepted.message != VALID:
        yield accepted.message.removeprefix(VALID).strip()


def describe(vk8s: Vk8s, objects: Objects) -> Manifest:
    """The page for programs."""
    return {
        **vk8s.summarize(datetime.now(UTC)),
        "message": vk8s.message,
        "isCurrent": vk8s.is_current,
        "nodes": [_describe_node(node, objects) for node in vk8s.nodes],
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
