"""`make vm-test`: proves the product on cgroup v2, in a guest, on whatever machine; without KVM, it takes long."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.layout import ROOT
from testbed.vm import disk, machine, preflight
from testbed.vm.hardware import HARDWARE, read_own_architecture
from testbed.vm.releases import RELEASES

# What the guest leaves: its console, and from its disk the logs of the host cluster and what the tests have measured.
RESULTS = ROOT / "build" / "vm"
CONSOLE = ROOT / "build" / "vm-console.log"
# Until the guest is ended, with KVM and without.
MINUTES = {machine.KVM: 20, machine.TCG: 75}
_started = time.monotonic()


def main(arguments: list[str]) -> int:
    """Runs the tests in a guest; the exit code."""
    options = _parse_arguments(arguments)
    # As at the end of any program: what is in `finally` is done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    cache = Path(os.environ.get("VK8S_CACHE") or Path.home() / ".cache" / "vk8s")
    cache.mkdir(parents=True, exist_ok=True)
    _install_qemu(options.architecture)
    problems = preflight.list_problems(cache, options.architecture)
    if problems:
        _say("A guest needs what is missing on this machine:")
        for obstacle in problems:
            _say(f"  {obstacle}")
        return 1
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.parent.mkdir(exist_ok=True)
    _say("Builds: binaries, images and the guest's Debian; the first time this takes a quarter of an hour.")
    built = disk.build_all(options.architecture, options.debian)
    with _make_work_directory(cache, keep=options.keep) as work:
        _say("Guest: writing its disk.")
        written = disk.write_disk(work, built)
        try:
            guest = machine.Guest(options.architecture, written, CONSOLE, work / "progress")
            ended = _run_guest(guest, options.minutes)
        finally:
            written.copy_results(RESULTS.parent)
    return _judge(ended=ended)


def _install_qemu(architecture: str) -> None:
    """What it can't install is among the problems of preflight."""
    if hardware := HARDWARE.get(architecture):
        command = [str(Path(__file__).with_name("install.sh")), f"{hardware.qemu}:{hardware.package}"]
        subprocess.run(command, check=False)


def _run_guest(guest: machine.Guest, minutes: int | None) -> bool:
    """Whether the guest has ended by itself."""
    guest.progress.touch()
    _say("Guest: starting it.")
    with machine.start(guest) as (process, accelerator):
        limit = minutes or MINUTES[accelerator]
        _say(f"Guest: its kernel runs, with {accelerator.name}; it has {limit} minutes.")
        return machine.follow(process, guest.progress, _say, limit * 60)


def _judge(*, ended: bool) -> int:
    status = RESULTS / "exit-status"
    if not ended:
        _say(f"The guest did not end in time and was ended; its console is in {CONSOLE}.")
        return 1
    if not status.exists() or status.read_text().strip() != "0":
        _say(f"The tests in the guest failed; its console is in {CONSOLE}, the logs of its programs in {RESULTS}.")
        return 1
    _say("The tests in the guest passed.")
    return 0


@contextmanager
def _make_work_directory(parent: Path, *, keep: bool) -> Iterator[Path]:
    work = Path(tempfile.mkdtemp(prefix="vm-", dir=parent))
    try:
        yield work
    finally:
        if keep:
            _say(f"Kept: {work}")
        else:
            shutil.rmtree(work)


def _say(line: str) -> None:
    print(f"{time.monotonic() - _started:7.1f} s  {line}", flush=True)


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m testbed.vm", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the guest's disk, and say where it is")
    parser.add_argument(
        "--architecture", choices=HARDWARE, default=read_own_architecture(),
        help="of the guest; default: that of this machine",
    )  # fmt: skip
    parser.add_argument("--debian", choices=RELEASES, default="12", help="the guest's release of it; default: 12")
    parser.add_argument("--minutes", type=int, help="until the guest is ended")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
