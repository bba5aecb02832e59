"""hooks/vk8s/bootstrap/gpus.sh on files that stand in for devices and programs, and what it installs."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.shared_material import ROOT
from tests.unit.vk8s.bootstrap.bench import BOOT, Node

OFFERED = "This node offers its GPUs to pods inside as nvidia.com/gpu"
LISTED = "\tlibnvidia-ml.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libnvidia-ml.so.1"
CONTAINERD_CONFIG, RUNTIME_CONFIG = "etc/containerd/config.toml", "etc/nvidia-container-runtime/config.toml"
WANTS = "etc/systemd/system/kubelet.service.wants"


def boot(node: Node, gpus: str) -> str:
    """What a node pod that asked for so many GPUs says."""
    ended = node.given(GPUS=gpus).source("sentences.sh devices.sh gpus.sh", "offer_gpus")
    assert ended.code == 0
    return ended.output


def list_wanted(node: Node) -> list[str]:
    """The services that the kubelet brings with it."""
    return [path.name for path in (node.root / WANTS).glob("*")]


@pytest.fixture
def node(node: Node) -> Node:
    """A node of the image for GPUs, on a host with a GPU that has put the driver's libraries into it."""
    node.write("dev/nvidia0")
    node.write("usr/local/bin/nvidia-device-plugin").chmod(0o755)
    node.write("libraries", LISTED)
    node.write("cache")
    node.write(CONTAINERD_CONFIG, (BOOT / "containerd.toml").read_text())
    # Like Debian's, it lists only what it has looked for since it was there.
    node.program("ldconfig", "if [[ ${1:-} = --print-cache ]]; then cat cache; else cp libraries cache; fi")
    return node


def test_gpus_are_offered_with_the_kubelet(node: Node) -> None:
    assert OFFERED in boot(node, "2")
    assert list_wanted(node) == ["nvidia-device-plugin.service"]
    assert (node.root / WANTS / "nvidia-device-plugin.service").readlink() == Path("../nvidia-device-plugin.service")
    assert node.read(RUNTIME_CONFIG) == (BOOT / "nvidia-container-runtime.toml").read_text()


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (
            "usr/local/bin/nvidia-device-plugin",
            "this node's image has no device plugin. The image of the same version whose tag ends",
        ),
        ("dev/nvidia0", "/dev/nvidia0. Is NVIDIA's driver loaded there?"),
        ("libraries", "the driver's library libnvidia-ml.so.1 is not in this node. NVIDIA's container toolkit"),
    ],
    ids=["a plain image", "a host without the driver", "a host that puts no libraries in"],
)
def test_missing_program_is_reported_and_nothing_changes(node: Node, missing: str, sentence: str) -> None:
    (node.root / missing).unlink()
    node.write("libraries")
    (line,) = boot(node, "1").splitlines()
    assert "Pods inside get no nvidia.com/gpu" in line
    assert sentence in line
    assert list_wanted(node) == []
    assert node.read(CONTAINERD_CONFIG) == (BOOT / "containerd.toml").read_text()


def test_gpus_of_other_nodes_are_not_offered(node: Node) -> None:
    node.write("dev/nvidia3")
    assert "this node sees 2 GPUs, has requested 1, and can't tell which those are" in boot(node, "1")
    assert list_wanted(node) == []
    assert OFFERED in boot(node, "2")


@pytest.mark.parametrize("gpus", ["", "0"])
def test_node_that_asked_for_none_is_as_any_other(node: Node, gpus: str) -> None:
    assert boot(node, gpus) == ""
    assert list_wanted(node) == []


def test_containerd_runs_all_containers_by_nvidias_wrapper(node: Node) -> None:
    before = tomllib.loads((BOOT / "containerd.toml").read_text())
    boot(node, "1")
    after = tomllib.loads(node.read(CONTAINERD_CONFIG))
    runtimes = after["plugins"]["io.containerd.grpc.v1.cri"]["containerd"].pop("runtimes")
    assert after == before
    # What the device plugin says by this strategy are annotations with this prefix.
    assert "Environment=DEVICE_LIST_STRATEGY=cdi-annotations\n" in read_unit()
    assert runtimes["runc"]["container_annotations"] == ["cdi.k8s.io/*"]


def test_every_program_that_is_named_is_in_the_image() -> None:
    files = ("containerd-gpu.toml", "nvidia-container-runtime.toml", "nvidia-device-plugin.service", "gpus.sh")
    named = {path for file in files for path in re.findall(r"/usr/local/bin/([\w-]+)", (BOOT / file).read_text())}
    built = re.findall(r"/cmd/([\w-]+)", (ROOT / "images" / "gpu" / "tools.go").read_text())
    assert named == set(built)
    script = (ROOT / "images" / "gpu" / "build.sh").read_text()
    assert all(re.search(rf"^  build github.com/NVIDIA/\S+ .*\b{program}\b", script, re.MULTILINE) for program in built)


def read_unit() -> str:
    return (BOOT / "nvidia-device-plugin.service").read_text()
