"""The documentation's picture of a terminal, from a run on this machine: `make pictures`, which ends a testbed.

The timeline of a boot and the charts are drawn by `make bench`. What readers copy is text on the pages.
"""

import subprocess
import sys
from typing import Final

from docs.tools.terminal import draw_terminal
from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import ROOT, UP

PICTURES: Final = ROOT / "docs" / "pictures"
EXAMPLE: Final = "examples/local.yaml"
NAME: Final = "local"
SECONDS: Final = 300


def main() -> int:
    """Writes the picture; the exit code."""
    PICTURES.mkdir(exist_ok=True)
    make("down")
    try:
        make("up")
        kubectl = HostCluster(UP, builds.build_binaries()).kubectl
        kubectl.run("delete", "vk8s", NAME, f"--timeout={SECONDS}s")
        kubectl.run("apply", f"--filename={ROOT / EXAMPLE}")
        commands = [
            (f"kubectl apply -f {EXAMPLE}", f"vk8s.vk8s.sktelecom.com/{NAME} created"),
            ("kubectl get vk8s -w", watch(kubectl)),
        ]
        (PICTURES / "get-watch.svg").write_text(draw_terminal("kubectl get vk8s -w", commands))
    finally:
        make("down")
    return 0


def watch(kubectl: Kubectl) -> str:
    """What `kubectl get vk8s -w` prints until the Vk8s is Running."""
    lines = []
    for line in kubectl.watch("vk8s", seconds=SECONDS):
        lines.append(line)
        if " Running " in line:
            return "\n".join(lines)
    raise TimeoutError(f"{NAME} is not Running after {SECONDS} s")


def make(target: str) -> None:
    """Runs a target of the Makefile."""
    subprocess.run(["make", "--silent", target], cwd=ROOT, capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
