"""Applies the events of a step to the world of a Vk8s."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.keep import LAST_APPLIED
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.merge import merge
from tests.scenarios.story import Step
from tests.world import World, ready_status

KINDS = {kind.kind: key for key, kind in CHILD_KINDS.items()}


def change(world: World, step: Step) -> World:
    """The world after the events of the step, in the order in which `Step` declares them."""
    world = make_older(edit_spec(world, step), step.older)
    for pod, ip in step.ready.items():
        world = world.with_pod_status(pod, ready_status(ip))
    for child, content in step.changed.items():
        kind, name = parse_child(child)
        world = world.with_child(kind, name, merge(world.children[kind][name], {}, content))
    for child in step.missing:
        world = world.with_child(*parse_child(child), None)
    now = world.context.now + timedelta(seconds=step.seconds)
    annotations = {**world.annotations, **step.annotated}
    return replace(world, annotations=annotations, context=replace(world.context, now=now))


def edit_spec(world: World, step: Step) -> World:
    """A merge patch, as for any custom resource: null removes a field, and a list is replaced as a whole."""
    if not step.spec:
        return world
    spec = {key: value for key, value in {**world.spec, **step.spec}.items() if value is not None}
    return replace(world, spec=spec, generation=world.generation + 1)


def make_older(world: World, older: Mapping[str, Sequence[str]]) -> World:
    """The children of those kinds as if they had been created without those labels and annotations."""
    made = {
        KINDS[kind]: {name: _without(child, keys) for name, child in world.children[KINDS[kind]].items()}
        for kind, keys in older.items()
    }
    return replace(world, children={**world.children, **made})


def _without(child: Manifest, keys: Sequence[str]) -> Manifest:
    applied = _without_keys(json.loads(child["metadata"]["annotations"][LAST_APPLIED]), keys)
    without = _without_keys(child, keys)
    annotations = {**without["metadata"]["annotations"], LAST_APPLIED: json.dumps(applied)}
    return {**without, "metadata": {**without["metadata"], "annotations": annotations}}


def _without_keys(child: Manifest, keys: Sequence[str]) -> Manifest:
    maps = {
        field: {key: value for key, value in child["metadata"][field].items() if key not in keys}
        for field in ("labels", "annotations")
        if field in child["metadata"]
    }
    return {**child, "metadata": {**child["metadata"], **maps}}


def parse_child(text: str) -> tuple[str, str]:
    """`Pod m` as the kind that a request has, and the name."""
    kind, _, name = text.partition(" ")
    return KINDS[kind], name
