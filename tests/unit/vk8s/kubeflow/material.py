"""A Vk8s with Kubeflow, and the steps of the Job that installs it."""

from dataclasses import replace
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.kubeflow.job import STEPS
from hooks.vk8s.observed.children import JOB, POD
from hooks.wire import SyncResponse
from tests.world import CONTEXT, World, condition, running_world, spec

IMAGE = "registry.example.com/vk8s/kubeflow-installer"
SETTINGS = Settings(kubeflow_installer_image=f"{IMAGE}:{{version}}")
PORT = {"name": "kubeflow", "port": 30080, "targetPort": 30080}
NAME, JOB_NAME = "demo-kubeflow", "Job/demo-kubeflow"
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}


def kubeflow_spec(version: str = "v1.11.0", *, ports: list[Manifest] | None = None, **fields: Any) -> Manifest:
    """The spec of two nodes with Kubeflow; `fields` are Kubeflow's own."""
    return spec(kubeflow={"version": version, **fields}, ports=[PORT] if ports is None else ports)


def running(wanted: Manifest, settings: Settings = SETTINGS) -> World:
    """The world in which its nodes are Ready; the Job is there, if nothing stands in its way."""
    return running_world(spec=wanted, context=replace(CONTEXT, settings=settings))


def installing(wanted: Manifest | None = None) -> World:
    """The world in which the Job is there."""
    world = running(wanted or kubeflow_spec())
    assert NAME in world.children[JOB]
    return world


def with_job(world: World, **fields: Any) -> World:
    """The world in which the Job has those fields."""
    return world.with_child(JOB, NAME, {**world.children[JOB][NAME], **fields})


def with_pod(world: World, *containers: Manifest, **status: Any) -> World:
    """The world in which Metacontroller sends the Job's pod along: `containers` are the states of its first steps."""
    statuses = [{"name": step, **state} for step, state in zip(STEPS, containers, strict=False)]
    ours = [entry for entry in statuses if entry["name"] == STEPS[-1]]
    steps = [entry for entry in statuses if entry["name"] != STEPS[-1]]
    owners = [{"uid": world.children[JOB][NAME]["metadata"]["uid"], "controller": True}]
    metadata = {"name": f"{NAME}-x", "namespace": "team-a", "uid": "pod", "ownerReferences": owners}
    shown = {"initContainerStatuses": steps, "containerStatuses": ours, **status}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": shown}
    return replace(world, related={POD: {f"team-a/{NAME}-x": pod}})


def read_condition(world: World) -> tuple[str, str, str]:
    """Status, reason and message of the condition."""
    entry = condition(world.sync(), "KubeflowReady")
    return entry["status"], entry["reason"], entry["message"]


def get_job(answer: SyncResponse) -> Manifest:
    """The Job in an answer."""
    (job,) = (child for child in answer.children if child["kind"] == "Job")
    return job
