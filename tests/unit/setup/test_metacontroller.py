"""Metacontroller: its CRDs, and one that runs already."""

import pytest
import yaml

from hooks.setup.api import Api
from hooks.setup.metacontroller import CRD, CRDS_URL, VERSION, check_crds, find_other
from testbed.layout import ROOT
from tests.unit.setup.fake_api import FakeApi

PATH = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD}"
CRDS = {
    each["metadata"]["name"]: each
    for each in yaml.safe_load_all((ROOT / "tests" / "install" / "metacontroller-crds.yaml").read_text())
}


def put_workload(server: FakeApi, namespace: str, resource: str, image: str) -> None:
    template = {"spec": {"containers": [{"image": "registry.example.com/proxy:1"}, {"image": image}]}}
    server.put(f"/apis/apps/v1/namespaces/{namespace}/{resource}/metacontroller", spec={"template": template})


def test_crds_are_as_they_should_be(server: FakeApi, api: Api) -> None:
    server.put(PATH, spec=CRDS[CRD]["spec"])
    assert list(check_crds(api)) == []


def test_missing_crds_are_reported_with_the_command_that_applies_them(api: Api) -> None:
    (sentence,) = check_crds(api)
    assert sentence.startswith("Metacontroller's CRDs are not in this cluster.")
    assert f"kubectl apply --server-side -f {CRDS_URL}" in sentence


def test_metacontroller_that_is_too_old_is_reported(server: FakeApi, api: Api) -> None:
    """Its CRD would drop CA and token without a word."""
    server.put(PATH, spec={"versions": [{"name": "v1alpha1", "schema": {"openAPIV3Schema": {"type": "object"}}}]})
    (sentence,) = check_crds(api)
    assert "is too old" in sentence
    assert VERSION in sentence


def test_version_and_address_are_those_of_the_installer() -> None:
    scripts = (ROOT / "install.sh").read_text() + (
        ROOT / "metacontroller" / "install" / "metacontroller.sh"
    ).read_text()
    assert f"METACONTROLLER_VERSION={VERSION}\n" in scripts
    assert f"METACONTROLLER_CRDS={CRDS_URL.replace(VERSION, '$METACONTROLLER_VERSION')}\n" in scripts


@pytest.mark.parametrize(
    "image",
    [
        "metacontrollerio/metacontroller:v4.17.2",
        "metacontroller",
        "registry.example.com:5000/mirror/metacontroller:v4",
        "registry.example.com/metacontroller@sha256:0123",
    ],
)
@pytest.mark.parametrize(("resource", "kind"), [("deployments", "deployment"), ("statefulsets", "statefulset")])
def test_other_metacontroller_is_found_by_its_image(
    server: FakeApi, api: Api, image: str, resource: str, kind: str
) -> None:
    put_workload(server, "other", resource, image)
    assert find_other(api, "vk8s-system") == f"other {kind}/metacontroller"


@pytest.mark.parametrize(
    ("namespace", "image"),
    [
        ("vk8s-system", "metacontrollerio/metacontroller:v4.17.2"),
        ("other", "registry.example.com/metacontroller-ui:1"),
        ("other", "registry.example.com/metacontroller/hooks:1"),
    ],
    ids=["ours", "another program", "another program in its folder"],
)
def test_workload_that_is_no_other_metacontroller(server: FakeApi, api: Api, namespace: str, image: str) -> None:
    put_workload(server, namespace, "deployments", image)
    assert find_other(api, "vk8s-system") is None
