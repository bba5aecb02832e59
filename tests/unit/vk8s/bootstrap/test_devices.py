"""hooks/vk8s/bootstrap/devices.sh on devices that are files, and a driver that is a directory."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
COMMON = {"nvidiactl", "nvidia-uvm"}
# The places of GPUs, in the driver's order, with the numbers of their devices.
PLACES = {"0000:01:00.0": 2, "0000:3b:00.0": 0, "0000:5e:00.0": 1, "0000:86:00.0": 3}
INFORMATION = """Model: \t\t NVIDIA A100-SXM4-80GB
IRQ:   \t\t 63
GPU UUID: \t GPU-{place}
Device Minor: \t {minor}
"""
# The driver's own files are there in a test as they are in a node; only the mount over one of them can't be made.
SCRIPT = """
. {boot}/sentences.sh; . {boot}/devices.sh
RUN={root} DEVICES={root}/dev DRIVER={root}/driver ASSIGNMENTS={root}/assignments
mount() {{ cp "$2" "$3"; }}
hide_foreign_gpus
"""


@dataclass(frozen=True)
class Host:
    """Its root directory."""

    root: Path

    def boot(self, **environment: str) -> str:
        """What a node pod with this environment says."""
        script = SCRIPT.format(boot=BOOT, root=self.root)
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return result.stdout

    @property
    def devices(self) -> set[str]:
        return {path.name for path in (self.root / "dev").iterdir()}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A machine with four GPUs."""
    for name in (*COMMON, *(f"nvidia{minor}" for minor in PLACES.values()), "null"):
        path = tmp_path / "dev" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for place, minor in PLACES.items():
        path = tmp_path / "driver" / "gpus" / place / "information"
        path.parent.mkdir(parents=True)
        path.write_text(INFORMATION.format(place=place, minor=minor))
    (tmp_path / "driver" / "params").write_text("ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\n")
    return Host(tmp_path)


def test_a_node_that_asked_for_none_sees_none(host: Host) -> None:
    host.boot(NVIDIA_VISIBLE_DEVICES="all")
    assert host.devices == {"null"}


@pytest.mark.parametrize(
    ("assigned", "devices"),
    [
        ("GPU-0000:3b:00.0", {"nvidia0"}),
        ("GPU-0000:01:00.0,GPU-0000:86:00.0", {"nvidia2", "nvidia3"}),
        ("0", {"nvidia2"}),
        ("3,1", {"nvidia3", "nvidia0"}),
    ],
    ids=["one by UUID", "two by UUID", "one by number", "two by number"],
)
def test_only_assigned_ones_remain(host: Host, assigned: str, devices: set[str]) -> None:
    host.boot(GPUS=str(len(devices)), NVIDIA_VISIBLE_DEVICES=assigned)
    assert host.devices == {"null", *COMMON, *devices}


def test_assigned_by_files(host: Host) -> None:
    """The way of hosts that don't trust variables of a pod."""
    (host.root / "assignments").mkdir()
    (host.root / "assignments" / "GPU-0000:5e:00.0").touch()
    host.boot(GPUS="1", NVIDIA_VISIBLE_DEVICES="/var/run/nvidia-container-devices")
    assert host.devices == {"null", *COMMON, "nvidia1"}


def test_the_driver_does_not_bring_the_others_back(host: Host) -> None:
    host.boot(GPUS="1", NVIDIA_VISIBLE_DEVICES="0")
    assert (host.root / "driver" / "params").read_text() == "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 0\n"


def test_numbers_are_those_of_devices_where_the_driver_tells_nothing(host: Host) -> None:
    for place in PLACES:
        (host.root / "driver" / "gpus" / place / "information").unlink()
    host.boot(GPUS="2", NVIDIA_VISIBLE_DEVICES="1,3")
    assert host.devices == {"null", *COMMON, "nvidia1", "nvidia3"}


@pytest.mark.parametrize("said", ["void", "all", ""])
def test_what_was_not_said_is_not_guessed(host: Host, said: str) -> None:
    before = host.devices
    assert "does not say which GPUs are this node's" in host.boot(GPUS="1", NVIDIA_VISIBLE_DEVICES=said)
    assert host.devices == before


def test_a_host_without_gpus_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    assert Host(tmp_path).boot(GPUS="1") == ""
