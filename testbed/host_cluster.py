"""A host cluster: starting it, using it, and removing it without a trace."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed import cgroups, control_plane, kernel, mounts, network, node
from testbed.kubectl import Kubectl
from testbed.layout import Testbed


@dataclass(frozen=True)
class HostCluster:
    """A host cluster in a testbed. `binaries`: where the programs are that `images/binaries` builds."""

    testbed: Testbed
    binaries: Path

    @property
    def kubectl(self) -> Kubectl:
        """`kubectl` for the host cluster, as this machine's administrator."""
        path = self.testbed.kubeconfig
        return Kubectl([f"{self.binaries}/kubectl", f"--kubeconfig={path}"], path)

    @property
    def ctr(self) -> list[str]:
        """`ctr` for what the node's kubelet runs."""
        return build_ctr(self._socket)

    @property
    def _socket(self) -> Path:
        return self.testbed.run / "containerd.sock"

    def start_control_plane(self) -> None:
        """An API server with controllers and no node: objects live, pods don't. Returns when it can be used."""
        mounts.create(self.testbed)
        network.create(self.testbed)
        control_plane.start(self.testbed, self.binaries, self.kubectl)

    def start_node(self) -> None:
        """The node that runs pods. Returns when it is Ready."""
        kernel.prepare(self.testbed)
        node.start(self.testbed, self.binaries, self.kubectl)

    def import_image(self, archive: Path) -> None:
        """Makes the images of a docker archive known to the node; nothing if it has been imported before."""
        mark = self.testbed.state / "imported" / archive.name
        if mark.exists():
            return
        import_archive(self._socket, archive)
        mark.parent.mkdir(exist_ok=True)
        mark.touch()

    def in_network(self, command: Sequence[str]) -> list[str]:
        """The command, as it has to be run to be in the host cluster's network, with its DNS."""
        return ["ip", "netns", "exec", self.testbed.network, *command]


def import_archive(socket: Path, archive: Path, platform: str = "") -> None:
    """Imports the images of a docker archive into a containerd, for its kubelet to use; those of another platform."""
    choice = [f"--platform={platform}"] if platform else []
    subprocess.run([*build_ctr(socket), "image", "import", *choice, str(archive)], check=True, capture_output=True)


def build_ctr(socket: Path) -> list[str]:
    """`ctr` for images and containers of a containerd that a kubelet uses."""
    return ["ctr", f"--address={socket}", "--namespace=k8s.io"]


def remove(testbed: Testbed) -> None:
    """Ends every process of a testbed and removes whatever it left, also where it was never up, or half of it."""
    cgroups.kill(testbed.network)
    cgroups.remove(testbed.network)
    mounts.remove(testbed)
    network.remove(testbed)
    shutil.rmtree(testbed.state, ignore_errors=True)
    kernel.restore(testbed)
    if testbed.state.parent.is_dir() and not any(testbed.state.parent.iterdir()):
        testbed.state.parent.rmdir()
