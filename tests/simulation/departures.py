"""Workers on their way out, as the design has it, and what of theirs an answer may leave out: read from the objects."""

from collections.abc import Iterator
from dataclasses import dataclass

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, JOB, POD, is_terminating
from hooks.vk8s.spec.labels import COMPONENT, LEAVE_COMPONENT
from tests.simulation.answers import find_references, is_paused
from tests.simulation.kinds import Key
from tests.simulation.note import read_note
from tests.simulation.statuses import get_container
from tests.world import World

TAKES, LEAVING = "vk8s.sktelecom.com/takes", "vk8s.sktelecom.com/leaving"
FORCE_REMOVE = "vk8s.sktelecom.com/force-remove"


@dataclass(frozen=True)
class Departure:
    """What is shown of a worker on its way out, or of one that was: pod, claim and Job."""

    node: str
    parts: dict[Key, Manifest]
    job: Manifest | None

    @property
    def is_named(self) -> bool:
        """Whether the Job names everything that is there: it is about this worker, and not about one before."""
        takes = (self.job or {"metadata": {}})["metadata"].get("annotations", {}).get(TAKES, "").split(",")
        return self.job is not None and all(part["metadata"]["uid"] in takes for part in self.parts.values())

    @property
    def is_noted(self) -> bool:
        """Whether it is noted on what is there that a leave has begun."""
        return any(LEAVING in part["metadata"].get("annotations", {}) for part in self.parts.values())


def find_leaving(world: World) -> set[str]:
    """Names of the workers that are leaving: not in the spec any more, or with a leave that has begun."""
    wanted = {node["name"] for node in world.spec["nodes"]}
    return {
        each.node
        for each in _list_departures(world)
        if each.is_named or each.is_noted or (each.parts and each.node not in wanted)
    }


def list_staying(world: World) -> set[str]:
    """Names of the nodes that the spec wants and that are not leaving."""
    return {node["name"] for node in world.spec["nodes"]} - find_leaving(world)


def find_departed(world: World) -> set[Key]:
    """What may be left out of workers on their way out."""
    return {key for each in _list_departures(world) for key in _find_departed(world, each)}


def has_condition(job: Manifest | None, kind: str) -> bool:
    """Whether that condition of the Job is true."""
    conditions = (job or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def is_forced(world: World, node: str) -> bool:
    """Whether the owner wants the worker to be removed without a drain."""
    value = world.annotations.get(FORCE_REMOVE, "")
    return value.strip() == "true" or node in [name.strip() for name in value.split(",")]


def find_master_image(world: World) -> str:
    """The image that the master runs, or is to run where it is not shown."""
    master = world.spec["nodes"][0]
    pod = world.children[POD].get(master["name"])
    return str(get_container(pod)["image"] if pod else master["image"])


def _list_departures(world: World) -> Iterator[Departure]:
    # A Job is never updated, so that labels which somebody takes away do not come back.
    jobs = {name.removesuffix("-leave") for name, job in world.children[JOB].items() if _is_leave(job)}
    names = {child["metadata"]["labels"].get(NODE) for kind in (POD, CLAIM) for child in world.children[kind].values()}
    for name in sorted((names | jobs) - {None, world.spec["nodes"][0]["name"]}):
        keys = [(POD, name), (CLAIM, f"{name}-state")]
        parts = {(kind, key): world.children[kind][key] for kind, key in keys if key in world.children[kind]}
        yield Departure(name, parts, world.children[JOB].get(f"{name}-leave"))


def _is_leave(job: Manifest) -> bool:
    return bool(job["metadata"]["labels"].get(COMPONENT) == LEAVE_COMPONENT)


def _find_departed(world: World, departure: Departure) -> list[Key]:
    """Pod and claim, once a Job has taken out just them; the Job after both are gone, or to make another."""
    job = departure.job
    if job is None or is_terminating(job):
        return []
    if departure.is_named and has_condition(job, "Complete"):
        return list(departure.parts) or [(JOB, f"{departure.node}-leave")]
    # With nothing else left of the worker, or noted, only this Job knows that its Node has to go.
    is_known = departure.parts or departure.node in read_note(world)[0]
    is_useless = has_condition(job, "Failed") or (is_known and _is_outdated(world, departure.node, job))
    may_go = not departure.is_named or (is_useless and not is_paused(world))
    return [(JOB, f"{departure.node}-leave")] if may_go else []


def _is_outdated(world: World, node: str, job: Manifest) -> bool:
    """Whether it runs another image than the master, or drains against its owner's wish, or has lost its boot files."""
    pod = job["spec"]["template"]
    container = pod["spec"]["containers"][0]
    force = {"name": "FORCE", "value": "true" if is_forced(world, node) else "false"}
    boot_files = [name for kind, name in find_references(pod) if kind == CONFIG_MAP]
    is_lost = any(name not in world.children[CONFIG_MAP] for name in boot_files)
    return container["image"] != find_master_image(world) or force not in container["env"] or is_lost
