"""The same children on the same API server, by our controller and by an operator in Kopf: until they exist."""

import sys
from typing import Final

from bench.crowd import build_crowd, build_first, make_crowd
from bench.host import Host, start_host
from bench.load import SHIPPED_QPS, UNLIMITED_QPS, start_controller
from testbed.controller import HOOKS, METACONTROLLER
from testbed.layout import ROOT

KOPF: Final = "kopf"
_OPERATOR: Final = ROOT / "bench" / "kopf_operator.py"


def measure_kopf(count: int) -> dict[str, float]:
    """The figures of Kopf."""
    return _name(KOPF, count, _run_kopf(count))


def measure_ours(count: int) -> dict[str, float]:
    """Ours, without a limit of requests as Kopf, and with that which we ship."""
    return _name("ours", count, _run_ours(count, UNLIMITED_QPS)) | _name("ours_shipped", count, _run_ours(count))


def _name(name: str, count: int, figures: dict[str, float]) -> dict[str, float]:
    return {f"{name}_{count}_{figure}": value for figure, value in figures.items()}


def _run_kopf(count: int) -> dict[str, float]:
    with start_host() as host:
        _start_kopf(host)
        return _measure(host, count, [KOPF])


def _run_ours(count: int, qps: int = SHIPPED_QPS) -> dict[str, float]:
    with start_host() as host:
        start_controller(host, qps)
        return _measure(host, count, [HOOKS, METACONTROLLER])


def _measure(host: Host, count: int, programs: list[str]) -> dict[str, float]:
    before = host.api.count_requests()
    made = make_crowd(host.api, build_crowd(count), lambda: "".join(map(host.read_log, programs)))
    asked = host.api.count_requests() - before
    return {
        "s": made.all,
        "half_s": made.half,
        # Without that of the owner.
        "writes_each": asked.writes / count - 1,
        "rss_mb": sum(map(host.read_memory, programs)),
    }


def _start_kopf(host: Host) -> None:
    arguments = ["-m", "kopf", "run", str(_OPERATOR), "--all-namespaces", "--standalone"]
    environment = {"KUBECONFIG": str(host.cluster.testbed.kubeconfig), "PYTHONPATH": str(ROOT)}
    host.start_program(KOPF, [sys.executable, *arguments], environment)
    make_crowd(host.api, build_first(), lambda: host.read_log(KOPF))
