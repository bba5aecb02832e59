"""Objects as an API server has them, with the status that the hooks themselves give."""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from tests.unit.vk8s.plan.test_members import three_world
from tests.world import IDENTITY, World, running_world

CREATED = "2026-01-02T03:00:00Z"
SECRET: Manifest = running_world().children["Secret.v1"]["demo-kubeconfig"]


def build_object(world: World, **metadata: object) -> Manifest:
    """The Vk8s of a world, as `kubectl get -o json` prints it."""
    own = {
        "name": world.name,
        "namespace": "team-a",
        "uid": world.uid,
        "generation": world.generation,
        "creationTimestamp": CREATED,
        "annotations": dict(world.annotations),
        **metadata,
    }
    status = {"status": world.sync().status} if world.status is not None else {}
    return {**IDENTITY, "metadata": own, "spec": world.spec, **status}


def running(**metadata: object) -> Manifest:
    """One that is Running."""
    return build_object(running_world().step(), **metadata)


def with_pods(world: World, statuses: Mapping[str, Manifest]) -> World:
    """The world in which pods have these statuses, and the hooks have seen them."""
    for name, status in statuses.items():
        world = world.with_pod_status(name, status)
    return world.step()


def booting() -> Manifest:
    """One whose control-plane node is Ready, and whose worker boots."""
    container = {"name": "node", "ready": False, "restartCount": 0, "state": {"running": {"startedAt": CREATED}}}
    ready = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
    statuses = {
        "m": {"phase": "Running", "podIP": "10.0.0.1", "hostIP": "192.0.2.7", "conditions": ready},
        "w": {"phase": "Running", "podIP": "10.0.0.2", "conditions": ready[:1], "containerStatuses": [container]},
    }
    return build_object(with_pods(World().steps(4), statuses))


def unschedulable() -> Manifest:
    """One whose worker can't be scheduled."""
    words = "0/3 nodes are available: 3 Insufficient cpu."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
    ready = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]
    statuses = {
        "m": {"phase": "Running", "podIP": "10.0.0.1", "conditions": ready},
        "w": {"phase": "Pending", "conditions": [condition]},
    }
    return build_object(with_pods(World().steps(4), statuses))


def rejected() -> Manifest:
    """One whose spec the hooks reject."""
    world = World(spec={"nodes": []})
    return build_object(world.step())


def untouched() -> Manifest:
    """One that nobody has looked at, with the status that the API server gives it."""
    return {**build_object(World()), "status": {"observedGeneration": -1}}


def items(*objects: Manifest) -> Manifest:
    """A list."""
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


def replicated(world: World | None = None) -> Manifest:
    """One with control-plane nodes a, b and c and a worker; Running, or in another world."""
    return build_object(world or three_world())


def with_one_down() -> World:
    """The same in which c boots."""
    container = {"name": "node", "ready": False, "restartCount": 0, "state": {"running": {"startedAt": CREATED}}}
    scheduled = {"type": "PodScheduled", "status": "True"}
    status = {"phase": "Running", "podIP": "10.0.0.3", "conditions": [scheduled], "containerStatuses": [container]}
    return with_pods(three_world(), {"c": status})
