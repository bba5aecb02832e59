"""Runs the specs of one part, from the host cluster's network: there, NodePorts and the API by its name are reached."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.conformance.outcome import Outcome, read_outcome
from tests.conformance.site import Site
from tests.conformance.specs import Part

_INTERRUPTS: Final = (signal.SIGINT, signal.SIGTERM)


class SuiteError(Exception):
    """There is no report; the message says where ginkgo's own output is."""


def run_part(site: Site, part: Part, directory: Path) -> Outcome:
    """Runs a part. Its JUnit, its report in JSON and ginkgo's output are in a folder of its name. Raises SuiteError."""
    folder = directory / part.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "output.log"
    _run(build_command(site, part, folder, site.virtual.write_kubeconfig()), log)
    report = folder / "ginkgo" / "report.json"
    if not report.exists():
        raise SuiteError(f"{part.name}: ginkgo has written no report; its output is in {log}")
    return read_outcome(report)


def _run(command: Sequence[str], log: Path) -> None:
    """Runs ginkgo to its end; where that is not waited for, every process that it has started ends, too."""
    process = None
    with log.open("w") as output:
        try:
            with _hold_interrupts():
                process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            process.wait()
        except BaseException:
            if process:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            raise


@contextmanager
def _hold_interrupts() -> Iterator[None]:
    """Interrupts take effect at the end: what is being started would be left behind, as its pid is not known yet."""
    held = list[int]()
    former = {each: signal.signal(each, lambda number, _: held.append(number)) for each in _INTERRUPTS}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
    for number in held:
        signal.raise_signal(number)


def build_command(site: Site, part: Part, folder: Path, kubeconfig: Path) -> list[str]:
    """The command, as it has to be typed on this machine."""
    # Where KUBECONFIG is set, specs that call kubectl would take the host cluster's.
    return site.virtual.host.client.network.command(
        "env",
        "--unset=KUBECONFIG",
        str(site.programs / "ginkgo"),
        *part.build_arguments(),
        "--no-color",
        "--silence-skips",
        "--poll-progress-after=0",
        str(site.programs / "e2e.test"),
        "--",
        "--provider=skeleton",
        f"--kubeconfig={kubeconfig}",
        f"--kubectl-path={site.kubectl}",
        f"--num-nodes={len(site.nodes)}",
        f"--report-dir={folder}",
        f"--e2e-output-dir={folder}",
        "--report-complete-ginkgo",
        "--report-complete-junit",
        "--disable-log-dump",
        *([f"--storage.testdriver={part.choice.driver}"] if part.choice.driver else []),
    )
