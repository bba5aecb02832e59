"""The guest's disk: its Debian, this checkout, what the images' builds made, and a unit that runs the tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed import builds, controller
from testbed.layout import ROOT, UP
from testbed.vm import store
from testbed.vm.hardware import HARDWARE
from testbed.vm.releases import RELEASES

# Where these are in the guest.
HOME = Path("/opt/vk8s")
SOURCE, BINARIES = HOME / "source", HOME / "binaries"
RESULTS = SOURCE / "build" / "vm"
# The parts of a checkout that the tests in the guest need.
_PARTS = ("hooks", "testbed", "tests", "images", "crds", "metacontroller", "examples", "pyproject.toml")
_UNIT = "vk8s-vm-test.service"
_SIZE = "12G"
# The C libraries that the guest's Python can do with.
_LIBRARIES = (36, 35, 34, 31, 28, 24, 17)
# The guest's second serial port, in the unit.
_PROGRESS = "@PROGRESS@"


@dataclass(frozen=True)
class Builds:
    """What the builds made, on this machine, for that of the guest."""

    architecture: str
    release: str
    debian: Path
    binaries: Path
    archives: Sequence[Path]


@dataclass(frozen=True)
class Disk:
    """A disk with ext4 and no partitions, and what boots from it."""

    image: Path
    kernel: Path
    initrd: Path

    def copy_results(self, directory: Path) -> None:
        """Copies what the tests left in the guest's RESULTS into `directory`; nothing where they left nothing."""
        request = f"rdump {RESULTS} {directory}"
        subprocess.run(["debugfs", "-R", request, self.image], check=True, capture_output=True)


def build_all(architecture: str, release: str) -> Builds:
    """What a guest with that release of Debian is made of, from the cache where it is there."""

    def build(script: str, *arguments: str) -> Path:
        return builds.run_build("build-for.sh", arguments=[architecture, script, *arguments])

    debian = build("rootfs.sh", HARDWARE[architecture].debian, RELEASES[release].suite)
    binaries = build("binaries/build.sh")
    archives = [build(f"{image}/build.sh") for image in ("pause", "access", "kink")]
    return Builds(architecture, release, debian, binaries, archives)


def write_disk(work: Path, built: Builds) -> Disk:
    """Writes the disk into the directory `work`."""
    tree = work / "tree"
    _write_tree(tree, built)
    store.fill(tree / UP.state.relative_to("/") / "containerd", built.archives, work, f"linux/{built.architecture}")
    image = work / "disk.img"
    # Nobody looks at it after a crash; so no journal.
    # Sparse: what the guest does not write takes no place.
    _run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, image, _SIZE)
    kernel, initrd = (next((tree / "boot").glob(f"{name}*")) for name in ("vmlinuz-", "initrd.img-"))
    disk = Disk(image, kernel.rename(work / "kernel"), initrd.rename(work / "initrd"))
    shutil.rmtree(tree)
    return disk


def _write_tree(tree: Path, built: Builds) -> None:
    tree.mkdir()
    _run("tar", "--extract", "--file", built.debian, "--directory", tree)
    _install_python_packages(tree, HARDWARE[built.architecture].processor, RELEASES[built.release].python)
    for part in _PARTS:
        _copy(ROOT / part, tree / SOURCE.relative_to("/") / part)
    _copy(built.binaries, tree / BINARIES.relative_to("/"))
    units = tree / "etc/systemd/system"
    unit = Path(__file__).with_name(_UNIT).read_text()
    (units / _UNIT).write_text(unit.replace(_PROGRESS, HARDWARE[built.architecture].progress))
    (units / "multi-user.target.wants" / _UNIT).symlink_to(Path("..") / _UNIT)
    (tree / HOME.relative_to("/") / "environment").write_text(_copy_metacontroller(tree))


def _install_python_packages(tree: Path, processor: str, python: str) -> None:
    """Where the guest's Python, whatever that of this machine is, looks for what Debian's packages did not bring."""
    platforms = [f"--platform=manylinux_2_{minor}_{processor}" for minor in _LIBRARIES]
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *(f"--python-version={python}", "--only-binary=:all:", *platforms),
        f"--target={tree}/usr/local/lib/python{python}/dist-packages",
        f"--requirement={ROOT}/requirements-dev.txt",
    )


def _copy_metacontroller(tree: Path) -> str:
    """Copies the real Metacontroller into the guest, where one is asked for; the variables that ask for it there."""
    lines = []
    for variable in (controller.BINARY_VARIABLE, controller.CRDS_VARIABLE):
        given = os.environ.get(variable)
        if given:
            _copy(Path(given), tree / HOME.relative_to("/") / variable)
            lines.append(f"{variable}={HOME / variable}\n")
    return "".join(lines)


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, destination, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, destination)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)
