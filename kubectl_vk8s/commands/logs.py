"""`logs`: the boot stories of all nodes in one stream."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.logs import Line, Wanted, read_lines, stream_lines
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.screen import Screen
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s

# Colours of nodes, in turn; none that means something elsewhere.
_COLORS = ("36", "35", "34", "96", "95", "94")


@dataclass(frozen=True)
class Options:
    """What `logs` is asked for."""

    name: str | None
    follow: bool
    node: Sequence[str]
    since: str | None
    previous: bool
    raw: bool


@options.command(Options, name="logs")
@options.name_argument()
@click.option("-f", "--follow", is_flag=True, help="Go on, also with pods that are created later.")
@click.option("--node", metavar="NODE", multiple=True, help="Only this node; can be repeated.")
@click.option("--since", metavar="TIME", help="Only what is not older, such as 10m.")
@click.option("-p", "--previous", is_flag=True, help="Of the containers before, such as one that gave up.")
@click.option("--raw", is_flag=True, help="Times in full, and no colours.")
def command(session: Session, asked: Options) -> int | None:
    """Print what the nodes say while they boot, sorted by time."""
    vk8s = session.get(asked.name)
    unknown = sorted(set(asked.node) - {node.name for node in vk8s.nodes})
    if unknown:
        names = ", ".join(node.name for node in vk8s.nodes)
        raise ProblemError(f"{vk8s.name} has no node {unknown[0]}; its nodes are {names}.", Exit.NOT_FOUND)
    wanted = Wanted(vk8s.name, frozenset(asked.node), asked.since, asked.previous)
    kubectl, printer = session.within(vk8s), Printer(session.screen, vk8s, is_raw=asked.raw)
    try:
        for line in stream_lines(kubectl, wanted) if asked.follow else read_lines(kubectl, wanted):
            printer.print(line)
    except KeyboardInterrupt:
        return Exit.DONE
    return None


@dataclass(frozen=True)
class Printer:
    """Prints lines, each with its node's name in that node's colour."""

    screen: Screen
    vk8s: Vk8s
    is_raw: bool

    def print(self, line: Line) -> None:
        """Prints one line."""
        if self.is_raw:
            self.screen.print(f"{line.time} {line.node} {line.text}")
            return
        names = [node.name for node in self.vk8s.nodes]
        width = max([len(name) for name in names] or [0])
        name = f"{line.node:{width}}"
        color = _COLORS[names.index(line.node) % len(_COLORS)] if line.node in names else _COLORS[-1]
        shown = self.screen.paint_code(name, color)
        self.screen.print(f"{line.clock}  {shown}  {line.text}")
