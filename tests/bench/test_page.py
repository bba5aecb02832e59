"""docs/performance.md: its numbers are those of the file, and each figure that it names is there."""

import re
from pathlib import Path

import pytest

from bench import page
from bench.charts import PICTURES, draw, list_charts
from bench.results import read, record

PAGE = page.FILE.read_text()
RESULTS = read()
HOOKS = {"load_1000_s", "hook_rss_start_mb", "hook_rss_end_mb", "sync_p50_ms", "sync_p99_ms", "floor_p50_ms"}
NODES = {"apply_to_running_s", "bare_kubeadm_s", "clusters_10_s", "control_plane_anon_mb"}


def test_tables_are_those_of_the_file() -> None:
    """`make bench` writes them."""
    assert page.fill(PAGE, RESULTS) == PAGE


def test_page_begins_with_five_numbers() -> None:
    head, _, rest = PAGE.partition("<!-- end -->")
    assert head.startswith("# Performance\n<!-- table: five -->")
    assert len([line for line in head.splitlines() if line.startswith("| ")]) == 1 + 5
    assert "<!-- table: machine -->" in rest


def test_each_figure_that_the_page_names_is_in_the_file() -> None:
    named = set(re.findall(r"`([a-z0-9_]+_(?:ms|s|mb))`", PAGE))
    assert named >= HOOKS | NODES
    assert named <= RESULTS["figures"].keys()


def test_file_has_machine_versions_and_commands() -> None:
    assert {"cores", "memory_gib", "kernel", "python"} <= RESULTS["machine"].keys()
    assert {"kubernetes", "fastapi", "kopf"} <= RESULTS["versions"].keys()
    assert {"peers", "load", "operators", "boot", "density"} <= RESULTS["runs"].keys()
    assert all("python -m bench" in run["command"] for run in RESULTS["runs"].values())


@pytest.mark.parametrize("name", list_charts(RESULTS["figures"]))
def test_chart_can_be_drawn_and_is_shown(name: str) -> None:
    assert draw(list_charts(RESULTS["figures"])[name]).axes
    assert (PICTURES / f"{name}.svg").is_file()
    assert f"](pictures/{name}.svg)" in PAGE


def test_figures_that_are_not_measured_again_stay(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    record("one", "a command", lambda: {"first": 1.23456, "second": 2}, file)
    record("two", "another", lambda: {"second": 3}, file)
    assert read(file)["figures"] == {"first": 1.235, "second": 3}
    assert list(read(file)["runs"]) == ["one", "two"]
