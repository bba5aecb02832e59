"""`python -m hooks render`: what would be created, with no cluster."""

from typing import Any

import pytest
import yaml

from hooks.offline.documents import ManifestError
from hooks.offline.render import render, render_all, write_yaml
from hooks.server.main import load_crd
from tests.world import CONTEXT, World, node, spec

VK8S: dict[str, Any] = {
    "apiVersion": "vk8s.sktelecom.com/v1alpha1",
    "kind": "Vk8s",
    "metadata": {"name": "demo", "namespace": "team-a"},
    "spec": spec(),
}


def shown(children: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{child['kind']}/{child['metadata']['name']}" for child in children)


def test_every_child_is_shown_down_to_the_pods() -> None:
    everything = spec(
        accessPodImage="x", accessPodPort=30006, ports=[{"name": "web", "port": 30000, "targetPort": 30000}]
    )
    assert shown(render({**VK8S, "spec": everything}, CONTEXT).children) == sorted(
        [
            f"ConfigMap/{World().boot_files}",
            "ConfigMap/demo-access",
            "NetworkPolicy/demo",
            "PersistentVolumeClaim/m-state",
            "PersistentVolumeClaim/w-state",
            "Pod/demo-access-pod",
            "Pod/m",
            "Pod/w",
            *(f"Secret/demo-{name}" for name in ("join", "kubeconfig", "pki", "ssh")),
            *(f"Service/{name}" for name in ("demo", "demo-access-svc", "demo-api")),
        ]
    )


def test_namespace_is_default_where_none_is_given() -> None:
    children = render({**VK8S, "metadata": {"name": "demo"}}, CONTEXT).children
    assert {child["metadata"]["namespace"] for child in children} == {"default"}


def test_yaml_reads_as_the_rendered_children() -> None:
    children = render(VK8S, CONTEXT).children
    text = write_yaml(children)
    assert list(yaml.safe_load_all(text)) == children
    assert "&id" not in text
    assert "entrypoint.sh: |" in text


def test_label_that_reads_like_a_boolean_is_quoted() -> None:
    labelled = {**VK8S, "metadata": {**VK8S["metadata"], "labels": {"team": "y"}}}
    assert 'team: "y"' in write_yaml(render(labelled, CONTEXT).children)


def refuse(*vk8s: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with these."""
    with pytest.raises(ManifestError) as caught:
        render_all(vk8s, load_crd(), CONTEXT)
    return caught.value.problems


@pytest.mark.parametrize(
    ("vk8s", "sentence"),
    [
        (
            {**VK8S, "spec": spec(nodes=[node("w", "worker")])},
            "spec.nodes: write one, three or five nodes with role: master",
        ),
        ({**VK8S, "spec": None}, "spec: write a map"),
        ({key: value for key, value in VK8S.items() if key != "spec"}, "spec: write it, it is required."),
        ({**VK8S, "apiVersion": "vk8s.sktelecom.com/v99"}, "apiVersion: write vk8s.sktelecom.com/v1alpha1."),
        ({**VK8S, "apiVersion": "example.com/v1"}, "apiVersion: write vk8s.sktelecom.com/v1alpha1."),
        ({**VK8S, "sepc": {}}, "sepc: unknown field; did you mean spec?"),
        ({**VK8S, "metadata": {"name": "a", "lables": {}}}, "metadata.lables: unknown field; did you mean labels?"),
        ({**VK8S, "metadata": {"name": "demo-api"}}, "metadata.name: write a name that ends in none of -api"),
        ({**VK8S, "spec": spec(acessPodPort=1)}, "spec.acessPodPort: unknown field; did you mean accessPodPort?"),
    ],
    ids=[
        "no control-plane node",
        "null as spec",
        "no spec",
        "version",
        "group",
        "field",
        "metadata",
        "rule for new ones",
        "field of spec",
    ],
)
def test_spec_that_the_api_server_would_reject_is_reported(vk8s: dict[str, Any], sentence: str) -> None:
    (problem,) = refuse(vk8s)
    assert problem.startswith(sentence)


def test_each_problem_is_a_sentence_of_its_own() -> None:
    wrong = {**VK8S, "spec": spec(nodes=[node("w", "worker")], acessPodPort=1, kubernetes={"serviceCidr": "x"})}
    assert [problem.partition(":")[0] for problem in refuse(wrong)] == [
        "spec.acessPodPort",
        "spec.nodes",
        "spec.kubernetes.serviceCidr",
    ]


def test_refusal_by_settings_says_where_settings_come_from() -> None:
    problems = refuse({**VK8S, "spec": spec(ipPool="a")})
    assert problems[0].startswith("spec.ipPool: leave it out, address pools are turned off")
    assert problems[1].startswith("The settings of the hooks are read from VK8S_SETTING_* here")


def test_each_of_several_vk8s_is_named() -> None:
    wrong = {**VK8S, "metadata": {"name": "other"}, "spec": spec(paused="yes")}
    sentence = "Vk8s default/other: spec.paused: write true or false, without quotes."
    assert refuse(VK8S, wrong) == (sentence,)
    assert refuse(VK8S, wrong, VK8S) == (sentence, "Vk8s team-a/demo: 2 of them; give each a name of its own.")


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([], "There is no object of kind Vk8s."),
        ([{**VK8S, "kind": "vk8s"}], "There is no object of kind Vk8s, but vk8s."),
    ],
    ids=["nothing", "others"],
)
def test_file_without_a_vk8s_is_reported(objects: list[dict[str, Any]], sentence: str) -> None:
    assert refuse(*objects) == (sentence,)
