"""Times and counts that tests measure: recorded in build/figures.json (flat, name to number), printed by `make test`.

Run as a program, it prints them; files of figures that were measured elsewhere are taken over first. `--since FILE`
records how long ago FILE was touched as `test_seconds`, and the size of the tests as `tests_lines`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = ROOT / "build" / "figures.json"


def record(name: str, value: float) -> None:
    """Stores one figure, of a time in seconds or milliseconds as its name ends; a later one of its name replaces it."""
    FILE.parent.mkdir(exist_ok=True)
    figures = {**read(), name: round(value, 3)}
    FILE.write_text(json.dumps(dict(sorted(figures.items())), indent=2) + "\n")


def read() -> dict[str, float]:
    """What has been measured so far."""
    figures: dict[str, float] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return figures


def take_over(file: Path) -> None:
    """Stores the figures of another such file, which were measured elsewhere."""
    for name, value in json.loads(file.read_text()).items():
        record(name, value)


def count_lines(folder: str) -> int:
    """Lines of all files of the project in a folder of it."""
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return sum((ROOT / name).read_bytes().count(b"\n") for name in listed.stdout.split("\0") if (ROOT / name).is_file())


def main(arguments: Sequence[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path)
    parser.add_argument("--since", metavar="FILE", type=Path)
    options = parser.parse_args(arguments)
    for file in options.files:
        take_over(file)
    if options.since:
        record("test_seconds", time.time() - options.since.stat().st_mtime)
        record("tests_lines", count_lines("tests"))
    lines = [f"{name:24} {value:g}" for name, value in read().items()]
    sys.stdout.write("\n".join(["Measured on this machine:", *lines]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
