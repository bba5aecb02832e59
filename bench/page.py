"""The tables of docs/performance.md, from the file of results. What is said around them is written by hand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.charts import OPERATORS, Figures, list_counts
from bench.clusters import count_children
from bench.crowd import NODES
from bench.load import SHIPPED_QPS
from bench.results import Results
from testbed.layout import ROOT

FILE: Final = ROOT / "docs" / "performance.md"
_BLOCK: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
# Of figures by count, how a row says them.
_LOAD_ROWS: Final = {
    "s": "all children exist, s",
    "half_s": "half of them exist, s",
    "accepted_s": "all Vk8s are accepted, s",
    "calls_each": "calls of the sync hook, per Vk8s",
    "gets_each": "GET requests, per Vk8s",
    "writes_each": "writing requests, per Vk8s",
    "sync_p50_ms": "sync hook under this load, p50, ms",
    "sync_p99_ms": "sync hook under this load, p99, ms",
    "histogram_p99_ms": "the same p99 by the histogram in `/metrics`, ms",
    "rss_start_mb": "memory of the hooks before, MB",
    "rss_end_mb": "memory of the hooks when all children exist, MB",
    "resync_rss_mb": "memory of the hooks after restart and resync, MB",
    "metacontroller_rss_mb": "memory of Metacontroller, real or fake, MB",
    "restart_s": "Metacontroller is restarted and has called the hooks for all, s",
    "resync_s": "a resync has called the hooks for all, s",
    "resync_calls_each": "calls of the sync hook in a resync, per Vk8s",
    "resync_gets_each": "GET requests in a resync, per Vk8s",
    "resync_writes": "writing requests in a resync, in all",
    "resync_sync_p50_ms": "sync hook in a resync, p50, ms",
    "resync_sync_p99_ms": "sync hook in a resync, p99, ms",
}
# Of seconds that are measured several times.
_SPREAD: Final = {"s": "median, s", "least_s": "least, s", "most_s": "most, s"}
_BOOT_ROWS: Final = {
    "apply_to_running": "from `kubectl apply` to Running, by the controller",
    "bare_kubeadm": "the same pods, applied bare by `kubectl`, until both Nodes are Ready",
    "master_recovery": "from the deletion of the control-plane pod until another is Ready",
    "worker_recovery": "from the deletion of the worker's pod until another is Ready",
}
_DENSITY_ROWS: Final = {
    "clusters_10_s": "ten virtual clusters, applied at once, are Running, s",
    "control_plane_rss_mb": "memory of a control-plane node's processes, sum of RSS, MB",
    "control_plane_pss_mb": "the same, with shared memory divided among its users (PSS), MB",
    "control_plane_private_mb": "of that, private to one process, MB",
    "control_plane_anon_mb": "anonymous memory (heaps, stacks), MB",
    "control_plane_cores": "processors that an idle control-plane node uses, next to nine others",
    "control_plane_inotify": "inotify instances of a control-plane node",
    "clusters_10_available_mb": "memory of the machine that is available next to ten, MB",
    "clusters_most": "virtual clusters that were Running at the same time",
    "clusters_most_available_mb": "memory of the machine that was available then, MB",
}


def write(results: Results) -> None:
    """Writes the tables into the page."""
    FILE.write_text(fill(FILE.read_text(), results))


def fill(text: str, results: Results) -> str:
    """The page with the tables of these results."""
    tables = {
        "five": _build_five(results),
        "machine": _build_machine(results),
        "hooks": _build_hooks(results["figures"]),
        "load": _build_load(results["figures"], "load"),
        "original": _build_load(results["figures"], "original_load"),
        "operators": _build_operators(results["figures"]),
        "soak": _build_soak(results["figures"]),
        "boot": _build_boot(results["figures"]),
        "density": _build_density(results["figures"]),
    }
    return _BLOCK.sub(lambda block: f"{block[1]}{tables[block[2]]}\n{block[3]}", text)


def _build_five(results: Results) -> str:
    """What most readers come for."""
    figures = results["figures"]
    more = 100 * figures["apply_to_running_s"] / figures["bare_kubeadm_s"] - 100
    rows = [
        (
            "from `kubectl apply` to Running, a control-plane node and a worker",
            f"{_show(figures['apply_to_running_s'])} s; {more:.0f} % more than the same pods without a controller",
        ),
        ("from the loss of the control-plane node until it is Ready again", f"{_show(figures['master_recovery_s'])} s"),
        ("a sync of a virtual cluster with ten nodes, median", f"{_show(figures['sync_p50_ms'])} ms"),
        ("memory of an idle control-plane node", f"{_show(figures['control_plane_pss_mb'])} MB"),
        (
            "virtual clusters of one node each, Running at the same time",
            f"{_show(figures['clusters_most'])}, on {results['machine']['cores']} cores",
        ),
    ]
    return _build_table(("", "measured"), rows)


def _build_machine(results: Results) -> str:
    machine, versions = results["machine"], results["versions"]
    rows = [
        ("cores", f"{machine['cores']}, {machine['processor']}"),
        ("memory", f"{machine['memory_gib']} GiB"),
        ("kernel", machine["kernel"]),
        ("Python", machine["python"]),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
        *((f"`{run['command']}`", _describe_run(run)) for run in results["runs"].values()),
    ]
    return _build_table(("", ""), rows)


def _describe_run(run: Mapping[str, object]) -> str:
    return f"began {run['began']} UTC; load average before {run['load_before']}, after {run['load_after']}"


def _build_hooks(figures: Figures) -> str:
    header = ("nodes", "call, KiB", "answer, KiB", "these hooks, ms", "plain hook, ms", "floor, ms", "hooks / floor")
    return _build_table(header, [_build_hooks_row(figures, nodes) for nodes in (1, 10, 100)])


def _build_hooks_row(figures: Figures, nodes: int) -> list[str]:
    count = "" if nodes == 10 else f"{nodes}_"  # noqa: PLR2004 their names have no number
    times = [
        f"{figures[f'{name}_{count}p50_ms']:.1f} / {figures[f'{name}_{count}p99_ms']:.1f}"
        for name in ("sync", "plain", "floor")
    ]
    ratio = figures[f"sync_{count}p50_ms"] / figures[f"floor_{count}p50_ms"]
    sizes = [f"{figures[f'{name}_{count}kib']:.0f}" for name in ("call", "answer")]
    return [str(nodes), *sizes, *times, f"{ratio:.2f}"]


def _build_load(figures: Figures, prefix: str) -> str:
    counts = list_counts(figures, f"{prefix}_")
    children = sum(count_children(NODES).values())
    header = ("", *(f"{count} Vk8s, {count * children} children" for count in counts))
    least = (
        "so long as the limit of requests alone takes, s",
        *(_compute_least(figures, prefix, each) for each in counts),
    )
    rows = [
        (words, *(_show(figures[f"{prefix}_{count}_{name}"]) for count in counts)) for name, words in _LOAD_ROWS.items()
    ]
    return _build_table(header, [rows[0], least, *rows[1:]])


def _compute_least(figures: Figures, prefix: str, count: int) -> str:
    """The least seconds that the requests take at the allowed rate, for any client and server."""
    each = figures[f"{prefix}_{count}_gets_each"] + figures[f"{prefix}_{count}_writes_each"]
    return _show(each * count / SHIPPED_QPS)


def _build_operators(figures: Figures) -> str:
    header = ("", *(f"{count} Vk8s: s / writes per Vk8s / MB" for count in list_counts(figures, "kopf_")))
    rows = [
        (words, *(_show_operator(figures, f"{name}_{count}") for count in list_counts(figures, f"{name}_")))
        for name, words in OPERATORS.items()
        if list_counts(figures, f"{name}_")
    ]
    return _build_table(header, rows)


def _show_operator(figures: Figures, prefix: str) -> str:
    return " / ".join(_show(figures[f"{prefix}_{name}"]) for name in ("s", "writes_each", "rss_mb"))


def _build_soak(figures: Figures) -> str:
    rows = [
        ("after the first 1,000 calls", _show(figures["soak_rss_start_mb"])),
        (f"after {figures['soak_calls']:,.0f} more", _show(figures["soak_rss_end_mb"])),
    ]
    return _build_table(("memory of the hooks", "MB"), rows)


def _build_boot(figures: Figures) -> str:
    rows = [(words, *(_show(figures[f"{name}_{each}"]) for each in _SPREAD)) for name, words in _BOOT_ROWS.items()]
    ratio = figures["apply_to_running_s"] / figures["bare_kubeadm_s"]
    return _build_table(("", *_SPREAD.values()), [*rows, ("with the controller / bare", f"{ratio:.2f}", "", "")])


def _build_density(figures: Figures) -> str:
    return _build_table(("", ""), [(words, _show(figures[name])) for name, words in _DENSITY_ROWS.items()])


def _show(value: float) -> str:
    """With three digits, or as many as there are before the point."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"  # noqa: PLR2004


def _build_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_list_lines(header, rows))


def _list_lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
