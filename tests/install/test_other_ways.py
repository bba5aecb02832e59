"""The other ways in, without a node: one file for kubectl, the CRDs alone, and what `make` does before all that."""

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.install.installer import OWN_CRDS, REGISTRY, SYSTEM, Installer

SECONDS = 60


def test_installation_is_printed_as_one_file(installer: Installer) -> None:
    """`make create-manifests` needs no cluster, and what it writes is what install.sh would apply."""
    result = installer.run("make", "create-manifests", environment={"KUBECONFIG": "/nonexistent"})
    file = ROOT / "vk8s-controller.yaml"
    try:
        assert result.returncode == 0, result.stderr
        assert file.stat().st_mode & 0o077 == 0
        documents: list[Manifest] = list(yaml.safe_load_all(file.read_text()))
        installer.kubectl.run("apply", f"--filename={OWN_CRDS}")
        # CRDs are served in a moment, and kubectl looks up all kinds before it applies the first object.
        wait_for("its being applied", lambda: installer.kubectl.succeeds("apply", f"--filename={file}"), SECONDS)
        names = {(each["kind"], each["metadata"]["name"]) for each in documents}
        assert installer.install(REGISTRY, "--no-wait").returncode == 0
        assert {
            ("CompositeController", "vk8s"),
            ("Secret", "vk8s-hooks"),
            ("CustomResourceDefinition", "vk8s.vk8s.sktelecom.com"),
        } <= names
    finally:
        file.unlink(missing_ok=True)


def test_crds_are_installed_alone(installer: Installer) -> None:
    result = installer.run("make", "install")
    assert result.returncode == 0, result.stderr
    installer.kubectl.run("explain", "vk8s.spec.nodes")
    assert not installer.kubectl.succeeds("get", "namespace", SYSTEM)


def test_make_builds_and_pushes_the_image(installer: Installer) -> None:
    """With the user's Docker, by the project's Dockerfile; other tests run what it builds."""
    docker = installer.directory / "docker"
    docker.write_text('#!/bin/sh\necho "$@"\n')
    docker.chmod(0o755)
    image = f"{REGISTRY}/team/controller:1"
    result = installer.run("make", "--silent", "docker-build", "docker-push", f"IMG={image}", f"DOCKER={docker}")
    assert result.stdout.splitlines() == [f"build --tag {image} .", f"push {image}"]


def test_make_writes_what_it_would_deploy(installer: Installer) -> None:
    result = installer.run("make", "manifests", environment={"KUBECONFIG": "/nonexistent"})
    assert result.returncode == 0, result.stderr
    documents: list[Manifest] = list(yaml.safe_load_all((ROOT / "build" / "manifests.yaml").read_text()))
    assert {"Deployment", "CompositeController", "ClusterRole", "NetworkPolicy"} <= {each["kind"] for each in documents}


@pytest.mark.nightly("tests/contract/test_manifests.py")
def test_make_says_whether_crds_models_and_manifests_agree(installer: Installer) -> None:
    result = installer.run("make", "generate", "ARGS=-k test_manifests")
    assert result.returncode == 0, result.stdout
    assert "passed" in result.stdout
