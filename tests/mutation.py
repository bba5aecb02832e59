"""Mutants of the hooks, as `make mutants` tries them by mutmut: all, a random sample of them, or those that are named.

Whatever has been tried stays in `mutants`, for `mutmut results`, `mutmut show NAME`, and the score that is printed.
"""

import argparse
import json
import random
import subprocess
from collections import Counter
from pathlib import Path

DIRECTORY = Path(__file__).parent.parent / "mutants"
# What mutmut notes of a mutant: the exit code of pytest, or a number of its own.
OUTCOMES = {0: "survived", 1: "killed", 3: "killed", 33: "no test", 37: "refused by mypy", None: "not tried"}
# mutmut writes all mutants down before it tries one: these few are tried for the sake of that.
FEW = "hooks.kubernetes.quantity.*"


def main() -> None:
    """Tries them, and prints the score of all that have been tried."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", help="which mutants; `hooks.vk8s.plan.assemble.*` are all of a file")
    parser.add_argument("--sample", type=int, help="how many, by chance")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    arguments = parser.parse_args()
    names = arguments.names
    if arguments.sample:
        try_out([FEW])
        names = draw(arguments.sample, arguments.seed)
    try_out(names)
    print(describe(Counter(read_outcomes().values())))


def try_out(names: list[str]) -> None:
    """One at a time, so that nothing else on the machine has to wait, and none ends by a timeout."""
    subprocess.run(["mutmut", "run", "--max-children", "1", *names], cwd=DIRECTORY.parent, check=True)


def draw(count: int, seed: int) -> list[str]:
    """Names of some of all mutants: the same for the same hooks, and more of them begin with those of fewer."""
    names = sorted(read_outcomes())
    random.Random(seed).shuffle(names)  # noqa: S311 no secret
    return names[:count]


def read_outcomes() -> dict[str, str]:
    """What became of each mutant, by its name."""
    files = [json.loads(path.read_text()) for path in DIRECTORY.glob("hooks/**/*.meta")]
    codes = {name: code for file in files for name, code in file["exit_code_by_key"].items()}
    return {name: OUTCOMES.get(code, "timed out") for name, code in codes.items()}


def describe(outcomes: Counter[str]) -> str:
    """How many there are of each kind, and which part is found: by mypy and the tests, and by the tests alone."""
    tested = sum(outcomes[outcome] for outcome in ("killed", "timed out", "survived", "no test"))
    killed = outcomes["killed"] + outcomes["timed out"]
    refused = outcomes["refused by mypy"]
    parts = [f"{count} {outcome}" for outcome, count in sorted(outcomes.items())]
    shares = f"{_share(killed + refused, tested + refused)} found, by the tests alone {_share(killed, tested)}"
    return f"{', '.join(parts)}: {shares}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


if __name__ == "__main__":
    main()
