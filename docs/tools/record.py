"""The documentation's pictures of a terminal, from a run on this machine: `make pictures`, which ends a testbed.

The timeline of a boot is drawn by `make bench`.
"""

import subprocess
import sys
from pathlib import Path
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
    """Writes all pictures; the exit code."""
    PICTURES.mkdir(exist_ok=True)
    make("down")
    try:
        write("make-up", draw_terminal("make up", [("make up", make("up"))]))
        kubectl = HostCluster(UP, builds.build_binaries()).kubectl
        kubectl.run("delete", "vk8s", NAME, f"--timeout={SECONDS}s")
        kubectl.run("apply", f"--filename={ROOT / EXAMPLE}")
        shown = watch(kubectl)
        commands = [
            (f"kubectl apply -f {EXAMPLE}", f"vk8s.vk8s.sktelecom.com/{NAME} created"),
            ("kubectl get vk8s -w", shown),
        ]
        write("get-watch", draw_terminal("kubectl get vk8s -w", commands))
        write(
            "describe",
            draw_terminal(
                "kubectl describe vk8s", [(f"kubectl describe vk8s {NAME}", kubectl.run("describe", "vk8s", NAME))]
            ),
        )
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


def make(target: str) -> str:
    """What `make` prints, with `~` for the home directory."""
    result = subprocess.run(["make", "--silent", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return result.stdout.replace(str(Path.home()), "~")


def write(name: str, svg: str) -> None:
    """Writes a picture under its name."""
    (PICTURES / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    sys.exit(main())
