"""`make chaos`: random failures of a real virtual cluster, and no acknowledged write of its workload may be lost."""

import argparse
import json
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from testbed.kind.docker import DockerError
from testbed.kubectl import KubectlError
from testbed.layout import ROOT
from tests.nested.obstacles import ObstacleError
from tests.soak.hosts_site import HostsSite
from tests.soak.place import BrokenError, Site, Workload
from tests.soak.report import Report, Written
from tests.soak.soak import SoakTest
from tests.soak.world import OneHostSite

BUILD = ROOT / "build"
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parse_arguments(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    site: Site = HostsSite() if options.hosts else OneHostSite()
    obstacles = site.list_obstacles()
    if obstacles:
        _say("This machine can't have what it needs:", *obstacles)
        return 1
    try:
        return _run(options, site)
    except (TimeoutError, ObstacleError, subprocess.CalledProcessError) as error:
        _say("It does not come up:", str(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    finally:
        if options.keep:
            _say(f"It is left as it is. In the end, remove it: {site.removal}")
        else:
            site.remove()


def _run(options: argparse.Namespace, site: Site) -> int:
    name = "chaos-hosts" if options.hosts else "chaos"
    _say(f"Seed {options.seed}: the same faults again with make {name} SEED={options.seed}")
    _say(f"Bringing up {site.text}.")
    world, writers = site.start()
    soak = SoakTest(world, writers, _say)
    _say(f"{options.minutes:g} minutes of faults begin.")
    try:
        soak.run(options.seed, options.minutes * 60)
        failure = ""
    except (BrokenError, TimeoutError, KubectlError, DockerError) as error:
        failure = str(error)
    finally:
        for writer in writers:
            writer.stop()
        report = _build_report(options, soak, writers)
        _say("", str(report))
    BUILD.mkdir(exist_ok=True)
    (BUILD / f"{name}.json").write_text(json.dumps({"ok": not failure, **report.to_json()}, indent=2) + "\n")
    if not failure:
        return 0
    logs = BUILD / f"{name}-logs"
    shutil.rmtree(logs, ignore_errors=True)
    site.keep_logs(logs)
    _say("", f"Broken, with seed {options.seed}:", failure, "", "What happened:", *soak.story, "", f"Logs: {logs}")
    return 1


def _build_report(options: argparse.Namespace, soak: SoakTest, writers: Sequence[Workload]) -> Report:
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


def _say(*lines: str) -> None:
    print("\n".join(lines), flush=True)


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: %(default)g)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the faults (default: any)")
    parser.add_argument("--hosts", action="store_true", help="three control-plane nodes on the hosts of a kind cluster")
    parser.add_argument("--keep", action="store_true", help="leave everything in the end, to look at it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
