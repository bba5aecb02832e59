"""The documentation's pictures, from a run on this machine: `make pictures`. A testbed that is up is ended."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from docs.tools.terminal import draw_terminal
from docs.tools.timeline import draw_timeline, read_steps
from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import ROOT, UP

PICTURES: Final = ROOT / "docs" / "pictures"
EXAMPLE: Final = "examples/local.yaml"
NAME: Final = "local"
NODES: Final = ("local-master", "local-worker")
SECONDS: Final = 300


def main() -> int:
    """Writes all pictures; the exit code."""
    PICTURES.mkdir(exist_ok=True)
    make("down")
    try:
        write("make-up", draw_terminal("make up", [("make up", make("up"))]))
        kubectl = HostCluster(UP, builds.build_binaries()).kubectl
        kubectl.run("delete", "vk8s", NAME, f"--timeout={SECONDS}s")
        applied = time.time()
        kubectl.run("apply", f"--filename={ROOT / EXAMPLE}")
        shown, running = watch(kubectl)
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
        logs = {node: kubectl.run("logs", "--timestamps", node) for node in NODES}
        steps = [step for node, log in logs.items() for step in read_steps(node, log, applied)]
        write(
            "boot",
            draw_timeline("From kubectl apply to Running: one master, one worker, 2 cores", steps, running - applied),
        )
    finally:
        make("down")
    return 0


def watch(kubectl: Kubectl) -> tuple[str, float]:
    """What `kubectl get vk8s -w` prints until the Vk8s is Running, and when that was, by the host's clock."""
    lines = []
    for line in kubectl.watch("vk8s", seconds=SECONDS):
        lines.append(line)
        if " Running " in line:
            return "\n".join(lines), time.time()
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
