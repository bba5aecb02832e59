"""release/contents.py: which packages an image contains."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from release.contents import Contents, read_contents, read_program
from tests.release.archives import DEBIAN, METADATA, Files, write_docker_archive

PYTHON = METADATA.format(name="Pydantic_Core").encode()
SITE = "opt/vk8s/lib/python3.11/site-packages"
MODULE = "module example.com/program\n\ngo 1.25\n\nrequire example.com/part v1.2.3\n"


def read(path: Path, *layers: Files) -> Contents:
    return read_contents(write_docker_archive(path / "archive", "vk8s/test:1", layers))


def list_urls(contents: Contents) -> set[str]:
    return {str(package.url) for package in contents.packages}


def test_packages_of_debian_are_those_that_are_installed(tmp_path: Path) -> None:
    contents = read(tmp_path, DEBIAN)
    assert list_urls(contents) == {
        "pkg:deb/debian/bash@5.2.15-2%2Bb13?arch=amd64&distro=debian-12&upstream=bash%405.2.15-2"
    }
    assert contents.distribution == ("debian", "12")


def test_python_packages_have_the_name_of_the_index_and_their_licence(tmp_path: Path) -> None:
    (package,) = read(tmp_path, {f"{SITE}/pydantic_core-1.0.dist-info/METADATA": PYTHON}).packages
    assert (str(package.url), package.licence) == ("pkg:pypi/pydantic-core@1.0", "MIT")


def test_python_packages_of_debian_are_listed_only_as_those(tmp_path: Path) -> None:
    assert read(tmp_path, {"usr/lib/python3/dist-packages/x-1.dist-info/METADATA": PYTHON}).packages == frozenset()


@pytest.mark.parametrize(
    "whiteout",
    [
        f"{SITE}/x-1.dist-info/.wh.METADATA",
        f"{SITE}/.wh.x-1.dist-info",
        f"{SITE}/.wh..wh..opq",
        "opt/.wh.vk8s",
        ".wh.opt",
    ],
)
def test_package_that_a_layer_removes_is_not_listed(tmp_path: Path, whiteout: str) -> None:
    below = {f"{SITE}/x-1.dist-info/METADATA": PYTHON, "opt2/y-1.dist-info/METADATA": PYTHON}
    assert len(read(tmp_path, below, {whiteout: b""}).packages) == 1
    hidden = {f"{SITE}/x-1.dist-info/METADATA": PYTHON}
    assert read(tmp_path, hidden, {whiteout: b""}).packages == frozenset()


def test_upper_layer_says_which_version_is_there(tmp_path: Path) -> None:
    newer = PYTHON.replace(b"Version: 1.0", b"Version: 2.0")
    name = f"{SITE}/x.dist-info/METADATA"
    assert list_urls(read(tmp_path, {name: PYTHON}, {f"./{name}": newer})) == {"pkg:pypi/pydantic-core@2.0"}


def test_modules_are_those_of_the_programs_that_go_has_built(tmp_path: Path) -> None:
    program = build_program(tmp_path)
    urls = list_urls(read(tmp_path, {"./usr/local/bin/program": program, "./bin/other": build_head(62)}))
    (stdlib,) = [url for url in urls if url.startswith("pkg:golang/stdlib@1.")]
    assert urls - {stdlib} == {"pkg:golang/example.com/part@v1.2.3"}


@pytest.mark.parametrize(("architecture", "other"), [("amd64", 183), ("arm64", 62)], ids=["amd64", "arm64"])
def test_image_with_programs_for_another_machine_is_refused(tmp_path: Path, architecture: str, other: int) -> None:
    own, bpf = {"amd64": 62, "arm64": 183}[architecture], 247
    files = {f"./bin/{machine}": build_head(machine) for machine in (own, other, bpf)}
    archive = write_docker_archive(
        tmp_path / "archive", "vk8s/test:1", [files, {"./lib/a.so": build_head(other)}], architecture
    )
    with pytest.raises(
        ValueError, match=rf"^vk8s/test:1 for {architecture} has .* another architecture: bin/{other}, lib/a\.so$"
    ):
        read_contents(archive)


def build_head(machine: int) -> bytes:
    """How an ELF program for that machine begins."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + machine.to_bytes(2, "little") + bytes(44)


def build_program(directory: Path) -> bytes:
    """A program of a module of ours, which is in no release, and of a module from a directory that acts as a proxy."""
    proxy = directory / "proxy" / "example.com" / "part" / "@v"
    proxy.mkdir(parents=True)
    (proxy / "v1.2.3.mod").write_text("module example.com/part\n")
    (proxy / "v1.2.3.info").write_text('{"Version": "v1.2.3"}')
    with zipfile.ZipFile(proxy / "v1.2.3.zip", "w") as part:
        part.writestr("example.com/part@v1.2.3/part.go", "package part\n\nfunc Act() {}\n")
    (directory / "go.mod").write_text(MODULE)
    (directory / "main.go").write_text('package main\n\nimport "example.com/part"\n\nfunc main() { part.Act() }\n')
    variables = {
        "GOPROXY": f"file://{directory}/proxy", "GONOSUMDB": "*", "GOFLAGS": "-mod=mod -modcacherw",
        "GOMODCACHE": f"{directory}/modules", "CGO_ENABLED": "0", "GOARCH": "amd64",
    }  # fmt: skip
    command = ["go", "build", "-buildvcs=false", "-o", "program", "."]
    subprocess.run(command, cwd=directory, env={**os.environ, **variables}, check=True)
    return (directory / "program").read_bytes()


def test_program_in_one_file_contains_its_packages(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "program", "w") as program:
        program.writestr("click-1.0.dist-info/METADATA", METADATA.format(name="click"))
        program.writestr("kubectl_vk8s/__main__.py", "")
    assert list_urls(read_program(tmp_path / "program")) == {"pkg:pypi/click@1.0"}
