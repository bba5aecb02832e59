#!/usr/bin/env -S python3 -I
"""runc for a root without CAP_SYS_RESOURCE, by which Docker starts the nodes of a kind cluster.

What such a root may not give is removed from what runc is asked for: that capability, limits, and scores that protect
from the OOM killer.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_CAPABILITY = "CAP_SYS_RESOURCE"
_RUNC = "runc"


def ask_for_less(process: dict[str, Any]) -> dict[str, Any]:
    """The `process` object of the OCI runtime specification without what this root may not give."""
    less = {name: value for name, value in process.items() if name != "rlimits"}
    if "capabilities" in process:
        sets = process["capabilities"] or {}
        less["capabilities"] = {name: [each for each in held if each != _CAPABILITY] for name, held in sets.items()}
    if (process.get("oomScoreAdj") or 0) < 0:
        less["oomScoreAdj"] = 0
    return less


def get_bundle(arguments: Sequence[str]) -> Path | None:
    """The config.json of a container that is about to be made; None for other commands."""
    if not {"create", "run"} & set(arguments):
        return None
    return Path(_read_option(arguments, ("--bundle", "-b")) or ".") / "config.json"


def get_process(arguments: Sequence[str]) -> Path | None:
    """The file with the `process` object of an exec; None for other commands."""
    option = _read_option(arguments, ("--process", "-p")) if "exec" in arguments else None
    return Path(option) if option else None


def rewrite(arguments: Sequence[str]) -> None:
    """Changes the files that the command names before runc reads them."""
    bundle, process = get_bundle(arguments), get_process(arguments)
    if bundle:
        config = json.loads(bundle.read_text())
        bundle.write_text(json.dumps({**config, "process": ask_for_less(config.get("process", {}))}))
    if process:
        process.write_text(json.dumps(ask_for_less(json.loads(process.read_text()))))


def _read_option(arguments: Sequence[str], names: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in names:
            return value if equals else next(iter(arguments[position + 1 :]), None)
    return None


if __name__ == "__main__":
    rewrite(sys.argv[1:])
    os.execvp(_RUNC, [_RUNC, *sys.argv[1:]])  # noqa: S606 - it becomes runc, with its arguments as they are
