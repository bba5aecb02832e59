"""`make kind-up`, with a kind and a Docker that only write down how they were called."""

import shutil
import subprocess
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.testbed.fake_programs import FakePrograms

HOOKS_IMAGE = "registry.example.com/vk8s/controller:kind"
SYSTEM = ("bash", "cat", "dirname", "grep", "mktemp", "rm")


@pytest.fixture
def programs(tmp_path: Path) -> FakePrograms:
    """A checkout whose builds and installation are fakes, too."""
    (tmp_path / "testbed").mkdir()
    shutil.copy(ROOT / "testbed" / "kind-up.sh", tmp_path / "testbed")
    fake = FakePrograms(tmp_path)
    fake.link(*SYSTEM)
    for name in ("kind", "docker", "kubectl", "make"):
        fake.add(name, {})
    for name in ("kink", "access"):
        fake.add(f"{name}-build", {"": f"/cache/{name}.tar"})
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "bin" / f"{name}-build").rename(tmp_path / "images" / name / "build.sh")
    fake.add("install.sh", {})
    (tmp_path / "bin" / "install.sh").rename(tmp_path / "install.sh")
    return fake


def run(programs: FakePrograms) -> subprocess.CompletedProcess[str]:
    script = str(programs.directory / "testbed" / "kind-up.sh")
    environment = programs.environment
    return subprocess.run(["/bin/bash", script], env=environment, capture_output=True, text=True, check=False)


def test_cluster_is_created_with_the_images_and_the_product(programs: FakePrograms) -> None:
    result = run(programs)
    assert result.returncode == 0, result.stderr
    calls = programs.calls()
    kubeconfig = next(call for call in calls if call.startswith("kind export")).rpartition(" ")[2]
    restart = f"kubectl --kubeconfig {kubeconfig} --namespace vk8s-system rollout"
    assert calls == [
        "docker info",
        "kind get clusters",
        "kind create cluster --name vk8s --wait 120s",
        "kink-build ",
        "kind load image-archive /cache/kink.tar --name vk8s",
        "access-build ",
        "kind load image-archive /cache/access.tar --name vk8s",
        f"make docker-build IMG={HOOKS_IMAGE}",
        f"kind load docker-image {HOOKS_IMAGE} --name vk8s",
        f"kind export kubeconfig --name vk8s --kubeconfig {kubeconfig}",
        f"install.sh --image {HOOKS_IMAGE}",
        f"{restart} restart deployment/vk8s-hooks",
        f"{restart} status deployment/vk8s-hooks --timeout 120s",
    ]
    assert "make test-e2e CLUSTER=kind" in result.stdout
    assert not Path(kubeconfig).parent.exists()


def test_cluster_that_is_there_is_used_again(programs: FakePrograms) -> None:
    programs.add("kind", {"get clusters": "other\nvk8s"})
    assert run(programs).returncode == 0
    assert not [call for call in programs.calls() if call.startswith("kind create")]
    assert f"install.sh --image {HOOKS_IMAGE}" in programs.calls()


def test_cluster_of_a_similar_name_is_another(programs: FakePrograms) -> None:
    programs.add("kind", {"get clusters": "my-vk8s"})
    assert run(programs).returncode == 0
    assert "kind create cluster --name vk8s --wait 120s" in programs.calls()


def test_product_goes_into_no_other_cluster_than_this(programs: FakePrograms) -> None:
    install = programs.directory / "install.sh"
    install.write_text(f'#!/bin/bash\necho "KUBECONFIG=$KUBECONFIG" >>{programs.directory}/calls\n')
    assert run(programs).returncode == 0
    kubeconfig = next(call for call in programs.calls() if call.startswith("kind export")).rpartition(" ")[2]
    assert f"KUBECONFIG={kubeconfig}" in programs.calls()


@pytest.mark.parametrize("program", ["kind", "docker", "kubectl"])
def test_missing_program_is_reported_before_anything_is_created(programs: FakePrograms, program: str) -> None:
    (programs.directory / "bin" / program).unlink()
    result = run(programs)
    assert result.returncode == 1
    assert f"{program} is missing: install it" in result.stderr.lower()
    assert not [call for call in programs.calls() if call.startswith("kind")]


def test_silent_docker_is_reported(programs: FakePrograms) -> None:
    programs.add("docker", {"info": "!permission denied"})
    result = run(programs)
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "Docker does not answer: start it" in result.stderr


def test_step_that_fails_ends_it(programs: FakePrograms) -> None:
    programs.add("make", {"docker-build": "!no network"})
    assert run(programs).returncode != 0
    assert not [call for call in programs.calls() if call.startswith("install.sh")]
