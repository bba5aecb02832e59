"""What has to be built before a testbed can start. Everything is cached, and shared by all testbeds of the machine."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from testbed.layout import ROOT

# Our Kubernetes, and for tests the patch before it and the next minor version: a file of modules each.
OURS, PREVIOUS, NEXT = "go.mod", "previous.mod", "next.mod"
# By which the build scripts know which is meant.
MODULES = "VK8S_GO_MOD"


def build_binaries(modules: str = OURS) -> Path:
    """The directory with Kubernetes, etcd, CoreDNS and our own programs; ten minutes the first time."""
    return run_build("binaries/build.sh", {MODULES: modules})


def build_node_image(modules: str = OURS) -> Path:
    """The node image with the Kubernetes of `modules`, as a docker archive; minutes the first time."""
    return run_build("kink/build.sh", {MODULES: modules})


def build_gpu_node_image() -> Path:
    """The node image for GPUs as a docker archive; two minutes the first time."""
    return run_build("gpu/build.sh")


def build_access_image() -> Path:
    """The image of access pods as a docker archive; a minute the first time."""
    return run_build("access/build.sh")


def build_controller_image() -> Path:
    """The image of the hooks as a docker archive; minutes the first time, then half a minute after a change of them."""
    return run_build("controller/build.sh")


def build_metacontroller_image() -> Path:
    """An image with Metacontroller, real or fake, for a pod of a host cluster; the same way."""
    return run_build("../testbed/image/build.sh")


def build_pause_image() -> Path:
    """The pause image as a docker archive."""
    return run_build("pause/build.sh")


def build_kubeflow_installer(checkout: Path, version: str) -> Path:
    """The image that installs the Kubeflow of a checkout of its manifests, as a docker archive."""
    return run_build("kubeflow-installer/build.sh", arguments=[str(checkout), version])


def build_backup_image() -> Path:
    """The image that takes backups as a docker archive; minutes the first time."""
    return run_build("backup/build.sh")


def build_backup_programs() -> Path:
    """The directory with restic and vk8s-backup."""
    return run_build("backup/programs.sh")


def build_s3_server() -> Path:
    """The directory with an S3 server for tests; minutes the first time."""
    return run_build("s3/build.sh")


def build_metrics_server() -> Path:
    """The directory with `image.tar`, a docker archive of metrics-server, and `manifests`; minutes the first time."""
    return run_build("metrics-server/build.sh")


def build_conformance_programs(modules: str = OURS) -> Path:
    """The directory with the own tests of that Kubernetes, and ginkgo, which runs them; ten minutes the first time."""
    return run_build("conformance/programs.sh", {MODULES: modules})


def build_conformance_images(modules: str = OURS) -> Path:
    """What stands in for the images that these tests use, as one docker archive; a minute more."""
    return run_build("conformance/build.sh", {MODULES: modules})


def build_debian_layer(directory: str) -> Path:
    """A Debian as a tar file: minbase, and what the files in `directory`, as seen from images/, say."""
    return run_build("rootfs.sh", arguments=[directory])


def run_build(script: str, environment: Mapping[str, str] | None = None, arguments: Sequence[str] = ()) -> Path:
    """Runs a build script, seen from images/, which prints the path of what it made; its progress goes to stderr."""
    result = subprocess.run(
        ["bash", ROOT / "images" / script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return Path(result.stdout.strip())
