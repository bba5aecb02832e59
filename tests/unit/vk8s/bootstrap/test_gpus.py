"""hooks/vk8s/bootstrap/gpus.sh on files that stand in for devices and programs, and what it installs."""

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
OFFERED = "This node offers its GPUs to pods inside as nvidia.com/gpu"
LISTED = "\tlibnvidia-ml.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libnvidia-ml.so.1"
# Like Debian's, ldconfig lists only what it has looked for since it was there.
SCRIPT = """
. {boot}/sentences.sh; . {boot}/devices.sh; . {boot}/gpus.sh
boot={boot} DEVICES={root}/dev DEVICE_PLUGIN={root}/nvidia-device-plugin
CONTAINERD_CONFIG={root}/containerd.toml RUNTIME_CONFIG={root}/runtime/config.toml KUBELET_WANTS={root}/wants
ldconfig() {{ if [[ ${{1:-}} = --print-cache ]]; then cat {root}/cache; else cp {root}/libraries {root}/cache; fi; }}
offer_gpus
"""


@dataclass(frozen=True)
class Node:
    """Its root directory."""

    root: Path

    def boot(self, gpus: str) -> str:
        """What a node pod that asked for so many GPUs says."""
        script = SCRIPT.format(boot=BOOT, root=self.root)
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"PATH": os.environ["PATH"], "GPUS": gpus}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return result.stdout

    @property
    def wanted(self) -> list[str]:
        """The services that the kubelet brings with it."""
        wants = self.root / "wants"
        return [path.name for path in wants.iterdir()] if wants.exists() else []


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node of the image for GPUs, on a host with a GPU that has put the driver's libraries into it."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidia0").touch()
    (tmp_path / "nvidia-device-plugin").touch(mode=0o755)
    (tmp_path / "libraries").write_text(LISTED)
    (tmp_path / "cache").touch()
    (tmp_path / "containerd.toml").write_text((BOOT / "containerd.toml").read_text())
    return Node(tmp_path)


def test_gpus_are_offered_with_the_kubelet(node: Node) -> None:
    assert OFFERED in node.boot("2")
    assert node.wanted == ["nvidia-device-plugin.service"]
    assert (node.root / "wants" / "nvidia-device-plugin.service").readlink() == Path("../nvidia-device-plugin.service")
    assert (node.root / "runtime" / "config.toml").read_text() == (BOOT / "nvidia-container-runtime.toml").read_text()


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (
            "nvidia-device-plugin",
            "this node's image has no device plugin. The image of the same version whose tag ends",
        ),
        ("dev/nvidia0", "/dev/nvidia0. Is NVIDIA's driver loaded there?"),
        ("libraries", "the driver's library libnvidia-ml.so.1 is not in this node. It is NVIDIA's container toolkit"),
    ],
    ids=["a plain image", "a host without the driver", "a host that puts no libraries in"],
)
def test_what_is_missing_is_said_and_nothing_changes(node: Node, missing: str, sentence: str) -> None:
    (node.root / missing).unlink()
    (node.root / "libraries").touch()
    (line,) = node.boot("1").splitlines()
    assert "Pods inside get no nvidia.com/gpu" in line
    assert sentence in line
    assert node.wanted == []
    assert (node.root / "containerd.toml").read_text() == (BOOT / "containerd.toml").read_text()


def test_those_of_other_nodes_are_not_offered(node: Node) -> None:
    (node.root / "dev" / "nvidia3").touch()
    assert "this node sees 2 GPUs, has asked for 1, and can't tell which those are" in node.boot("1")
    assert node.wanted == []
    assert OFFERED in node.boot("2")


@pytest.mark.parametrize("gpus", ["", "0"])
def test_a_node_that_asked_for_none_is_as_any_other(node: Node, gpus: str) -> None:
    assert node.boot(gpus) == ""
    assert node.wanted == []


def test_containerd_runs_all_containers_by_nvidias_wrapper(node: Node) -> None:
    before = tomllib.loads((BOOT / "containerd.toml").read_text())
    node.boot("1")
    after = tomllib.loads((node.root / "containerd.toml").read_text())
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
