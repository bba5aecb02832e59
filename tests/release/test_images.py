"""`make release` with nothing left out: each of its images, for both architectures, as a registry would serve it."""

import io
import json
import shutil
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.figures import record
from tests.kubeflow.bundle import write_checkout
from tests.machine import build_environment, require_testbed
from tests.release.archives import OciArchive
from tests.release.registry import push, serve_registry

KUBEFLOW = "v1.10.2"
CONTROL_PLANE = Path(__file__).with_name("control_plane.sh")
# Most of it for a control plane that is emulated.
SECONDS = 600
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The machine in the head of an ELF program.
MACHINES = {"amd64": 62, "arm64": 183}
# What runs in a container of each image, and says something of itself: the kernel starts QEMU where it has to. Not nft,
# which opens a netlink socket of a kind that QEMU does not have.
PROGRAMS = {
    "access": ["ssh -V", "tini --version", "kubectl version --client"],
    "backup": ["restic version"],
    "controller": ["/opt/vk8s/bin/python -c 'import pydantic_core, cryptography.hazmat.bindings._rust'"],
    "kink": [
        "systemctl --version", "containerd --version", "runc --version", "ip -Version", "curl --version",
        "kubelet --version", "kubeadm version", "kubectl version --client", "etcdctl version", "etcdutl version",
    ],
    "kink-gpu": ["nvidia-device-plugin --version", "nvidia-cdi-hook --version"],
    "kubeflow-installer": ["kubectl version --client", "curl --version"],
}  # fmt: skip


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, OciArchive]]:
    """The archives of a release, by the names of their images; what no cache has is built first, for up to an hour."""
    require_testbed()
    directory = tmp_path_factory.mktemp("release")
    checkout = write_checkout(KUBEFLOW, directory / "checkout")
    command = [sys.executable, "-m", "release", "--out", str(directory / "out"), "--kubeflow", str(checkout), KUBEFLOW]
    try:
        result = subprocess.run(
            command, cwd=ROOT, env=build_environment(), stdout=subprocess.PIPE, text=True, check=True
        )
        out = Path(result.stdout.strip())
        archives = [path for path in sorted(out.glob("*.oci.tar")) if not path.name.endswith(".chart.oci.tar")]
        yield {shorten(path.name): OciArchive(path) for path in archives}
    finally:
        shutil.rmtree(directory)


def shorten(name: str) -> str:
    """The name of an image without its version: of kink-v1.34.4-gpu.oci.tar, kink-gpu."""
    parts = name.removesuffix(".oci.tar").split("-")
    return "-".join(part for part in parts if not part.lstrip("v")[0].isdigit())


def read_machine(layer: tarfile.TarFile, member: tarfile.TarInfo) -> int | None:
    """That of an ELF program; None if the file is none."""
    content = layer.extractfile(member) if member.isfile() else None
    head = content.read(20) if content else b""
    return int.from_bytes(head[18:], "little") if head.startswith(b"\x7fELF") else None


@pytest.mark.nightly("tests/release/test_architectures.py")
def test_each_image_is_for_both_architectures(images: dict[str, OciArchive]) -> None:
    assert images.keys() == PROGRAMS.keys()
    for name, archive in images.items():
        assert list(archive.list_manifests()) == list(MACHINES), name


@pytest.mark.parametrize("architecture", MACHINES)
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.nightly("tests/release/test_contents.py")
def test_all_programs_in_an_image_are_for_its_architecture(
    images: dict[str, OciArchive], name: str, architecture: str
) -> None:
    found: Counter[int | None] = Counter()
    for layer in images[name].list_layers(architecture):
        with tarfile.open(fileobj=io.BytesIO(layer), mode="r:gz") as opened:
            found.update(read_machine(opened, member) for member in opened)
    del found[None]
    assert list(found) == [MACHINES[architecture]], found


@pytest.mark.parametrize("architecture", MACHINES)
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.nightly("tests/release/test_architectures.py")
def test_programs_of_an_image_run(images: dict[str, OciArchive], name: str, architecture: str, tmp_path: Path) -> None:
    with unpack(images[name], architecture, tmp_path / "root") as root:
        for command in PROGRAMS[name]:
            result = run_in(root, command)
            assert result.returncode == 0, f"{command}: {result.stderr}"


@pytest.mark.parametrize("architecture", MACHINES)
@pytest.mark.nightly("tests/release/test_architectures.py")
def test_control_plane_of_a_node_answers(images: dict[str, OciArchive], architecture: str, tmp_path: Path) -> None:
    with unpack(images["kink"], architecture, tmp_path / "root") as root:
        shutil.copy(CONTROL_PLANE, root / "tmp")
        start = time.monotonic()
        result = run_in(root, f"/usr/bin/bash /tmp/{CONTROL_PLANE.name}")
        assert result.returncode == 0, result.stderr
        record(f"release_{architecture}_api_s", time.monotonic() - start)
    assert json.loads(result.stdout)["platform"] == f"linux/{architecture}"


@pytest.mark.nightly("tests/release/test_push.py")
def test_registry_serves_each_image_for_both_architectures(images: dict[str, OciArchive], tmp_path: Path) -> None:
    release = images["kink"].path.parent
    with serve_registry(tmp_path) as registry:
        pushed = push(release, registry.address)
        assert pushed.returncode == 0, pushed.stderr
        for archive in images.values():
            _, _, name = archive.index["manifests"][0]["annotations"]["io.containerd.image.name"].partition("/")
            _, index = registry.read_manifest(*name.rsplit(":", 1))
            assert [each["platform"]["architecture"] for each in index["manifests"]] == list(MACHINES), name
            for each in index["manifests"]:
                registry.read_manifest(name.rpartition(":")[0], each["digest"])


@contextmanager
def unpack(archive: OciArchive, architecture: str, root: Path) -> Iterator[Path]:
    """The files of an image in a directory, while they are needed."""
    root.mkdir()
    for layer in archive.list_layers(architecture):
        subprocess.run(["tar", "--extract", "--gzip", "--directory", root], input=layer, check=True)
    try:
        yield root
    finally:
        shutil.rmtree(root)


def run_in(root: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Runs a command in the files of an image, with mounts, processes and a network of its own; for ten minutes.

    It is not the first of these processes: systemd would take the machine for its own.
    """
    for directory in (root / "proc", root / "dev"):
        directory.mkdir(exist_ok=True)
    script = f"mount -t proc proc {root}/proc\nmount --rbind /dev {root}/dev\nchroot {root} {command}\nexit"
    isolate = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    return subprocess.run(
        [*isolate, "sh", "-ec", script],
        env={"PATH": SEARCH_PATH}, capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip
