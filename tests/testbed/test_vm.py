"""testbed/vm: the guest of `make vm-test`, as each of the machines that it can be, with each Debian."""

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from testbed import builds
from testbed.layout import ROOT
from testbed.vm import clock, disk, preflight
from testbed.vm.__main__ import main
from testbed.vm.disk import Disk
from testbed.vm.hardware import HARDWARE
from testbed.vm.machine import KVM, TCG, Guest
from testbed.vm.releases import RELEASES

IMAGES = ROOT / "images"
KERNELS = {"amd64": "linux-image-cloud-amd64", "arm64": "linux-image-cloud-arm64"}
PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}


def build_guest(architecture: str) -> Guest:
    disk = Disk(Path("disk.img"), Path("kernel"), Path("initrd"))
    return Guest(architecture, disk, Path("console"), Path("progress"))


def list_packages(architecture: str) -> set[str]:
    text = (IMAGES / HARDWARE[architecture].debian / "packages.txt").read_text()
    return set(re.sub("#.*", "", text).split())


@pytest.mark.parametrize(
    ("architecture", "qemu", "arguments"),
    [
        ("amd64", "qemu-system-x86_64", ["console=ttyS0", "clocksource=tsc", "VK8S_PATIENCE=8", "VK8S_VM=TCG"]),
        ("arm64", "qemu-system-aarch64", ["console=ttyAMA0", "VK8S_PATIENCE=8", "VK8S_VM=TCG"]),
    ],
    ids=["amd64", "arm64"],
)
def test_emulated_guest_gets_its_console_and_patience(
    architecture: str, qemu: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "list_kernel_arguments", lambda _: [])
    command = build_guest(architecture).build_command(TCG)
    assert command[command.index("-machine") - 1] == qemu
    given = command[command.index("-append") + 1]
    assert [each for each in arguments if each not in given] == []
    assert command.count("-cpu") == 1
    assert command[-1].endswith("chardev:progress" if architecture == "amd64" else "chardev=progress")


def test_clock_of_an_emulated_guest_is_slow_where_its_counter_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processors = tmp_path / "cpuinfo"
    processors.write_text("processor\t: 0\ncpu MHz\t\t: 2299.998\nprocessor\t: 1\ncpu MHz\t\t: 2299.998\n")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert clock.list_kernel_arguments("amd64", processors) == ["tsc_early_khz=9199992", "pmtmr=0", "hpet=disable"]
    assert clock.list_kernel_arguments("arm64", processors) == []
    processors.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert clock.list_kernel_arguments("amd64", processors) == []


@pytest.mark.parametrize(("slow", "patience"), [(["slow=yes"], 2), ([], 8)], ids=["slow clock", "own clock"])
def test_guest_is_as_patient_as_it_is_slow_by_its_clock(
    slow: list[str], patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "list_kernel_arguments", lambda _: slow)
    command = build_guest("amd64").build_command(TCG)
    given = command[command.index("-append") + 1].split()
    assert f"systemd.setenv=VK8S_PATIENCE={patience}" in given
    assert ("slow=yes" in given) is bool(slow)
    # With KVM, it has the machine's own.
    fast = build_guest("amd64").build_command(KVM)
    given = fast[fast.index("-append") + 1].split()
    assert "systemd.setenv=VK8S_PATIENCE=1" in given
    assert "slow=yes" not in given


@pytest.mark.parametrize("architecture", HARDWARE)
def test_only_a_guest_like_this_machine_gets_kvm(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: True)
    for own, processor in PROCESSORS.items():
        monkeypatch.setattr(platform, "machine", lambda processor=processor: processor)
        expected = [KVM, TCG] if own == architecture else [TCG]
        assert build_guest(architecture).list_accelerators() == expected


def test_guests_have_the_same_packages_except_for_the_kernel() -> None:
    assert KERNELS.keys() == HARDWARE.keys()
    without_kernels = [list_packages(each) - {KERNELS[each]} for each in HARDWARE]
    assert without_kernels[0] == without_kernels[1]
    for each in HARDWARE:
        assert KERNELS[each] in list_packages(each)
        assert (IMAGES / HARDWARE[each].debian / "finish.sh").resolve() == ROOT / "testbed/vm/finish.sh"


def test_machine_that_no_guest_can_be_is_named(tmp_path: Path) -> None:
    assert preflight.list_problems(tmp_path, "riscv64") == [
        "architecture: there are guests of amd64 and arm64, and riscv64 is none of them"
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_guest_is_made_of_the_release_that_was_asked_for(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def record(script: str, *, arguments: Sequence[str]) -> Path:
        calls.append([script, *arguments])
        return Path(f"layer-{len(calls)}")

    monkeypatch.setattr(builds, "run_build", record)
    built = disk.build_all("amd64", release)
    assert built.release == release
    assert [call for call in calls if "rootfs.sh" in call] == [
        ["build-for.sh", "amd64", "rootfs.sh", "../testbed/vm", RELEASES[release].suite]
    ]
    assert built.debian == Path("layer-1")


def test_unknown_release_is_rejected_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--debian=11"])
    assert re.search("--debian: invalid choice: '11' .*12.*13", capsys.readouterr().err)
