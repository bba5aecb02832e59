"""metrics-server in a virtual cluster, as the example installs it: `kubectl top`, and what scales by its figures."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl, KubectlError
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_pinned_deployment

EXAMPLE = ROOT / "examples" / "inside" / "metrics-server"
SECONDS = 180
# The autoscaler waits until the first pod is no longer a new one.
SCALE_SECONDS = 480


def render(kubectl: Path, manifests: Path, directory: Path) -> str:
    """What the example installs, from the module instead of the release: there is no way to the internet."""
    shutil.copytree(manifests, directory / "manifests")
    example = yaml.safe_load((EXAMPLE / "kustomization.yaml").read_text())
    local = {**example, "resources": ["manifests/overlays/release"]}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(local))
    rendered = subprocess.run([kubectl, "kustomize", directory], check=True, capture_output=True, text=True)
    return rendered.stdout


@pytest.fixture
def measured(running: VirtualCluster, machine: HostCluster, tmp_path: Path) -> Iterator[Kubectl]:
    """`kubectl` for a virtual cluster with the example in it."""
    running.wait_for_nodes()
    built, inside = builds.build_metrics_server(), running.inside
    running.give_image(built / "image.tar")
    manifests = list(yaml.safe_load_all(render(machine.binaries / "kubectl", built / "manifests", tmp_path)))
    inside.apply(*manifests)
    yield inside
    inside.run("delete", "hpa/busy", "deployment/busy", "--ignore-not-found", "--grace-period=0")
    for each in manifests:
        namespace = each["metadata"].get("namespace")
        place = [f"--namespace={namespace}"] if namespace else []
        inside.run("delete", f"{each['kind']}/{each['metadata']['name']}", *place, "--ignore-not-found")


def list_measured(inside: Kubectl) -> list[str]:
    """The nodes of which `kubectl top` shows both CPU and memory."""
    try:
        lines = [line.split() for line in inside.run("top", "nodes", "--no-headers").splitlines()]
    except KubectlError:
        return []
    return sorted(name for name, cpu, _, memory, _ in lines if cpu.endswith("m") and memory.endswith("Mi"))


def build_busy_deployment() -> Manifest:
    """A Deployment of one pod that uses all the CPU that it may."""
    deployment = build_pinned_deployment("busy", "local-worker")
    template = deployment["spec"]["template"]
    (web,) = template["spec"]["containers"]
    busy = {
        **{key: value for key, value in web.items() if key != "readinessProbe"},
        "command": ["/usr/bin/bash", "-c", "while :; do :; done"],
        "resources": {"requests": {"cpu": "20m"}, "limits": {"cpu": "100m"}},
    }
    pod = {**template["spec"], "containers": [busy]}
    return {**deployment, "spec": {**deployment["spec"], "template": {**template, "spec": pod}}}


def build_autoscaler() -> Manifest:
    """Two pods instead of one where one uses more than half of what it has asked for."""
    target = {"type": "Utilization", "averageUtilization": 50}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "busy"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "busy"},
            "minReplicas": 1,
            "maxReplicas": 2,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


def is_scaled(inside: Kubectl) -> bool:
    return bool(inside.get("deployment", "busy")["spec"]["replicas"] == 2)


@pytest.mark.nightly("tests/images/test_metrics_server.py")
def test_example_lets_kubectl_show_usage_and_an_autoscaler_act(measured: Kubectl) -> None:
    measured.apply(build_busy_deployment(), build_autoscaler())
    nodes = ["local-master", "local-worker"]
    log = partial(measured.run, "logs", "deployment/metrics-server", "--namespace=kube-system", "--tail=20")
    wait_for("figures of both nodes", lambda: list_measured(measured) == nodes, SECONDS, log)
    wait_for("a second pod", partial(is_scaled, measured), SCALE_SECONDS, lambda: measured.run("describe", "hpa/busy"))
