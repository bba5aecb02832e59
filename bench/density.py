"""How many virtual clusters of one node fit on the testbed's node: ten at once, and then one more at a time."""

import time
from collections.abc import Callable
from typing import Final

from bench.nodes import build_virtual, start_nodes
from bench.processes import count_inotify, read_machine_memory, read_maps
from testbed import cgroups
from testbed.layout import BENCH
from tests.nested.host import Host, read_example
from tests.nested.virtual import BOOT_SECONDS, VirtualCluster

AT_ONCE: Final = 10
# Ten boots share the cores on which one may take so long.
_AT_ONCE_SECONDS: Final = 3 * BOOT_SECONDS
# So long they are watched at rest.
_REST_SECONDS: Final = 60


def measure(most: int, say: Callable[[str], None]) -> dict[str, float]:
    """Figures: seconds until ten are Running, MB of each, and how many were Running when the next one was not.

    No more than `most` are tried. `say` hears why the next one was not Running.
    """
    with start_nodes() as host:
        clusters = [_build(host, number) for number in range(AT_ONCE)]
        start = time.monotonic()
        host.kubectl.apply(*(each.manifest for each in clusters))
        for each in clusters:
            each.wait_for_phase("Running", _AT_ONCE_SECONDS)
        taken = time.monotonic() - start
        # All of them are still up, or the memory of ten is not that of ten.
        _check(clusters)
        taken_each = _measure_processes(clusters)
        available = read_machine_memory("MemAvailable")
        _add(clusters, most, say)
        return {
            f"clusters_{AT_ONCE}_s": taken,
            **{f"control_plane_{name}": value for name, value in taken_each.items()},
            f"clusters_{AT_ONCE}_available_mb": available,
            "clusters_most": len(clusters),
            "clusters_most_available_mb": read_machine_memory("MemAvailable"),
        }


def _build(host: Host, number: int) -> VirtualCluster:
    """Only the control-plane node of examples/local.yaml, without requests, so that the scheduler sets no limit."""
    example = read_example()
    master = example["spec"]["nodes"][0]
    resources = {"requests": {"cpu": "0", "memory": "0"}, "limits": master["resources"]["limits"]}
    name = f"dense-{number}"
    nodes = [{**master, "name": f"{name}-master", "resources": resources}]
    return build_virtual(host, {**example, "metadata": {"name": name}, "spec": {"nodes": nodes}})


def _add(clusters: list[VirtualCluster], most: int, say: Callable[[str], None]) -> None:
    """Appends one more at a time, so long as it gets Running and all others stay so."""
    while len(clusters) < most:
        another = _build(clusters[0].host, len(clusters))
        try:
            another.ensure_running()
            _check([*clusters, another])
        except TimeoutError as error:
            say(f"After {len(clusters)}, {read_machine_memory('MemAvailable'):.0f} MB are available: {error}")
            return
        clusters.append(another)


def _check(clusters: list[VirtualCluster]) -> None:
    """TimeoutError where one of them is not Running."""
    for each in clusters:
        each.wait_for_phase("Running", BOOT_SECONDS)


def _measure_processes(clusters: list[VirtualCluster]) -> dict[str, float]:
    """Of all processes of a node, the mean of all clusters: MB of memory, inotify instances, processors in use."""
    uids = [each.kubectl.get("pod", each.nodes[0])["metadata"]["uid"] for each in clusters]
    totals: dict[str, float] = {}
    for processes in (cgroups.list_pod_processes(BENCH.network, uid) for uid in uids):
        found = {f"{name}_mb": value for name, value in read_maps(processes).items()}
        for name, value in {**found, "inotify": count_inotify(processes)}.items():
            totals[name] = totals.get(name, 0) + value / len(clusters)
    return {**totals, "cores": _measure_cores(uids)}


def _measure_cores(uids: list[str]) -> float:
    """How much of a processor one of the pods uses when nobody asks it for anything, the mean of all."""

    def read() -> float:
        return sum(cgroups.read_processor_seconds(BENCH.network, uid) for uid in uids)

    before, start = read(), time.monotonic()
    time.sleep(_REST_SECONDS)
    return (read() - before) / (time.monotonic() - start) / len(uids)
