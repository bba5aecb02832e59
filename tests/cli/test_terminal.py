"""What somebody at a terminal sees: rows that are redrawn, cut lines, wrapped texts, a page that is shown again."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, items, running, unschedulable
from tests.shared_material import ROOT


def run_in_terminal(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """All that the command writes to a terminal of 80 columns."""
    master, slave = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    own = {**kept, "TERM": "xterm", "COLUMNS": "80", **(environment or {})}
    command = [sys.executable, "-m", "kubectl_vk8s", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=own, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        written = read_all(master)
    os.close(master)
    assert process.returncode is not None
    return written


def read_all(descriptor: int) -> str:
    """What is written until the other end is closed, which a terminal says by an error."""
    parts = []
    while True:
        try:
            part = os.read(descriptor, 1 << 16)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode()


@pytest.fixture
def creating(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster that boots, and then runs."""
    kubectl.answer("create --filename=-", running())
    kubectl.run("logs w", "echo '[   2.1 s] It joins.'; exec sleep 600")
    kubectl.watch(booting(), running())
    return kubectl


def test_rows_are_redrawn_with_marks(creating: FakeKubectl) -> None:
    written = run_in_terminal("create", "demo", "--image", "r/vk8s/kink:v1.34.4")
    assert "\x1b[1A\x1b[2K" in written
    assert "\x1b[32m✓\x1b[0m m " in written
    assert "demo is Running, after 0 s." in written
    assert creating.calls


def test_lines_are_printed_where_a_terminal_can_not_redraw(creating: FakeKubectl) -> None:
    written = run_in_terminal("create", "demo", "--image", "r/vk8s/kink:v1.34.4", environment={"TERM": "dumb"})
    assert "\x1b" not in written
    assert "w                Ready" in written
    assert creating.calls


def test_last_column_is_cut_at_the_edge_and_texts_are_wrapped(kubectl: FakeKubectl) -> None:
    kubectl.answer("get vk8s --output=json", items(unschedulable()))
    kubectl.answer("get vk8s demo", unschedulable())
    lines = run_in_terminal("list", environment={"NO_COLOR": "1"}).splitlines()
    assert len(lines[1]) == 80
    assert lines[1].endswith("…")
    assert max(len(line) for line in run_in_terminal("why", "demo", environment={"NO_COLOR": "1"}).splitlines()) <= 80


def test_page_is_shown_again_until_the_cluster_is_gone(kubectl: FakeKubectl) -> None:
    event = json.dumps({"type": "ADDED", "object": running()})
    kubectl.answer("get vk8s demo --output=json", running())
    kubectl.answer("get pods", items())
    kubectl.answer("--watch", f"{event}\n")
    kubectl.answer("get vk8s demo --ignore-not-found", "")
    written = run_in_terminal("status", "demo", "--watch")
    assert written.count("\x1b[H\x1b[2J") == 1
    assert "demo has been deleted." in written
