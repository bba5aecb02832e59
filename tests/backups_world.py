"""A virtual cluster with backups, and what the pods of its Jobs say."""

import json
from dataclasses import replace
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.children import JOB, POD
from tests.world import CONTEXT, World, condition, running_world, spec

IMAGE = "registry.example.com/vk8s/backup:0.2.0"
BACKED_UP = replace(CONTEXT, settings=Settings(backup_image=IMAGE))
NAME = "demo-backup"
REQUEST = "vk8s.sktelecom.com/snapshot"
CLAIM = {"schedule": "@daily", "claim": {"name": "backups"}}
S3 = {"endpoint": "https://s3.example.com", "bucket": "backups", "credentialsSecretRef": {"name": "keys"}}
STORED = {"snapshot": "5fd3658b", "time": "2026-01-02T02:00:02Z", "size": 4096, "revision": 8, "encrypted": False}
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}


def backed_up(backup: Manifest = CLAIM, **fields: Any) -> World:
    """The world in which the nodes are Ready, and backups are taken."""
    return running_world(spec=spec(backup=backup), context=BACKED_UP, **fields).step()


def pod(result: object, name: str = "x", request: str = "", end: str = "2026-01-02T02:00:09Z") -> Manifest:
    """A pod that has ended with that result; with an error, it has failed."""
    message = result if isinstance(result, str) else json.dumps(result)
    is_failed = not isinstance(result, dict) or "error" in result
    ended = {"exitCode": 1 if is_failed else 0, "finishedAt": end, "message": message, "reason": "Error"}
    return build_pod({"containerStatuses": [{"name": "backup", "state": {"terminated": ended}}]}, name, request)


def build_pod(status: Manifest, name: str = "x", request: str = "") -> Manifest:
    """A pod that takes a backup, with that status."""
    metadata = {
        "name": f"{NAME}-{name}",
        "namespace": "team-a",
        "uid": name,
        "creationTimestamp": f"2026-01-02T02:00:0{len(name)}Z",
        "labels": {"vk8s.sktelecom.com/component": "backup"},
        "annotations": {REQUEST: request} if request else {},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": status}


def with_pods(world: World, *pods: Manifest) -> World:
    """The world in which Metacontroller sends these pods along."""
    return replace(world, related={POD: {f"team-a/{each['metadata']['name']}": each for each in pods}})


def requesting(value: str = "one") -> World:
    """The world in which the owner has requested a backup, and its Job is there."""
    world = replace(backed_up(), annotations={REQUEST: value}).step()
    assert NAME in world.children[JOB]
    return world


def with_job(world: World, status: Manifest) -> World:
    """The world in which the Job has that status."""
    return world.with_child(JOB, NAME, {**world.children[JOB][NAME], "status": status})


def read_condition(world: World) -> tuple[str, str, str]:
    """Status, reason and message of the condition."""
    entry = condition(world.sync(), "BackedUp")
    return entry["status"], entry["reason"], entry["message"]
