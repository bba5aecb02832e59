"""Tests ask the API server themselves: they see what kubectl shows."""

import json

import pytest

from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl, KubectlError, Manifest
from testbed.waiting import wait_for

QUESTIONS = [
    ("namespace", "default"),
    ("ns", "default", "kube-system"),
    ("crd", "vk8s.vk8s.sktelecom.com"),
    ("services",),
    ("svc", "kubernetes"),
    ("Service,configmaps,vk8s",),
    ("configmaps", "--all-namespaces"),
    ("configmaps", "--namespace=kube-system", "--field-selector=metadata.name=kube-root-ca.crt"),
    ("services", "--selector=component=apiserver"),
    ("secrets", "--selector=component=none"),
]


@pytest.mark.parametrize("arguments", QUESTIONS, ids=" ".join)
def test_answer_is_that_of_kubectl(cluster: HostCluster, arguments: tuple[str, ...]) -> None:
    # A new cluster changes for a while: other answers count as soon as kubectl gives the same before ours and after it.
    what = f"the same answer of kubectl get {' '.join(arguments)} twice"
    answer, expected = wait_for(what, lambda: _read_between(cluster, *arguments), 60)
    assert answer == expected


def _read_between(cluster: HostCluster, *arguments: str) -> tuple[Manifest, Manifest] | None:
    """Our answer and that of kubectl; None if the cluster has changed meanwhile."""
    before = _ask_kubectl(cluster, *arguments)
    answer = cluster.kubectl.get(*arguments)
    return (answer, before) if _ask_kubectl(cluster, *arguments) == before else None


def _ask_kubectl(cluster: HostCluster, *arguments: str) -> Manifest:
    answer: Manifest = json.loads(cluster.kubectl.run("get", *arguments, "--output=json"))
    return answer


@pytest.mark.parametrize("arguments", [("pod", "none"), ("node", "none"), ("nothings",)], ids=" ".join)
def test_error_is_that_of_kubectl(cluster: HostCluster, arguments: tuple[str, ...]) -> None:
    command = cluster.kubectl.command
    said = [_explain(kubectl, *arguments) for kubectl in (cluster.kubectl, Kubectl(command))]
    assert said[0] == said[1]


def _explain(kubectl: Kubectl, *arguments: str) -> str:
    with pytest.raises(KubectlError) as caught:
        kubectl.get(*arguments)
    return str(caught.value).replace(" --output=json", "")
