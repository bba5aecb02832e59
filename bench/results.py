"""The file with all that was measured: figures by name, and when, where and by which command they were taken."""

import json
import os
import platform
import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from bench.processes import MB_PER_GIB, read_machine_memory
from hooks import VERSION
from testbed.layout import ROOT

FILE: Final = ROOT / "bench" / "results" / "latest.json"
_PACKAGES: Final = ("fastapi", "uvicorn", "pydantic", "cryptography", "lightkube", "kopf")
_DIGITS: Final = 3

Results = dict[str, Any]


def read(file: Path = FILE) -> Results:
    """What has been measured so far."""
    results: Results = json.loads(file.read_text()) if file.exists() else {"runs": {}, "figures": {}}
    return results


def record(run: str, command: str, measure: Callable[[], dict[str, float]], file: Path = FILE) -> None:
    """Measures, and stores the figures; those of the same names, and the description of the same run, are replaced."""
    began, before = datetime.now(UTC), os.getloadavg()[0]
    figures = {name: round(value, _DIGITS) for name, value in measure().items()}
    told = {
        "command": command,
        "began": f"{began:%Y-%m-%d %H:%M}",
        # Processes that ran or wanted to, over a minute.
        "load_before": round(before, 1),
        "load_after": round(os.getloadavg()[0], 1),
    }
    results = read(file)
    written = {
        "machine": describe_machine(),
        "versions": describe_versions(),
        "runs": {**results["runs"], run: told},
        "figures": {**results["figures"], **figures},
    }
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(written, indent=2) + "\n")


def describe_machine() -> dict[str, Any]:
    """What it has; not whose it is."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "cores": os.cpu_count(),
        "processor": model[1] if model else platform.machine(),
        "memory_gib": round(read_machine_memory("MemTotal") / MB_PER_GIB),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def describe_versions() -> dict[str, str]:
    """Of everything that is measured, by name."""
    modules = (ROOT / "images" / "binaries" / "go.mod").read_text()
    kubernetes = re.search(r"^\s*k8s\.io/kubernetes v(\S+)", modules, re.MULTILINE)
    return {
        "vk8s-metacontroller": VERSION,
        "kubernetes": kubernetes[1] if kubernetes else "unknown",
        **{name: metadata.version(name) for name in _PACKAGES},
    }
