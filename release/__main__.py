"""`make release`: builds what a registry without internet needs, for amd64 and arm64, into build/release."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hooks import VERSION
from release.assemble import Parts, assemble, describe_sizes
from release.oci import DockerArchive, read_docker_archive
from testbed import builds
from testbed.layout import ROOT

OUT = ROOT / "build" / "release"
CHARTS = ("vk8s", "vk8s-crds")
IMAGES = ("controller", "kink", "gpu", "access", "backup")
INSTALLER = "kubeflow-installer"
ARCHITECTURES = ("amd64", "arm64")
BUILD_FOR = "build-for.sh"
# They would give images other names than those of the release.
NAMES = tuple(f"VK8S_{name}_IMAGE" for name in ("NODE", "ACCESS", "CONTROLLER", "BACKUP", "KUBEFLOW"))


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parse_arguments(arguments)
    for name in NAMES:
        os.environ.pop(name, None)
    # No architecture twice.
    architectures = list(dict.fromkeys(options.architectures or ARCHITECTURES))
    if not _prepare(architectures):
        return 1
    start = time.monotonic()
    out: Path = options.out / f"vk8s-{VERSION}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with TemporaryDirectory(prefix="charts-", dir=options.out) as packages:
        charts = _build_charts(Path(packages))
        images = _build_images(architectures, options.kubeflow)
        parts = Parts(VERSION, _read_time(), images, charts, _build_command())
        assemble(out, parts, _say)
    for name, size in describe_sizes(out).items():
        _say(f"  {size / 1e6:7.1f} MB  {name}")
    _say(f"Done in {time.monotonic() - start:.0f} s.")
    print(out)
    return 0


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="where the directory of the release is created")
    parser.add_argument(
        "--kubeflow", nargs=2, action="append", default=[], metavar=("CHECKOUT", "VERSION"),
        help="repeatable: add the installer of this Kubeflow, from a checkout of kubeflow/community-distribution",
    )  # fmt: skip
    parser.add_argument(
        "--architecture", dest="architectures", action="append", choices=ARCHITECTURES,
        help="repeatable: for which the images are; default: for both",
    )  # fmt: skip
    return parser.parse_args(arguments)


def _prepare(architectures: Sequence[str]) -> bool:
    """Makes this machine ready to build for all of them, before anything takes its time; says what is missing."""
    command = ["bash", str(ROOT / "images" / BUILD_FOR)]
    possible = [each for each in architectures if subprocess.run([*command, each], check=False).returncode == 0]
    others = " and ".join(each for each in architectures if each not in possible)
    if others and possible:
        options = " ".join(f"--architecture {each}" for each in possible)
        _say(f'To leave out {others}, type: make release ARGS="{options}"')
    return not others


def _build_images(architectures: Sequence[str], kubeflows: list[list[str]]) -> list[list[DockerArchive]]:
    """For each image an archive for each architecture."""
    commands = [[f"{image}/build.sh"] for image in IMAGES]
    commands += [[f"{INSTALLER}/build.sh", checkout, version] for checkout, version in kubeflows]
    return [[_build_image(architecture, command) for architecture in architectures] for command in commands]


def _build_image(architecture: str, command: Sequence[str]) -> DockerArchive:
    return read_docker_archive(builds.run_build(BUILD_FOR, arguments=[architecture, *command]))


def _build_charts(directory: Path) -> list[Path]:
    helm = builds.run_build("helm/build.sh") / "helm4"
    charts = [str(ROOT / "charts" / chart) for chart in CHARTS]
    subprocess.run([str(helm), "package", *charts, "--destination", str(directory)], stdout=sys.stderr, check=True)
    return [directory / f"{chart}-{VERSION}.tgz" for chart in CHARTS]


def _build_command() -> Path:
    """With the Python of this program, which has pip."""
    return builds.run_build("cli/build.sh", {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})


def _read_time() -> datetime:
    """When this version was made: of the last commit, if nobody says otherwise."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    given = os.environ.get("SOURCE_DATE_EPOCH")
    seconds = given or subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return datetime.fromtimestamp(int(seconds), UTC)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
