"""`upgrade`: another version of Kubernetes for all nodes."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.asking import confirm
from kubectl_vk8s.changes import replace_nodes, wait_for_running
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session
from kubectl_vk8s.versions import parse_version, read_tag, replace_version
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `upgrade` is asked for."""

    name: str | None
    version: str
    plan: bool
    yes: bool
    wait: bool
    timeout: float


@options.command(Options, name="upgrade")
@options.name_argument()
@click.option("--version", required=True, metavar="V", help="Version of Kubernetes, such as v1.35.4.")
@click.option("--plan", is_flag=True, help="Only show what would be done.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Upgrade Kubernetes: the control-plane node first, then one worker after the other."""
    vk8s = session.get(asked.name)
    problem = explain_refusal(vk8s, asked.version)
    if problem:
        raise ProblemError(problem, Exit.USAGE)
    plan = list(describe_plan(vk8s, asked.version))
    if asked.plan:
        for line in plan:
            session.screen.print(line)
        return None
    confirm(session, plan, is_sure=asked.yes)
    nodes = [{**node, "image": replace_version(node["image"], asked.version)} for node in vk8s.spec_nodes]
    access = str(vk8s.spec.get("accessPodImage", ""))
    # Its kubectl may be one minor version off: only an image with a version as its tag follows.
    more = {"accessPodImage": replace_version(access, asked.version)} if has_version(access) else {}
    changed = replace_nodes(session, vk8s, nodes, more)
    return wait_for_running(session, changed, asked.timeout) if asked.wait else None


def has_version(image: str) -> bool:
    """Whether the tag of an image is a version."""
    return parse_version(read_tag(image)) is not None


def explain_refusal(vk8s: Vk8s, version: str) -> str:
    """Why the nodes would refuse this version; empty where they would not."""
    wanted = parse_version(version)
    if wanted is None:
        return f"{version} is no version; write one such as v1.35.4."
    for node in vk8s.spec_nodes:
        now = parse_version(read_tag(node["image"]))
        if now is None:
            return f"The image of {node['name']}, {node['image']}, has no version as its tag: edit the Vk8s instead."
        if wanted < now:
            return f"{node['name']} has {read_tag(node['image'])}: Kubernetes can't be downgraded."
    control_plane = parse_version(vk8s.version) or wanted
    if wanted[:2] > (control_plane[0], control_plane[1] + 1):
        return (
            f"{vk8s.name} has {vk8s.version}: upgrade one minor version at a time, to "
            f"v{control_plane[0]}.{control_plane[1] + 1} first."
        )
    return ""


def describe_plan(vk8s: Vk8s, version: str) -> Iterator[str]:
    """What is going to happen, one line each."""
    yield f"{vk8s.namespace}/{vk8s.name}: {vk8s.version} → {version}, one node at a time, in this order:"
    for node in vk8s.spec_nodes:
        tag = read_tag(node["image"])
        yield f"  {node['name']}: {tag} → {read_tag(replace_version(node['image'], version))}"
    behind = [node.name for node in vk8s.nodes if not node.is_ready]
    if behind:
        yield f"These are not Ready, and a rollout waits for them: {', '.join(behind)}."
    yield "The API is unavailable while the control-plane node is recreated. Make a backup first: there is no way back."
