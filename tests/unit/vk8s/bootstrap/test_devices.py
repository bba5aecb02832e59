"""hooks/vk8s/bootstrap/devices.sh on devices that are files, and a driver that is a directory."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Node

COMMON = {"nvidiactl", "nvidia-uvm"}
# The places of GPUs, in the driver's order, with the numbers of their devices.
PLACES = {"0000:01:00.0": 2, "0000:3b:00.0": 0, "0000:5e:00.0": 1, "0000:86:00.0": 3}
INFORMATION = """Model: \t\t NVIDIA A100-SXM4-80GB
IRQ:   \t\t 63
GPU UUID: \t GPU-{place}
Device Minor: \t {minor}
"""
PARAMS = "proc/driver/nvidia/params"


def boot(node: Node, **environment: str) -> list[str]:
    """What a node pod with this environment says."""
    ended = node.given(**environment).source("sentences.sh devices.sh", "hide_foreign_gpus")
    assert ended.code == 0
    return ended.said


def list_devices(node: Node) -> set[str]:
    return {path.name for path in (node.root / "dev").iterdir()}


@pytest.fixture
def host(node: Node) -> Node:
    """A node on a machine with four GPUs."""
    for name in (*COMMON, *(f"nvidia{minor}" for minor in PLACES.values()), "null"):
        node.write(f"dev/{name}")
    for place, minor in PLACES.items():
        node.write(f"proc/driver/nvidia/gpus/{place}/information", INFORMATION.format(place=place, minor=minor))
    node.write(PARAMS, "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\n")
    # The driver's own files are there as in a node; only the mount over one of them can't be made.
    node.program("mount", 'cp "$2" "$3"')
    node.program("mountpoint", "exit 1")
    return node


def test_node_that_asked_for_none_sees_none(host: Node) -> None:
    boot(host, NVIDIA_VISIBLE_DEVICES="all")
    assert list_devices(host) == {"null"}


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
def test_only_assigned_ones_remain(host: Node, assigned: str, devices: set[str]) -> None:
    boot(host, GPUS=str(len(devices)), NVIDIA_VISIBLE_DEVICES=assigned)
    assert list_devices(host) == {"null", *COMMON, *devices}


def test_files_may_assign_devices(host: Node) -> None:
    """The way of hosts that don't trust variables of a pod."""
    host.write("var/run/nvidia-container-devices/GPU-0000:5e:00.0")
    boot(host, GPUS="1", NVIDIA_VISIBLE_DEVICES="/var/run/nvidia-container-devices")
    assert list_devices(host) == {"null", *COMMON, "nvidia1"}


def test_driver_does_not_bring_the_others_back(host: Node) -> None:
    boot(host, GPUS="1", NVIDIA_VISIBLE_DEVICES="0")
    assert host.read(PARAMS) == "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 0\n"


def test_device_numbers_are_used_where_the_driver_has_none(host: Node) -> None:
    for place in PLACES:
        (host.root / "proc/driver/nvidia/gpus" / place / "information").unlink()
    boot(host, GPUS="2", NVIDIA_VISIBLE_DEVICES="1,3")
    assert list_devices(host) == {"null", *COMMON, "nvidia1", "nvidia3"}


@pytest.mark.parametrize("said", ["void", "all", ""])
def test_unset_devices_are_not_guessed(host: Node, said: str) -> None:
    before = list_devices(host)
    (sentence,) = boot(host, GPUS="1", NVIDIA_VISIBLE_DEVICES=said)
    assert "does not say which GPUs are this node's" in sentence
    assert list_devices(host) == before


def test_host_without_gpus_is_left_alone(node: Node) -> None:
    assert boot(node, GPUS="1") == []
