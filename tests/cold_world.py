"""A virtual cluster of which a cold backup is taken, step by step."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, POD
from tests.backups_world import COMPLETE, STORED, backed_up, pod, with_job
from tests.world import World, running_world

REQUEST = "vk8s.sktelecom.com/cold-backup"
NOTE = "vk8s.sktelecom.com/cold-backup-note"
STORED_JUST_NOW = {**COMPLETE, "completionTime": "2026-01-02T03:04:00Z"}
JOBS = ("m-volumes", "w-volumes")


def requested(value: str = "one") -> World:
    """The owner has asked for one, and the Job for its snapshot of etcd is there."""
    return replace(backed_up(), annotations={REQUEST: value}).step()


def snapshot_pod(result: object = STORED, value: str = "one") -> Manifest:
    """The pod that has taken the snapshot of etcd, or has failed to."""
    return noted(pod(result), value)


def noted(found: Manifest, value: str) -> Manifest:
    return {**found, "metadata": {**found["metadata"], "annotations": {REQUEST: value}}}


def copy_pod(node: str, result: object, value: str = "one") -> Manifest:
    """The pod that has copied the volumes of a node, or has failed to."""
    ended = {"exitCode": 0, "finishedAt": "2026-01-02T02:00:09Z", "message": json.dumps(result)}
    found = noted(pod(STORED, f"{node}-volumes"), value)
    labels = {**found["metadata"]["labels"], "vk8s.sktelecom.com/node": node}
    status = {"containerStatuses": [{"name": "volumes", "state": {"terminated": ended}}]}
    return {**found, "metadata": {**found["metadata"], "labels": labels}, "status": status}


def send(world: World, *pods: Manifest) -> World:
    """Metacontroller sends these pods along."""
    return replace(world, related={POD: {f"team-a/{each['metadata']['name']}": each for each in pods}})


def stored() -> World:
    """The snapshot of etcd is stored."""
    return send(with_job(requested(), STORED_JUST_NOW), snapshot_pod())


def stopped() -> World:
    """No pod of a node is left."""
    return stored().steps(2)


def copying() -> World:
    """The Jobs that copy the volumes are there."""
    return stopped().step()


def end_jobs(world: World, status: Manifest, *names: str) -> World:
    """These Jobs have ended with that status."""
    for name in names or JOBS:
        world = world.with_child(JOB, name, {**world.children[JOB][name], "status": status})
    return world


def run_node(world: World) -> World:
    """The pods of the nodes are there, whatever the note says."""
    return replace(world, children={**world.children, POD: running_world().children[POD]})


def list_pods(world: World) -> list[str]:
    """The pods that exist."""
    return sorted(world.children[POD])


def wait(world: World, **time: Any) -> World:
    """Later."""
    return replace(world, context=replace(world.context, now=world.context.now + timedelta(**time)))


def read_note(world: World) -> dict[str, Any]:
    """The note on the `pki` Secret, as last written."""
    found: dict[str, Any] = json.loads(world.children["Secret.v1"]["demo-pki"]["metadata"]["annotations"][NOTE])
    return found


def read_cold(world: World) -> dict[str, str]:
    """What the status says of it."""
    found: dict[str, str] = world.sync().status["backup"]["cold"]
    return found
