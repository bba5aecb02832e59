"""The status as a whole: which condition and phase its owner sees."""

from typing import Any

import pytest

from tests.unit.vk8s.plan.test_assemble import FIRST
from tests.world import World, condition, names, spec

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
