"""Some of Kubernetes' own conformance tests, a quick one of each area; `make conformance` runs all of them."""

import time
from pathlib import Path

from testbed.host_cluster import HostCluster
from tests.conformance.run import run_part
from tests.conformance.site import prepare
from tests.conformance.specs import QUICK, plan_quick
from tests.figures import record
from tests.nested.virtual import VirtualCluster


def test_quick_specs_of_conformance_pass(running: VirtualCluster, machine: HostCluster, tmp_path: Path) -> None:
    assert running.host.machine is machine  # ginkgo runs in its network
    site = prepare(running)
    start = time.monotonic()
    outcome = run_part(site, plan_quick(), tmp_path)
    record("conformance_quick_s", time.monotonic() - start)
    assert [(spec.name, spec.lines) for spec in outcome.failed] == []
    assert sorted(spec.name for spec in outcome.passed) == sorted(QUICK)
