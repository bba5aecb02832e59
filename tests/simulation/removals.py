"""Removals of workers, as designed, and what of these workers an answer may leave out: read from the objects."""

from collections.abc import Iterator
from dataclasses import dataclass

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, JOB, POD, is_terminating
from hooks.vk8s.spec.labels import COMPONENT, LEAVE_COMPONENT
from tests.simulation.answers import is_paused, list_references
from tests.simulation.kinds import Key
from tests.simulation.note import read_joining, read_members, read_note
from tests.simulation.statuses import get_container
from tests.world import World

TAKES, LEAVING = "vk8s.sktelecom.com/takes", "vk8s.sktelecom.com/leaving"
FORCE_REMOVE = "vk8s.sktelecom.com/force-remove"


@dataclass(frozen=True)
class Removal:
    """What is shown of a worker that is being removed, or was removed: pod, claim and Job."""

    node: str
    parts: dict[Key, Manifest]
    job: Manifest | None

    @property
    def is_named(self) -> bool:
        """Whether the Job names everything that exists: it is about this worker, not about a previous one."""
        takes = (self.job or {"metadata": {}})["metadata"].get("annotations", {}).get(TAKES, "").split(",")
        return self.job is not None and all(part["metadata"]["uid"] in takes for part in self.parts.values())

    @property
    def is_noted(self) -> bool:
        """Whether an annotation of the pod or the claim says that the removal has begun."""
        return any(LEAVING in part["metadata"].get("annotations", {}) for part in self.parts.values())


def list_leaving(world: World) -> set[str]:
    """Names of the workers that are being removed: no longer in the spec, or with a removal that has begun."""
    wanted = {node["name"] for node in world.spec["nodes"]}
    return {
        each.node
        for each in _list_removals(world)
        if each.is_named or each.is_noted or (each.parts and each.node not in wanted)
    }


def list_staying(world: World) -> set[str]:
    """Names of the nodes in the spec that are not being removed."""
    return {node["name"] for node in world.spec["nodes"]} - list_leaving(world)


def list_removed(world: World) -> set[Key]:
    """What may be left out of workers that are being removed."""
    return {key for each in _list_removals(world) for key in _list_removed(world, each)}


def has_condition(job: Manifest | None, kind: str) -> bool:
    """Whether the Job has this condition with status True."""
    conditions = (job or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def is_forced(world: World, node: str) -> bool:
    """Whether the owner wants the worker to be removed without a drain."""
    value = world.annotations.get(FORCE_REMOVE, "")
    return value.strip() == "true" or node in [name.strip() for name in value.split(",")]


def get_master_image(world: World) -> str:
    """The image of the control-plane pod, or that of the spec if the pod is not shown."""
    masters = [node for node in world.spec["nodes"] if node["role"] == "master"]
    pods = [pod for node in masters if (pod := world.children[POD].get(node["name"]))]
    return str(get_container(pods[0])["image"] if pods else masters[0]["image"])


def _list_removals(world: World) -> Iterator[Removal]:
    # A Job is never updated, so labels that somebody removes from it do not come back.
    jobs = {name.removesuffix("-leave") for name, job in world.children[JOB].items() if _is_leave(job)}
    names = {child["metadata"]["labels"].get(NODE) for kind in (POD, CLAIM) for child in world.children[kind].values()}
    for name in sorted((names | jobs) - {None, *_list_lasting(world)}):
        keys = [(POD, name), (CLAIM, f"{name}-state")]
        parts = {(kind, key): world.children[kind][key] for kind, key in keys if key in world.children[kind]}
        yield Removal(name, parts, world.children[JOB].get(f"{name}-leave"))


def _list_lasting(world: World) -> set[str]:
    """Control-plane nodes that are never removed: the only one, or the first of several that are recorded."""
    masters = [node["name"] for node in world.spec["nodes"] if node["role"] == "master"]
    recorded = [name for name in masters if name in read_note(world)[0]]
    if len(masters) == 1 or not recorded:
        return set(masters)
    return {min(recorded, key=lambda name: f"{name}-leave" in world.children[JOB])}


def _is_leave(job: Manifest) -> bool:
    return bool(job["metadata"]["labels"].get(COMPONENT) == LEAVE_COMPONENT)


def _list_removed(world: World, removal: Removal) -> list[Key]:
    """Pod and claim, once a Job that names them is complete; the Job once both are gone, or to create another."""
    job = removal.job
    if job is None or is_terminating(job):
        return []
    if removal.is_named and has_condition(job, "Complete"):
        return list(removal.parts) or [(JOB, f"{removal.node}-leave")]
    # If nothing else of the worker exists or is recorded, only this Job knows that its Node has to be deleted.
    is_known = removal.parts or removal.node in {*read_note(world)[0], *read_members(world), *read_joining(world)}
    is_useless = has_condition(job, "Failed") or (is_known and _is_outdated(world, removal.node, job))
    may_go = not removal.is_named or (is_useless and not is_paused(world))
    return [(JOB, f"{removal.node}-leave")] if may_go else []


def _is_outdated(world: World, node: str, job: Manifest) -> bool:
    """Whether it has another image than the control plane, drains against its owner's wish, or lost bootstrap files."""
    pod = job["spec"]["template"]
    container = pod["spec"]["containers"][0]
    force = {"name": "FORCE", "value": "true" if is_forced(world, node) else "false"}
    boot_files = [name for kind, name in list_references(pod) if kind == CONFIG_MAP]
    is_lost = any(name not in world.children[CONFIG_MAP] for name in boot_files)
    return container["image"] != get_master_image(world) or force not in container["env"] or is_lost
