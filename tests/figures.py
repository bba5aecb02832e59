"""Times and counts that tests measure: recorded in build/figures.json (flat, name to number), printed by `make test`.

Run as a program, with files of figures that were measured elsewhere, it takes those over first.
"""

import json
import sys
from pathlib import Path

FILE = Path(__file__).parent.parent / "build" / "figures.json"


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


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        take_over(Path(argument))
    lines = [f"{name:24} {value:g}" for name, value in read().items()]
    sys.stdout.write("\n".join(["Measured on this machine:", *lines]) + "\n")
