"""`delete`: shows what goes, asks, and waits until all of it is gone."""

from collections.abc import Iterator
from dataclasses import dataclass

import click

from kubectl_vk8s import Manifest, options
from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.names import VK8S_LABEL
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.progress import Goal, wait
from kubectl_vk8s.session import Session
from kubectl_vk8s.stores import describe_store
from kubectl_vk8s.vk8s import Vk8s


@dataclass(frozen=True)
class Options:
    """What `delete` is asked for."""

    name: str
    yes: bool
    wait: bool
    timeout: float


@options.command(Options, name="delete")
@options.name_argument(required=True)
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@options.wait_options
def command(session: Session, asked: Options) -> int | None:
    """Delete a virtual cluster, with everything in it."""
    vk8s = session.get(asked.name)
    kubectl = session.within(vk8s)
    if not asked.yes:
        session.screen.say(f"This deletes {vk8s.namespace}/{vk8s.name}, {vk8s.ready_nodes} nodes Ready, with its data:")
        for line in list_volumes(kubectl, vk8s):
            session.screen.say(f"  {line}")
        session.screen.say(describe_rest(vk8s))
        if click.prompt("Write its name to go on", err=True, default="", show_default=False) != vk8s.name:
            raise ProblemError("Nothing has been deleted.")
    kubectl.run("delete", "vk8s", vk8s.name, "--wait=false")
    if not asked.wait:
        return Exit.DONE
    code = wait(session, vk8s, Goal("is deleted", lambda _: False, asked.timeout))
    return Exit.DONE if code == Exit.NOT_FOUND else code


def describe_rest(vk8s: Vk8s) -> str:
    """What is left from which the cluster could be created again."""
    if (vk8s.spec.get("storage") or {}).get("retain"):
        return "Its volumes stay (storage.retain), and it waits until you release them: docs/how-to/retain.md."
    store, last = vk8s.spec.get("backup"), vk8s.status.get("backup") or {}
    if store and "snapshot" in last:
        known = f"the last one is {last['snapshot']}, of {last['lastSuccessTime']}"
        return f"Its snapshots stay, in {describe_store(store)}; {known}."
    return "No snapshot of it is known."


def list_volumes(kubectl: Kubectl, vk8s: Vk8s) -> Iterator[str]:
    """A line for each volume: its size, and whether it outlives its claim."""
    try:
        claims = kubectl.get_all("persistentvolumeclaims", f"--selector={VK8S_LABEL}={vk8s.name}")
    except KubectlError as error:
        yield f"its volumes, which could not be listed: {error}"
        return
    for claim in claims:
        size = ((claim.get("status") or {}).get("capacity") or {}).get("storage") or "no size yet"
        yield f"volume {claim['metadata']['name']}, {size}{describe_policy(kubectl, claim)}"


def describe_policy(kubectl: Kubectl, claim: Manifest) -> str:
    """What becomes of the volume of a claim, where this user may see it."""
    name = claim["spec"].get("volumeName")
    try:
        volume = kubectl.find("persistentvolume", name) if name else None
    except KubectlError:
        return ", reclaim policy not known"
    policy = volume["spec"]["persistentVolumeReclaimPolicy"] if volume else ""
    return f", kept as {name}" if policy == "Retain" else ""
