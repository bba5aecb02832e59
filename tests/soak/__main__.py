"""`make chaos`: random failures of a real virtual cluster, and no acknowledged write of its workload may be lost."""

import argparse
import json
import secrets
import shutil
import signal
import sys
from collections.abc import Sequence

from testbed import cgroups, host_cluster, preflight
from testbed.kubectl import KubectlError
from testbed.layout import CHAOS, ROOT
from tests.soak.report import Report, Written
from tests.soak.soak import BrokenError, SoakTest
from tests.soak.world import start_workload, start_world
from tests.soak.writers import Writer

RESULTS = ROOT / "build" / "chaos.json"
LOGS = ROOT / "build" / "chaos-logs"
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parse_arguments(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    obstacles = _explain_obstacles()
    if obstacles:
        _say("This machine can't have a testbed:", *obstacles)
        return 1
    try:
        return _run(options)
    except TimeoutError as error:
        _say("It does not come up:", str(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    finally:
        if options.keep:
            _say(f"The testbed is left as it is: {_name_command('status')}, and in the end {_name_command('down')}")
        else:
            host_cluster.remove(CHAOS)


def _run(options: argparse.Namespace) -> int:
    _say(f"Seed {options.seed}: the same faults again with make chaos SEED={options.seed}")
    _say("Bringing up a testbed with a virtual cluster of a control-plane node and two workers.")
    world = start_world()
    writers = start_workload(world)
    soak = SoakTest(world, writers, _say)
    _say(f"{options.minutes:g} minutes of faults begin.")
    try:
        soak.run(options.seed, options.minutes * 60)
        failure = ""
    except (BrokenError, TimeoutError, KubectlError) as error:
        failure = str(error)
    finally:
        for writer in writers:
            writer.stop()
        report = _build_report(options, soak, writers)
        _say("", str(report))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"ok": not failure, **report.to_json()}, indent=2) + "\n")
    if not failure:
        return 0
    _keep_logs()
    _say("", f"Broken, with seed {options.seed}:", failure, "", "What happened:", *soak.story, "", f"Logs: {LOGS}")
    return 1


def _build_report(options: argparse.Namespace, soak: SoakTest, writers: Sequence[Writer]) -> Report:
    workloads = {}
    for writer in writers:
        ledger, verdict = writer.ledger, soak.verdicts.get(writer.ledger.name)
        count = len(ledger.acknowledged)
        lost = len(verdict.lost) if verdict else 0
        workloads[ledger.name] = Written(count, ledger.begun - count, lost, ledger.compute_longest_gap())
    recoveries = soak.recoveries
    return Report(
        options.seed, options.minutes, recoveries.count(), recoveries.summarise(), workloads, soak.recovery_times
    )


def _explain_obstacles() -> list[str]:
    if cgroups.list_processes(CHAOS.network):
        return [f"its place: a soak test runs, or its testbed is left over, which this ends: {_name_command('down')}"]
    return preflight.list_problems()


def _keep_logs() -> None:
    """Those of the testbed's programs and of its pods, which go away with it."""
    shutil.rmtree(LOGS, ignore_errors=True)
    for directory in (CHAOS.logs, CHAOS.state / "pod-logs"):
        shutil.copytree(directory, LOGS / directory.name, symlinks=True)


def _name_command(command: str) -> str:
    return f"{sys.executable} -m testbed --testbed {CHAOS.name} {command}"


def _say(*lines: str) -> None:
    print("\n".join(lines), flush=True)


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: %(default)g)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the faults (default: any)")
    parser.add_argument("--keep", action="store_true", help="leave the testbed in the end, to look at it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
