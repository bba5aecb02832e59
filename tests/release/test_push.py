"""`vk8s-push`, with skopeo, into a real registry."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.registry import LOGIN, Registry, push, serve_registry
from tests.testbed.fake_programs import FakePrograms


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with serve_registry(tmp_path) as served:
        yield served


def read_list(release: Path) -> dict[str, str]:
    """The names in a registry, and their digests."""
    lines = [line.split() for line in (release / "images.txt").read_text().splitlines() if not line.startswith("#")]
    return {line[0]: line[1] for line in lines if len(line) == 3}


def test_registry_has_everything_by_the_published_digests(release: Path, registry: Registry) -> None:
    result = push(release, f"{registry.address}/team/")
    assert result.returncode == 0, result.stderr
    expected = read_list(release)
    assert result.stdout.splitlines() == [
        f"{registry.address}/team/{name}@{digest}" for name, digest in expected.items()
    ]
    for name, digest in expected.items():
        repository, _, tag = name.rpartition(":")
        assert registry.read_manifest(f"team/{repository}", tag)[0] == digest
    assert f"docker://{registry.address}/team/metacontrollerio/metacontroller:v4.17.2" in result.stderr


def test_image_in_the_registry_has_all_its_platforms(release: Path, registry: Registry) -> None:
    assert push(release, registry.address).returncode == 0
    _, index = registry.read_manifest("vk8s/kink", "v1.34.4")
    assert [each["platform"]["architecture"] for each in index["manifests"]] == ["amd64", "arm64"]
    for each in index["manifests"]:
        _, manifest = registry.read_manifest("vk8s/kink", each["digest"])
        for blob in (manifest["config"], *manifest["layers"]):
            assert len(registry.get(f"vk8s/kink/blobs/{blob['digest']}").content) == blob["size"]


def test_second_push_finds_everything_there(release: Path, registry: Registry) -> None:
    first, second = push(release, registry.address), push(release, registry.address)
    assert (second.returncode, second.stdout) == (0, first.stdout)


def test_registry_with_a_login_and_its_own_ca_is_pushed_to(release: Path, tmp_path: Path) -> None:
    trust = f"--dest-cert-dir={tmp_path / 'trust'}"
    with serve_registry(tmp_path, secure=True) as registry:
        assert push(release, registry.address, trust).returncode == 1
        assert push(release, registry.address, f"--dest-creds={LOGIN}").returncode == 1
        result = push(release, registry.address, trust, f"--dest-creds={LOGIN}")
        assert result.returncode == 0, result.stderr
        for name, digest in read_list(release).items():
            assert registry.read_manifest(*name.rsplit(":", 1))[0] == digest


@pytest.mark.parametrize("damaged", ["kink-v1.34.4.oci.tar", "images.txt"])
def test_nothing_of_a_damaged_release_is_pushed(
    release: Path, registry: Registry, tmp_path: Path, damaged: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(release, copy, symlinks=True)
    with (copy / damaged).open("ab") as file:
        file.write(b"#")
    result = push(copy, registry.address)
    assert result.returncode == 1
    assert f"{damaged}: FAILED" in result.stderr
    assert registry.list_repositories() == []


@pytest.mark.parametrize("arguments", [[], ["--help"], ["https://registry.example.com"]], ids=["none", "help", "URL"])
def test_usage_is_said_where_the_registry_is_not_one(release: Path, arguments: list[str]) -> None:
    result = subprocess.run([release / "vk8s-push", *arguments], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("usage: vk8s-push REGISTRY ")


def test_missing_skopeo_is_said(release: Path, tmp_path: Path) -> None:
    fake = FakePrograms(tmp_path)
    fake.link("bash", "env", "dirname")
    result = push(release, "registry.example.com", **fake.environment)
    assert (result.returncode, result.stderr) == (1, "skopeo is missing: install the package skopeo.\n")
