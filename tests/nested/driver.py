"""A fake of NVIDIA's driver, as the host's toolkit would put it into a node: in a node image of its own."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.layout import ROOT

SOURCE = Path(__file__).with_suffix(".c")
LIBRARY = "libnvidia-ml.so.580.1"


def import_image_with_driver(machine: HostCluster, reference: str) -> None:
    """Makes an image known to the machine's node: that for GPUs, with the driver's library in it."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        archive = directory / f"{reference.rpartition(':')[2]}.tar"
        _unpack(builds.build_gpu_node_image(), directory / "base")
        files = f"{_compile(directory)}:/usr/lib/x86_64-linux-gnu/{LIBRARY}"
        _pack(archive, reference, files, f"--base={directory / 'base'}")
        machine.import_image(archive)


def _unpack(archive: Path, directory: Path) -> None:
    directory.mkdir()
    subprocess.run(["tar", "--extract", "--file", archive, "--directory", directory], check=True)


def _pack(archive: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, ROOT / "images" / "archive.py", archive, *arguments], check=True)


def _compile(directory: Path) -> Path:
    library = directory / LIBRARY
    options = ["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-Wl,-soname,libnvidia-ml.so.1"]
    subprocess.run(["gcc", *options, "-o", library, SOURCE], check=True)
    return library
