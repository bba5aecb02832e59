"""Chaos in simulation, as `make chaos-sim` runs it: progress, a summary, and the story of the first violation."""

import argparse
import sys

from tests.chaos.campaign import Tally, run

PROGRESS = 500


def main() -> int:
    """Plays the histories; 1 where an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000, help="how many histories")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first; the others follow")
    arguments = parser.parse_args()
    tally = Tally()
    for tally in run(range(arguments.seed, arguments.seed + arguments.histories)):
        if tally.histories % PROGRESS == 0:
            print(tally, flush=True)
    print(f"In all: {tally}")
    if tally.story:
        print(f"\n{tally.story}\n\nPlay it again: make chaos-sim SEED={_read_seed(tally.story)} HISTORIES=1")
    return int(tally.violations > 0)


def _read_seed(story: str) -> str:
    return story.split()[1].rstrip(",")


if __name__ == "__main__":
    sys.exit(main())
