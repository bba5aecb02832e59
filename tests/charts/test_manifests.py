"""The chart creates what install.sh applies: both are rendered and compared, object by object."""

import subprocess
from pathlib import Path

import pytest
import yaml

from hooks import VERSION
from hooks.kubernetes.manifest import Manifest
from testbed import builds
from testbed.layout import ROOT
from tests.charts.helm import CRD_CHART, REGISTRY, Helm, get_object, is_hook, name, without_helm
from tests.install.installer import METACONTROLLER_IMAGE

CRDS = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "crds").glob("*.yaml"))]
IMAGE = f"{REGISTRY}/vk8s/controller:{VERSION}"
OTHER = "other-metacontroller"


@pytest.fixture(scope="session")
def kubectl() -> Path:
    return builds.build_binaries() / "kubectl"


def kustomize(kubectl: Path) -> list[Manifest]:
    """What install.sh takes as its base."""
    command = [str(kubectl), "kustomize", str(ROOT / "metacontroller")]
    return list(yaml.safe_load_all(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def render_as_installer(kubectl: Path, directory: Path, other: str) -> list[Manifest]:
    """What install.sh applies where the cluster has a Metacontroller already."""
    scratch = ROOT / "build" / directory.name
    scratch.mkdir(parents=True)
    for file in ("ca.crt", "token", "settings.yaml"):
        (scratch / file).write_text("")
    scripts = ROOT / "metacontroller" / "install"
    sources = "; ".join(f". {scripts}/{script}.sh" for script in ("say", "cluster", "render"))
    script = f"{sources}; IMAGE={IMAGE} METACONTROLLER_IMAGE={METACONTROLLER_IMAGE}; print_manifests {scratch} {other}"
    try:
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"KUBECTL": str(kubectl), "PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        subprocess.run(["rm", "-r", scratch], check=True)
    return list(yaml.safe_load_all(result.stdout))


def compare(rendered: list[Manifest], expected: list[Manifest]) -> None:
    """Everything but hooks, CRDs and the namespace, which a chart can't label, is the same."""
    ours = {name(each): without_helm(each) for each in rendered if not is_hook(each)}
    theirs = {name(each): each for each in expected if each["kind"] != "Namespace"}
    assert ours.keys() == theirs.keys()
    for key, obj in ours.items():
        assert without_defaults(obj) == without_defaults(theirs[key]), key


def without_defaults(obj: Manifest) -> Manifest:
    """A Deployment without defaults of the API server, and without what install.sh writes down of inputs."""
    if obj["kind"] != "Deployment":
        return obj
    template = obj["spec"]["template"]
    metadata = {key: value for key, value in template["metadata"].items() if key != "annotations"}
    (container,) = template["spec"]["containers"]
    assert container.get("imagePullPolicy", "IfNotPresent") == "IfNotPresent"
    container = {key: value for key, value in container.items() if key != "imagePullPolicy"}
    spec = {**template["spec"], "containers": [container]}
    return {**obj, "spec": {**obj["spec"], "template": {"metadata": metadata, "spec": spec}}}


def test_chart_has_the_objects_of_kustomize(helm: Helm, kubectl: Path) -> None:
    compare(helm.render({"crds": {"enabled": False}}), kustomize(kubectl))


def test_chart_uses_another_metacontroller_as_the_installer_does(helm: Helm, kubectl: Path, tmp_path: Path) -> None:
    values = {"crds": {"enabled": False}, "metacontroller": {"install": False, "existing": {"namespace": OTHER}}}
    compare(helm.render(values), render_as_installer(kubectl, tmp_path, OTHER))


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("chart", ["vk8s", "vk8s-crds"])
def test_both_charts_have_our_crds(helm: Helm, chart: str, *, keep: bool) -> None:
    crds = helm.render({"keep": keep}, CRD_CHART) if chart == "vk8s-crds" else helm.render({"crds": {"keep": keep}})
    for crd in CRDS:
        found = without_helm(get_object(crds, "CustomResourceDefinition", crd["metadata"]["name"]))
        assert found["metadata"].pop("annotations", {}) == ({"helm.sh/resource-policy": "keep"} if keep else {})
        assert found["metadata"].pop("labels") == {"app.kubernetes.io/part-of": "vk8s"}
        assert found == crd


def test_nothing_names_a_fixed_namespace(helm: Helm) -> None:
    """Except for the comments of the manifests, which no object has."""
    objects = helm.render({"tls": {"source": "certManager"}, "nodeImages": {"registry": REGISTRY}}, namespace="other")
    assert "vk8s-system" not in yaml.safe_dump(objects)
    for controller in ("vk8s", "ippool"):
        spec = get_object(objects, "CompositeController", controller)["spec"]
        assert spec["endpointConfigs"][0]["host"] == "vk8s-hooks.other:443"
        assert spec["hooks"]["sync"]["webhook"]["service"]["namespace"] == "other"


def test_package_has_all_that_the_chart_reads(helm: Helm, tmp_path: Path) -> None:
    """In the project, the files are symbolic links; in a package, they are files."""
    assert helm.run("package", str(CRD_CHART.with_name("vk8s")), "--destination", str(tmp_path)).returncode == 0
    (package,) = tmp_path.glob("*.tgz")
    monitoring = {each: {"enabled": True} for each in ("serviceMonitor", "rules", "dashboard")}
    assert helm.render({"monitoring": monitoring}, package) == helm.render({"monitoring": monitoring})
