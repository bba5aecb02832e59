"""The questions, held against those that the original was recorded to ask."""

import json
from itertools import chain

import pytest

from testbed.metacontroller.controllers import build_composite
from testbed.metacontroller.hook_request import (
    Groups,
    Observed,
    build_customize_request,
    build_sync_request,
    group_by_key,
)
from testbed.metacontroller.objects import Manifest, go_json
from testbed.metacontroller.resources import Resource
from tests.shared_material import SHARED, needs_shared
from tests.testbed.bench import NOW
from tests.testbed.memory_server import NAMESPACES

RECORDED = sorted((SHARED / "recordings" / "requests").glob("*.json"))
POD = Resource("v1", "pods", "Pod", namespaced=True)
SET = Resource("apps/v1", "statefulsets", "StatefulSet", namespaced=True)
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_objects_are_grouped_by_kind_and_version_and_no_group_is_missing() -> None:
    pod, namespace = {"metadata": {"name": "a", "namespace": "b"}}, {"metadata": {"name": "b"}}
    observed = Observed({POD: group_by_key([pod]), SET: {}}, {NAMESPACES: group_by_key([namespace])})
    question = build_sync_request({}, {}, observed, finalizing=False)
    assert question["children"] == {"Pod.v1": {"b/a": pod}, "StatefulSet.apps/v1": {}}
    assert question["related"] == {"Namespace.v1": {"b": namespace}}


@needs_shared
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_same_objects_give_the_recorded_question(path: object) -> None:
    recorded: Manifest = json.loads(path.read_text())  # type: ignore[attr-defined]
    controller, parent = recorded["controller"], recorded["parent"]
    if "children" not in recorded:
        assert json.loads(go_json(build_customize_request(controller, parent))) == recorded
        return
    observed = Observed(_groups(recorded["children"]), _groups(recorded["related"]))
    question = build_sync_request(controller, parent, observed, finalizing=recorded["finalizing"])
    assert json.loads(go_json(question)) == recorded


@needs_shared
def test_controller_in_a_question_is_the_recorded_one() -> None:
    recorded: Manifest = json.loads(RECORDED[0].read_text())["controller"]
    applied: Manifest = json.loads(recorded["metadata"]["annotations"][APPLIED])
    built = build_composite(applied, NOW).document
    assert _without_chance(json.loads(go_json(built))) == _without_chance(recorded)


def _groups(recorded: Manifest) -> Groups:
    return {
        Resource(key.partition(".")[2], "", key.partition(".")[0], namespaced=True): group_by_key(group.values())
        for key, group in recorded.items()
    }


def _without_chance(controller: Manifest) -> Manifest:
    """Without times and what the API server counts or draws."""
    by_chance = {"uid", "resourceVersion", "creationTimestamp", "managedFields"}
    kept = {name: value for name, value in controller["metadata"].items() if name not in by_chance}
    managers = [{**manager, "time": ""} for manager in controller["metadata"]["managedFields"]]
    return {**controller, "metadata": dict(chain(kept.items(), [("managedFields", managers)]))}
