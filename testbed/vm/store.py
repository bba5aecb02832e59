"""The image store of the guest's containerd, filled on this machine: the guest would take minutes to import."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed import host_cluster
from testbed.waiting import wait_for

_SECONDS = 30
# Layers that are unpacked are not read again; manifests and configurations are, and those are small.
_LARGEST_BLOB = 64 * 1024
_CONFIGURATION = """version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{socket}"
"""


def fill(root: Path, archives: Sequence[Path], work: Path, platform: str = "") -> None:
    """Makes `root` what it would be for a containerd that has imported these docker archives; `work` is for scratch.

    `platform`: that of the archives, such as linux/arm64; by default, that of this machine.
    """
    with _run_containerd(root, work) as socket:
        for archive in archives:
            host_cluster.import_archive(socket, archive, platform)
    for blob in (root / "io.containerd.content.v1.content" / "blobs").rglob("*"):
        if blob.is_file() and blob.stat().st_size > _LARGEST_BLOB:
            blob.unlink()


@contextmanager
def _run_containerd(root: Path, work: Path) -> Iterator[Path]:
    """The socket of a containerd that mounts nothing which this machine would see."""
    socket, configuration = work / "containerd.sock", work / "containerd.toml"
    configuration.write_text(_CONFIGURATION.format(root=root, state=work / "containerd", socket=socket))
    log = work / "containerd.log"
    # unshare becomes containerd: the process is one and the same.
    command = ["unshare", "--mount", "--propagation", "private", "containerd", "--config", str(configuration)]
    with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_for("a containerd for the guest's images", socket.is_socket, _SECONDS, log.read_text)
            yield socket
        finally:
            process.terminate()
