"""Helm, and what it renders."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from hooks.kubernetes.manifest import Manifest
from testbed.builds import run_build
from testbed.layout import ROOT

CHARTS = ROOT / "charts"
CHART, CRD_CHART = CHARTS / "vk8s", CHARTS / "vk8s-crds"
SYSTEM = "vk8s-system"
REGISTRY = "registry.example.com"
VERSIONS = ("helm3", "helm4")
# What only the chart has: labels of Helm, and what pods are recreated by.
OF_HELM = ("app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/chart")
Result = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Helm:
    """One version of Helm. `environment`: in addition to that of this process."""

    program: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, stdin: str = "") -> Result:
        """A command of Helm, whatever its exit code is."""
        return subprocess.run(
            [self.program, *arguments],
            input=stdin, capture_output=True, text=True, check=False, env={**os.environ, **self.environment},
        )  # fmt: skip

    def render(self, values: Manifest | None = None, chart: Path = CHART, namespace: str = SYSTEM) -> list[Manifest]:
        """The objects of a release with these values, and with the image of the hooks in our registry."""
        result = self.template(values, chart, namespace)
        assert result.returncode == 0, result.stderr
        return [each for each in yaml.load_all(result.stdout, yaml.CSafeLoader) if each]

    def template(self, values: Manifest | None = None, chart: Path = CHART, namespace: str = SYSTEM) -> Result:
        """`helm template`."""
        image = {"image": {"registry": REGISTRY}} if chart.name.startswith("vk8s") and chart != CRD_CHART else {}
        given = json.dumps(combine(image, values or {}))
        return self.run("template", "vk8s", str(chart), "--namespace", namespace, "--values=-", stdin=given)


def build_helm(version: str, home: Path) -> Helm:
    """A version of Helm that reads and writes nothing of the user of this machine."""
    homes = {f"HELM_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
    return Helm(run_build("helm/build.sh") / version, homes)


def combine(base: Manifest, changes: Manifest) -> Manifest:
    """Values over values, as Helm combines them."""
    both = {key: combine(base[key], changes[key]) for key in base.keys() & changes.keys()
            if isinstance(base[key], dict) and isinstance(changes[key], dict)}  # fmt: skip
    return {**base, **changes, **both}


def name(obj: Manifest) -> str:
    """Kind and name of an object, and its namespace if it has one."""
    metadata = obj["metadata"]
    return " ".join([obj["kind"], *([metadata["namespace"]] if "namespace" in metadata else []), metadata["name"]])


def is_hook(obj: Manifest) -> bool:
    """Whether it lives for a hook of Helm alone."""
    return "helm.sh/hook" in obj["metadata"].get("annotations", {})


def select_kind(objects: list[Manifest], *kinds: str) -> list[Manifest]:
    """Those of some kinds."""
    return [each for each in objects if each["kind"] in kinds]


def get_object(objects: list[Manifest], kind: str, wanted: str) -> Manifest:
    """The one object of that kind and name."""
    (found,) = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, wanted)]
    return found


def without_helm(obj: Manifest) -> Manifest:
    """The object without what Helm's charts have in addition."""
    labels = {key: value for key, value in obj["metadata"].get("labels", {}).items() if key not in OF_HELM}
    metadata = {**obj["metadata"], "labels": labels}
    return {**obj, "metadata": {key: value for key, value in metadata.items() if value}}


def list_containers(objects: list[Manifest]) -> Iterator[tuple[Manifest, Manifest]]:
    """Each pod spec with its container."""
    for each in select_kind(objects, "Deployment", "Job"):
        pod = each["spec"]["template"]["spec"]
        for container in pod["containers"]:
            yield pod, container
