"""The status as a whole: which condition and phase its owner sees."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.vk8s.observed.children import CLAIM
from tests.unit.vk8s.plan.test_assemble import FIRST
from tests.unit.vk8s.plan.test_state import going, noted_world, without_node
from tests.world import World, condition, names, node, spec

KUBEFLOW = {"name": "kubeflow", "port": 30000, "targetPort": 30000}


def test_new_cluster_whose_pki_is_unusable_fails() -> None:
    world = World().step()
    pki = world.children["Secret.v1"]["demo-pki"]
    answer = world.with_child("Secret.v1", "demo-pki", {**pki, "data": {}}).sync()
    assert answer.status["phase"] == "Fail"
    assert "it has no ca.crt" in condition(answer, "ChildrenObserved")["message"]
    assert names(answer) == sorted(FIRST)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"accessPodPort": 30006}, "accessPodPort has no effect without accessPodImage."),
        ({"accessPodPort": 30006, "accessPodImage": "x", "ports": [KUBEFLOW]}, ""),
    ],
    ids=["a port with no pod behind it", "all that has an effect"],
)
def test_field_without_effect_is_reported(fields: Any, sentence: str) -> None:
    message = condition(World(spec=spec(**fields)).sync(), "Accepted")["message"]
    assert message == f"The spec is valid. {sentence}".strip()


@pytest.mark.parametrize("name", ["m", "w"])
def test_lost_state_is_never_shown_as_running(name: str) -> None:
    twice = spec(nodes=[node("m", "master"), node("w", "worker"), node("w", "worker")])
    lost = without_node(noted_world(), name)
    for world in (replace(lost, spec=twice), replace(going(noted_world(), CLAIM, f"{name}-state"), spec=twice)):
        answer = world.sync()
        assert condition(answer, "Accepted")["status"] == "False"
        assert answer.status["phase"] in ("Degraded", "Fail")
        assert f"are gone, or are being deleted: {name}." in condition(answer, "Ready")["message"]
