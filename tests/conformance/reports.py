"""Reports such as ginkgo writes, of a few specs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NANOSECONDS = 1_000_000_000


def build_spec(text: str, state: str = "passed", message: str = "", labels: Sequence[str] = ("Conformance",)) -> Any:
    """A spec of [sig-node] Pods that took two seconds; `message` is what it said when it failed or skipped itself."""
    return {
        "ContainerHierarchyTexts": ["[sig-node] Pods"],
        "ContainerHierarchyLabels": [["sig-node"]],
        "LeafNodeType": "It",
        "LeafNodeText": text,
        "LeafNodeLabels": list(labels),
        "State": state,
        "RunTime": 2 * NANOSECONDS,
        **({"Failure": {"Message": message}} if message else {}),
    }


def build_setup(state: str, message: str = "") -> Any:
    """What e2e.test does before the first spec."""
    return {
        "ContainerHierarchyTexts": None,
        "ContainerHierarchyLabels": None,
        "LeafNodeType": "SynchronizedBeforeSuite",
        "LeafNodeText": "",
        "LeafNodeLabels": None,
        "State": state,
        "RunTime": 0,
        "Failure": {"Message": message},
    }


def write_report(path: Path, *entries: Any, succeeded: bool = True, more: Mapping[str, Any] | None = None) -> Path:
    """A report of one suite that took 90 seconds."""
    suite = {
        "SuiteSucceeded": succeeded,
        "StartTime": "2026-11-30T05:30:00.5Z",
        "RunTime": 90 * NANOSECONDS,
        "SpecReports": list(entries),
        **(more or {}),
    }
    path.write_text(json.dumps([suite]))
    return path
