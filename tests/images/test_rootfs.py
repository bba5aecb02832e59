"""`images/rootfs.sh`: from which archives the Debian of an image comes. debootstrap and apt only pretend."""

import platform
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.testbed.fake_programs import FakePrograms

# What the machine's own release is called, in the names of its archives as well.
OWN = platform.freedesktop_os_release()["VERSION_CODENAME"]
MIRROR, SECURITY = "http://mirror.example.com/debian/", "http://mirror.example.com/debian-security/"
ARCHIVES = f"{MIRROR} {OWN} main\n{MIRROR} {OWN}-updates main\n{SECURITY} {OWN}-security main\n{MIRROR} {OWN} contrib"
# The directory is the fourth argument, next to the suite.
DEBOOTSTRAP = """#!/bin/bash
echo "debootstrap $*" >>"{log}"
mkdir -p "$4"/{{etc/apt,usr/sbin,usr/share/doc}}
echo "deb of-debootstrap" >"$4/etc/apt/sources.list"
"""
CHROOT = """#!/bin/bash
[[ " $* " != *" update "* ]] || sed 's/^/update: /' "$1/etc/apt/sources.list" >>"{log}"
"""


@dataclass(frozen=True)
class Build:
    """An image without packages of its own, among programs that only pretend."""

    directory: Path

    @property
    def programs(self) -> FakePrograms:
        return FakePrograms(self.directory)

    def run(self, *suite: str) -> Path:
        """The layer; fails the test if there is none."""
        environment = {"PATH": f"{self.directory}/bin:/usr/bin:/bin", "VK8S_CACHE": f"{self.directory}/cache"}
        command = ["bash", f"{ROOT}/images/rootfs.sh", f"{self.directory}/image", *suite]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return Path(result.stdout.strip())

    def list_sources(self) -> list[str]:
        """What apt had as its sources when it looked for newer packages."""
        return [line.removeprefix("update: ") for line in self.programs.calls() if line.startswith("update: ")]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    image = tmp_path / "image"
    image.mkdir()
    (image / "packages.txt").write_text("curl # why\nzstd # why\n")
    (image / "finish.sh").write_text("#!/bin/bash\n")
    (image / "finish.sh").chmod(0o755)
    build = Build(tmp_path)
    build.programs.add("apt-get", {"indextargets": ARCHIVES})
    for name, script in {"debootstrap": DEBOOTSTRAP, "chroot": CHROOT}.items():
        (tmp_path / "bin" / name).write_text(script.format(log=tmp_path / "calls"))
        (tmp_path / "bin" / name).chmod(0o755)
    return build


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_each_release_comes_from_the_machines_own_mirror(build: Build, suite: str) -> None:
    layer = build.run(suite)
    (call,) = (call for call in build.programs.calls() if call.startswith("debootstrap"))
    assert call.startswith(f"debootstrap --variant=minbase --include=curl,zstd {suite} ")
    assert call.endswith(f" {MIRROR}")
    assert build.list_sources() == [
        f"deb {SECURITY} {suite}-security main",
        f"deb {MIRROR} {suite} main",
        f"deb {MIRROR} {suite}-updates main",
    ]
    with tarfile.open(layer) as archive:
        sources = archive.extractfile("./etc/apt/sources.list")
        assert sources
        assert sources.read() == b"deb of-debootstrap\n"


def test_releases_have_layers_of_their_own(build: Build) -> None:
    layers = {build.run("bookworm"), build.run("trixie")}
    assert len(layers) == 2
    # Without a release: that of all images, which is there already.
    assert build.run() in layers
    assert len([call for call in build.programs.calls() if call.startswith("debootstrap")]) == 2


def test_machine_without_archives_of_debian_uses_the_default_mirror(build: Build) -> None:
    build.programs.add("apt-get", {"indextargets": "http://mirror.example.com/other/ unstable main"})
    build.run("trixie")
    (call,) = (call for call in build.programs.calls() if call.startswith("debootstrap"))
    assert call.split()[3] == "trixie"
    assert len(call.split()) == 5
    assert build.list_sources() == []
