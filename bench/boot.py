"""How long a virtual cluster takes to boot, and a lost node to come back: examples/local.yaml in a testbed."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

from bench.nodes import build_virtual, start_nodes
from bench.results import FILE as RESULTS
from docs.tools.timeline import Step, draw_timeline, read_steps
from testbed.layout import ROOT
from tests.nested.host import read_example
from tests.nested.rounds import time_bare, time_controller
from tests.nested.virtual import BOOT_SECONDS, VirtualCluster

FILE: Final = RESULTS.with_name("boot.json")
PICTURE: Final = ROOT / "docs" / "pictures" / "boot.svg"
_TITLE: Final = "From kubectl apply to Running: one control-plane node, one worker, 2 cores"


@dataclass(frozen=True)
class Boot:
    """One boot: seconds until the cluster was Running, and what its nodes did meanwhile."""

    seconds: float
    steps: list[Step]


def measure(rounds: int) -> dict[str, float]:
    """Figures of so many rounds, medians of seconds; the steps of the median boot go to a file and a picture."""
    boots, bare = [], []
    recoveries: dict[str, list[float]] = {}
    with start_nodes() as host:
        virtual = build_virtual(host, read_example())
        # The first one also pays for caches that are cold.
        time_controller(virtual)
        virtual.ensure_absent()
        # Alternately, as the speed of a machine varies.
        for _ in range(rounds):
            bare.append(time_bare(virtual))
            virtual.ensure_absent()
            boots.append(_boot(virtual))
            for role, node in zip(("master", "worker"), virtual.nodes, strict=True):
                recoveries.setdefault(role, []).append(virtual.replace_pod(node, BOOT_SECONDS))
            virtual.ensure_absent()
    boots.sort(key=lambda boot: boot.seconds)
    _write(boots[len(boots) // 2])
    taken = {
        "apply_to_running": [boot.seconds for boot in boots],
        "bare_kubeadm": bare,
        **{f"{role}_recovery": seconds for role, seconds in recoveries.items()},
    }
    spread: dict[str, Callable[[list[float]], float]] = {"s": median, "least_s": min, "most_s": max}
    return {f"{name}_{ending}": find(seconds) for name, seconds in taken.items() for ending, find in spread.items()}


def _boot(virtual: VirtualCluster) -> Boot:
    applied = time.time()
    seconds = time_controller(virtual)
    logs = {node: virtual.kubectl.run("logs", "--timestamps", node) for node in virtual.nodes}
    return Boot(seconds, [step for node, log in logs.items() for step in read_steps(node, log, applied)])


def _write(boot: Boot) -> None:
    steps = [{**asdict(step), "start": round(step.start, 3), "end": round(step.end, 3)} for step in boot.steps]
    FILE.write_text(json.dumps({"seconds": round(boot.seconds, 3), "steps": steps}, indent=2) + "\n")
    PICTURE.write_text(draw_timeline(_TITLE, boot.steps, boot.seconds))
