"""`make conformance`: Kubernetes' own conformance tests, in a virtual cluster with two workers.

A run is recorded in tests/conformance/results.json, from which docs/conformance.md is written; with --focus or --skip,
nothing is written but the files in build/conformance. The exit code is 1 if a spec has failed.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from testbed import builds
from testbed.layout import ROOT
from tests import figures
from tests.conformance import page, results, site
from tests.conformance.results import Circumstances, Run, summarise
from tests.conformance.run import SuiteError, run_part
from tests.conformance.site import Configuration, Site
from tests.conformance.specs import ALL, POLICIES, PROCESSES, STORAGE, Choice, Part, plan_again, plan_parts
from tests.nested.obstacles import ObstacleError

BUILD: Final = ROOT / "build" / "conformance"
INTERRUPTED: Final = 130
PARTS: Final = ("parallel", "serial")
# What a virtual cluster is made of.
PRODUCT: Final = ("hooks", "images/binaries", "images/kink")
# How the figures of a choice begin.
FIGURES: Final = {ALL.name: "conformance", POLICIES.name: "netpol", STORAGE.name: "storage"}
KUBERNETES: Final = {"same": builds.OURS, "next": builds.NEXT}


def main(arguments: Sequence[str]) -> int:
    """Runs the command line; the exit code."""
    options = parse_arguments(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    obstacles = site.list_obstacles()
    if obstacles:
        _say("This machine can't have what it needs:", *obstacles)
        return 1
    try:
        return _run(options)
    except (TimeoutError, ObstacleError, SuiteError, subprocess.CalledProcessError) as error:
        _say("It does not come to an end:", str(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    finally:
        if options.keep:
            _say(f"It is left as it is. In the end, remove it: {site.REMOVAL}")
        else:
            site.remove()


def _run(options: argparse.Namespace) -> int:
    commit = read_product_commit()
    configuration = Configuration(KUBERNETES[options.kubernetes], options.control_plane_nodes)
    choice = choose(options)
    _say("Building what is missing, and bringing up a testbed with a virtual cluster.")
    up = site.bring_up_site(configuration)
    parts = plan_parts(choice, options.processes, options.parts or PARTS)
    run = _run_parts(up, choice, parts, commit, BUILD / f"{options.kubernetes}-{options.control_plane_nodes}")
    _say("", page.describe(run))
    if choice.name:
        _record(run, configuration)
    return 1 if run.failures else 0


def _run_parts(up: Site, choice: Choice, parts: Sequence[Part], commit: str, directory: Path) -> Run:
    """Runs the parts, and what failed in them once more, each spec alone."""
    nodes = [node for node in up.virtual.manifest["spec"]["nodes"] if node["role"] == "master"]
    outcomes = {}
    for part in parts:
        _say(f"{part.name}: {part.processes} at a time; what is said meanwhile: {directory / part.name / 'output.log'}")
        outcomes[part.name] = run_part(up, part, directory)
    failed = [spec.name for each in outcomes.values() for spec in each.specs if spec.has_failed]
    again = run_part(up, plan_again(failed, choice), directory) if failed else None
    processes = {part.name: part.processes for part in parts}
    return summarise(Circumstances(commit, len(nodes), up.describe(), processes, choice.name), outcomes, again)


def _record(run: Run, configuration: Configuration) -> None:
    """Writes the results and the page; figures are those of the configuration that everybody has."""
    results.record(run)
    page.write(results.read())
    if configuration == Configuration():
        figures.record(f"{FIGURES[run.choice]}_specs", run.specs)
        figures.record(f"{FIGURES[run.choice]}_passed", run.passed)
        figures.record(f"{FIGURES[run.choice]}_failed", run.failed)


def read_product_commit() -> str:
    """The last commit that changed what virtual clusters are made of, which is what is tested."""
    commit = _git("log", "--max-count=1", "--format=%h", "--", *PRODUCT)
    return f"{commit}-dirty" if _git("status", "--porcelain", "--", *PRODUCT) else commit


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def choose(options: argparse.Namespace) -> Choice:
    """Which specs the options ask for; expressions make it another choice, which has no name."""
    chosen: Choice = options.choice
    if not options.focus and not options.skip:
        return chosen
    return replace(chosen, focus=tuple(options.focus) or chosen.focus, skip=(*chosen.skip, *options.skip), name="")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    expression = {"metavar": "REGEX", "action": "append", "default": []}
    parser.add_argument("--focus", **expression, help="instead of all of Conformance: specs whose names match")  # type: ignore[arg-type]
    parser.add_argument("--skip", **expression, help="not those whose names match")  # type: ignore[arg-type]
    choices = parser.add_mutually_exclusive_group()
    choice = {"action": "store_const", "dest": "choice", "default": ALL}
    choices.add_argument("--policies", **choice, const=POLICIES, help="instead: those that ask for NetworkPolicies")  # type: ignore[arg-type]
    choices.add_argument("--storage", **choice, const=STORAGE, help="instead: those of the default StorageClass")  # type: ignore[arg-type]
    parser.add_argument("--part", dest="parts", choices=PARTS, action="append", help="only this one (default: both)")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="side by side (default: %(default)s)")
    parser.add_argument("--control-plane-nodes", type=int, choices=(1, 3, 5), default=1, help="default: %(default)s")
    parser.add_argument("--kubernetes", choices=KUBERNETES, default="same", help="next: the next minor version")
    parser.add_argument("--keep", action="store_true", help="leave everything in the end, to look at it")
    return parser.parse_args(arguments)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
