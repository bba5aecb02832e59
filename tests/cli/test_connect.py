"""`create --connect`: a context that works, as soon as the new virtual cluster is Running."""

import socket
from pathlib import Path

import pytest

from kubectl_vk8s.problems import Exit
from kubectl_vk8s.tunnel.place import Tunnel
from testbed.waiting import wait_for
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import running

CREATE = ("create", "demo", "--image", "r/vk8s/kink:v1.34.4", "--connect")
NAME = "vk8s_host_team-a_demo"


@pytest.fixture
def watched(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster that is Running at once, as a watch shows it."""
    kubectl.watch(running())
    return kubectl


@pytest.fixture
def creating(watched: FakeKubectl, forwarder: Path) -> FakeKubectl:
    """The same, a way to its API server, and a kubeconfig whose current context is `host`."""
    kubectl = watched
    kubectl.answer("create --filename=-", running())
    kubectl.answer("config current-context", "host\n")
    kubectl.answer("config set-")
    (kubectl.directory / "bin" / "kubectl-vk8s").write_text("#!/bin/sh\n")
    (kubectl.directory / "bin" / "kubectl-vk8s").chmod(0o755)
    assert not forwarder.exists()
    return kubectl


def test_new_cluster_is_connected(creating: FakeKubectl, run: Run) -> None:
    tunnel = Tunnel("demo", "team-a", "host")
    try:
        ended = run(*CREATE)
        assert ended.code == Exit.DONE, ended.err
        assert f"demo is connected as context {NAME}:\n  kubectl --context {NAME} get nodes\n" in ended.err
        assert [call for call in creating.calls if call.startswith(f"config set-context {NAME} ")]
        assert not [call for call in creating.calls if "use-context" in call]
        with socket.create_connection(("127.0.0.1", tunnel.read_report()["port"]), timeout=30) as connection:
            connection.sendall(b"hello")
            assert connection.recv(1 << 16) == b"HELLO"
    finally:
        tunnel.end()
        wait_for("the end of the tunnel", lambda: not tunnel.is_served, 30)


def test_missing_right_to_connect_does_not_hide_that_it_runs(creating: FakeKubectl, run: Run) -> None:
    creating.refuse_first("get secret demo-kubeconfig", "Forbidden", "no")
    ended = run(*CREATE)
    assert ended.code == Exit.FAILED
    assert "demo is Running" in ended.out
    assert "You may not read Secret demo-kubeconfig" in ended.err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--no-wait",), "--connect waits until the virtual cluster is Running."),
        (("--dry-run",), "--connect waits until the virtual cluster is Running."),
        (("--as", "jane"), "A context can't be impersonated for"),
    ],
)
def test_connection_that_can_not_be_is_said_first(
    more: tuple[str, ...], words: str, creating: FakeKubectl, run: Run
) -> None:
    ended = run(*CREATE, *more)
    assert ended.code == Exit.USAGE
    assert words in ended.err
    assert creating.calls == []


def test_missing_plugin_is_said_before_anything_is_created(creating: FakeKubectl, run: Run) -> None:
    (creating.directory / "bin" / "kubectl-vk8s").unlink()
    assert "kubectl looks for kubectl-vk8s on PATH, and it is not there" in run(*CREATE).err
    assert creating.calls == []
