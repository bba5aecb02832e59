"""The tunnel: what it passes on, how it heals, and how `credential` starts it. kubectl's port-forward is a fake."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.tunnel.credential import main as print_credential
from kubectl_vk8s.tunnel.forward import Forward
from kubectl_vk8s.tunnel.inside import serve_inside
from kubectl_vk8s.tunnel.place import Tunnel, build_program, choose_port, get_directory, is_free, parse_tunnel
from kubectl_vk8s.tunnel.serve import Server, serve
from testbed.waiting import wait_for
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import running
from tests.cli.upstream import Upstream
from tests.shared_material import ROOT

TUNNEL = Tunnel("demo", "team-a", "host")


def ask(port: int, words: bytes = b"hello") -> bytes:
    """What comes back through the tunnel."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(words)
        return connection.recv(1 << 16)


@pytest.mark.usefixtures("forwarder")
def test_bytes_reach_the_api_server_and_the_answer_comes_back() -> None:
    with serve_inside(TUNNEL) as port:
        assert ask(port) == b"HELLO"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            for _ in range(3):
                connection.sendall(b"x" * 100_000)
                received = b""
                while len(received) < 100_000:
                    received += connection.recv(1 << 16)
                assert received == b"X" * 100_000
    assert is_free(port)


def test_dead_forward_is_started_again_while_a_client_waits(forwarder: Path) -> None:
    with serve_inside(TUNNEL) as port:
        assert ask(port) == b"HELLO"
        first = forwarder.read_text()
        os.kill(int(first), signal.SIGKILL)
        assert ask(port) == b"HELLO"
        assert forwarder.read_text() != first


@pytest.mark.usefixtures("forwarder")
def test_connection_that_is_closed_without_an_answer_is_retried(upstream: Upstream) -> None:
    upstream.rude = 2
    with serve_inside(TUNNEL) as port:
        assert ask(port) == b"HELLO"


@pytest.mark.usefixtures("forwarder")
def test_probe_of_the_port_does_no_harm() -> None:
    with serve_inside(TUNNEL) as port:
        socket.create_connection(("127.0.0.1", port)).close()
        assert ask(port) == b"HELLO"


def test_messages_of_kubectl_are_passed_on(kubectl: FakeKubectl) -> None:
    kubectl.answer("port-forward", error='error: services "demo-api" not found')
    with (
        pytest.raises(ProblemError, match='demo can\'t be reached: services "demo-api" not found'),
        serve_inside(TUNNEL),
    ):
        pass


def test_kubectl_is_asked_for_where_there_is_none(kubectl: FakeKubectl) -> None:
    assert kubectl.calls == []
    with pytest.raises(ProblemError, match="kubectl is not on PATH"), serve_inside(TUNNEL):
        pass


@pytest.mark.usefixtures("forwarder")
def test_tunnel_that_nobody_uses_ends() -> None:
    async def run() -> None:
        server = Server(TUNNEL, Forward(TUNNEL), idle_seconds=0.2)
        await asyncio.wait_for(serve(server, lambda _: None), 20)

    asyncio.run(run())


@pytest.fixture
def served(forwarder: Path) -> Iterator[Tunnel]:
    """A tunnel for `credential` to start, which is ended afterwards."""
    assert not forwarder.exists()
    tunnel = replace(TUNNEL, port=choose_port(TUNNEL))
    yield tunnel
    tunnel.end()
    wait_for("the end of the tunnel", lambda: not tunnel.is_served, 30)


def get_credential(tunnel: Tunnel, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert print_credential(tunnel.arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"] == "ExecCredential"
    status: dict[str, str] = printed["status"]
    return status


def test_credential_starts_the_tunnel_and_keeps_the_certificate(
    served: Tunnel, kubectl: FakeKubectl, capsys: pytest.CaptureFixture[str]
) -> None:
    first = get_credential(served, capsys)
    assert first["clientCertificateData"].startswith("-----BEGIN CERTIFICATE-----")
    assert ask(served.port) == b"HELLO"
    calls = len(kubectl.calls)
    assert get_credential(served, capsys) == first
    assert len(kubectl.calls) == calls
    modes = {file.name.partition(".")[2]: file.stat().st_mode & 0o777 for file in get_directory().iterdir()}
    assert modes["credential"] == 0o600
    assert get_directory().stat().st_mode & 0o777 == 0o700


def test_killed_tunnel_comes_back_with_the_next_credential(served: Tunnel, capsys: pytest.CaptureFixture[str]) -> None:
    get_credential(served, capsys)
    first = served.read_report()["pid"]
    os.kill(first, signal.SIGKILL)
    wait_for("its end", lambda: not served.is_served, 30)
    get_credential(served, capsys)
    assert served.read_report()["pid"] != first
    assert ask(served.port) == b"HELLO"


def test_several_at_once_start_one_tunnel(served: Tunnel, kubectl: FakeKubectl) -> None:
    command, environment = build_program()
    processes = [
        subprocess.Popen([*command, "credential", *served.arguments], env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [json.loads(output)["kind"] for output in outputs] == ["ExecCredential"] * 3
    assert len([call for call in kubectl.calls if "port-forward" in call]) == 1


def test_paused_cluster_is_said(kubectl: FakeKubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    kubectl.answer("get vk8s demo", {**running(), "status": {"phase": "Paused"}})
    assert print_credential(replace(TUNNEL, port=20001).arguments) == 1
    assert capsys.readouterr().err == "kubectl vk8s: demo is paused: kubectl vk8s resume demo --namespace team-a\n"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda kubectl: kubectl.answer("port-forward", error="error: no pods"), "kubectl vk8s: no pods\n"),
        (lambda kubectl: kubectl.refuse("get vk8s", "InternalError", "etcd is slow"), "kubectl vk8s: etcd is slow\n"),
    ],
)
def test_tunnel_that_can_not_be_made_is_explained(
    prepare: Callable[[FakeKubectl], None], words: str, kubectl: FakeKubectl, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    prepare(kubectl)
    kubectl.refuse("get vk8s demo", "Forbidden", "no")
    assert print_credential(replace(TUNNEL, port=20002).arguments) == 1
    assert capsys.readouterr().err == words


@pytest.mark.usefixtures("forwarder")
def test_port_of_somebody_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert print_credential(replace(TUNNEL, port=other.getsockname()[1]).arguments) == 1
    assert "is taken by another program; `kubectl vk8s connect` chooses another." in capsys.readouterr().err


def test_port_follows_from_the_name_and_moves_where_it_is_taken() -> None:
    port = choose_port(TUNNEL)
    assert choose_port(TUNNEL) == port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        assert choose_port(TUNNEL) == port + 1
        assert choose_port(TUNNEL, before=port) == port + 1
    assert parse_tunnel(replace(TUNNEL, port=port).arguments) == replace(TUNNEL, port=port)


def test_program_starts_itself_from_an_archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    archive = tmp_path / "kubectl-vk8s"
    archive.touch()
    monkeypatch.setattr("kubectl_vk8s.tunnel.place.__file__", f"{archive}/kubectl_vk8s/tunnel/place.py")
    assert build_program()[0] == [sys.executable, str(archive)]


def test_credential_imports_neither_click_nor_rich() -> None:
    code = "import sys, kubectl_vk8s.tunnel.credential; print(sorted({'click', 'rich', 'asyncio'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n"
