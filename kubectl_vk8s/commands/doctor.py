"""`doctor`: whether this host cluster can run virtual clusters, and you can use them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import click

from kubectl_vk8s import options
from kubectl_vk8s.asking import confirm
from kubectl_vk8s.checks import Finding, check_all
from kubectl_vk8s.defaults import read_defaults
from kubectl_vk8s.probing import list_hosts, probe
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.screen import Tone
from kubectl_vk8s.session import Session

_MARKS: Final = {Tone.GOOD: "ok", Tone.MOVING: "note", Tone.BAD: "problem", Tone.NONE: "?"}


@dataclass(frozen=True)
class Options:
    """What `doctor` is asked for."""

    probe: bool
    host: Sequence[str]
    image: str | None
    yes: bool
    timeout: float
    output: str


@options.command(Options, name="doctor")
@click.option("--probe", is_flag=True, help="Try on each host what a node needs, with a privileged pod there.")
@click.option("--host", metavar="NODE", multiple=True, help="With --probe: only this host; can be repeated.")
@click.option("--image", metavar="IMAGE", help="With --probe: the node image; without it, that of the defaults.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before pods are created.")
@click.option("--timeout", type=options.Duration(), default="5m", show_default=True, help="How long a host may take.")
@options.output_option("json")
def command(session: Session, asked: Options) -> int | None:
    """Check whether this host cluster can run virtual clusters, and what you may do.

    It only reads, with your rights. It ends with 5 if there is a problem.

    With --probe, a privileged pod on each host tries overlayfs, veth, vxlan and nftables, looks at cgroups, inotify and
    the free disk, and is deleted again. You need the right to create pods, in a namespace that allows privileged ones.
    """
    probed = plan_probe(session, asked) if asked.probe else iter(())
    findings = [*check_all(session), *probed]
    if asked.output == "json":
        session.screen.print_json([{**asdict(each), "tone": _MARKS[each.tone]} for each in findings])
    else:
        for each in findings:
            mark = session.screen.paint(f"{_MARKS[each.tone]:8}", each.tone)
            text = f"{each.title}: {each.message}" if each.message else f"{each.title}."
            session.screen.print(f"{mark} {session.screen.wrap(text, '         ').lstrip()}")
    return Exit.NEEDS_YOU if any(each.tone == Tone.BAD for each in findings) else Exit.DONE


def plan_probe(session: Session, asked: Options) -> Iterator[Finding]:
    """Asks whether pods may be created on the hosts. What is returned creates them when it is read."""
    hosts = list_hosts(session.kubectl, asked.host)
    image = asked.image or read_image(session)
    names = ", ".join(host.name for host in hosts if not host.obstacle) or "no host"
    plan = [f"A privileged pod of {image} runs for a moment on {names}, and is deleted again."]
    confirm(session, plan, is_sure=asked.yes)
    return probe(session.kubectl, hosts, image, asked.timeout)


def read_image(session: Session) -> str:
    """The node image of the administrator's defaults. ProblemError where there is none."""
    defaults = read_defaults(session.kubectl)
    if not defaults.registry:
        raise ProblemError("Which node image is there? Write --image.", Exit.USAGE)
    return defaults.node_image
