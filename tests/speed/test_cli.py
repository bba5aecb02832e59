"""What `kubectl vk8s` costs each kubectl call of a context that `connect` wrote."""

import resource
import subprocess
import sys
from statistics import median

import pytest

from tests.figures import record
from tests.shared_material import ROOT

ROUNDS = 7
MOST_MILLISECONDS = 150


def measure(code: str) -> float:
    """Milliseconds of a processor that a Python takes for it, in the median."""
    times = []
    for _ in range(ROUNDS):
        before = read_seconds()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        times.append(read_seconds() - before)
    return median(times) * 1000


def read_seconds() -> float:
    """What all processes that this one has started have taken of a processor."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.exclusive
def test_credential_is_imported_quickly() -> None:
    milliseconds = measure("import kubectl_vk8s.tunnel.credential") - measure("pass")
    record("cli_import_ms", milliseconds)
    assert milliseconds < MOST_MILLISECONDS
