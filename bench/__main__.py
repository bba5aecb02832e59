"""`python -m bench`: measures, then writes bench/results/latest.json, docs/performance.md and its charts."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from bench import boot, charts, density, load, operators, page, peers, results
from testbed import preflight
from testbed.controller import BINARY_VARIABLE, CRDS_VARIABLE

LOAD_COUNTS, OPERATOR_COUNTS = (100, 300, 1000), (50, 200)
ROUNDS, MOST = 5, 25
# The memory of the hooks is reported for the largest crowd.
_ALIASES: Final = {"hook_rss_start_mb": "rss_start_mb", "hook_rss_end_mb": "resync_rss_mb"}


def run_peers(_options: argparse.Namespace) -> dict[str, float]:
    """One sync, by the hooks, by a plain hook, by a server that decides nothing."""
    return peers.measure()


def run_load(options: argparse.Namespace) -> dict[str, float]:
    """Many Vk8s at once, on a real API server, and the steady state."""
    figures: dict[str, float] = {}
    for count in options.counts:
        measured = load.measure(count)
        figures |= {f"{PREFIX}load_{count}_{name}": value for name, value in measured.items()}
        figures |= {f"{PREFIX}{alias}": measured[name] for alias, name in _ALIASES.items()}
        _say(f"{count}: {measured}")
    return figures


def run_operators(options: argparse.Namespace) -> dict[str, float]:
    """The same children by an operator in Kopf."""
    figures: dict[str, float] = {}
    for count in options.operator_counts:
        measured = {**operators.measure_ours(count), **({} if PREFIX else operators.measure_kopf(count))}
        figures |= {f"{PREFIX}{name}": value for name, value in measured.items()}
        _say(f"{count}: {measured}")
    return figures


def run_boot(options: argparse.Namespace) -> dict[str, float]:
    """From kubectl apply to Running, and a lost node back, in a host cluster with a node."""
    return boot.measure(options.rounds)


def run_density(options: argparse.Namespace) -> dict[str, float]:
    """Ten virtual clusters at once, and how many fit."""
    return density.measure(options.most, _say)


# Figures with the original Metacontroller are stored in addition to those with the fake one.
PREFIX: Final = "original_" if os.environ.get(BINARY_VARIABLE) else ""
RUNS: Final[dict[str, Callable[[argparse.Namespace], dict[str, float]]]] = {
    "peers": run_peers,
    "load": run_load,
    "operators": run_operators,
    "boot": run_boot,
    "density": run_density,
}
# What does not need Metacontroller, or says nothing about it.
_WITHOUT_ORIGINAL: Final = ("peers", "boot", "density")


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = parse_arguments(arguments)
    problems = [] if options.run in ("peers", "page") else preflight.list_problems()
    if problems:
        _say("\n".join(["A testbed needs what is missing on this machine:", *problems]))
        return 1
    for name, run in RUNS.items():
        if options.run in (name, "all") and (not PREFIX or name not in _WITHOUT_ORIGINAL):
            _say(f"{name}: the load of the machine is {os.getloadavg()[0]:.1f}. {run.__doc__}")
            results.record(f"{PREFIX}{name}", build_command(name, options), partial(run, options))
    # The page shows all of them.
    if RUNS.keys() <= results.read()["runs"].keys():
        charts.write(results.read())
        page.write(results.read())
    return 0


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("run", nargs="?", choices=[*RUNS, "page", "all"], default="all", help="default: %(default)s")
    parser.add_argument("--counts", type=int, nargs="+", default=LOAD_COUNTS, help="Vk8s, for load")
    parser.add_argument("--operator-counts", type=int, nargs="+", default=OPERATOR_COUNTS, help="Vk8s, for operators")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="boots, for boot (default: %(default)s)")
    parser.add_argument("--most", type=int, default=MOST, help="virtual clusters, for density (default: %(default)s)")
    return parser.parse_args(arguments)


def build_command(run: str, options: argparse.Namespace) -> str:
    """What measures the same again: that run alone."""
    counts = {
        "load": ("--counts", options.counts),
        "operators": ("--operator-counts", options.operator_counts),
        "boot": ("--rounds", [options.rounds]),
        "density": ("--most", [options.most]),
    }
    option, values = counts.get(run, ("", ()))
    # Where the original is, is nobody else's business.
    variables = [f"{BINARY_VARIABLE}=… {CRDS_VARIABLE}=…"] if PREFIX else []
    return " ".join(filter(None, [*variables, "python -m bench", run, option, *map(str, values)]))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
