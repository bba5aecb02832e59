"""The hooks as a process of their own: `python -m hooks serve`, as `make run` and a Deployment start it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from hooks.server.serve import Address, build_config
from tests.api.material import TOKEN
from tests.api.server import Server, serve
from tests.shared_material import ROOT
from tests.world import running_world

BODY = running_world().request().model_dump_json(by_alias=True).encode()
JSON = {"Content-Type": "application/json"}
MARKER = "bWFya2VyIG9mIGEgc2VjcmV0"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path / "log") as server:
        yield server


def test_process_answers_a_call_and_logs_one_line_of_it(server: Server) -> None:
    request = running_world().request().model_dump(by_alias=True, mode="json")
    answer = httpx.post(f"{server.url}/vk8s/sync", json=request)
    assert answer.status_code == httpx.codes.OK
    assert "children" in answer.json()
    assert "sync team-a/demo generation=3 phase=Running" in server.log.read_text()


def test_process_logs_where_it_listens(server: Server) -> None:
    assert f"INFO Listening on 127.0.0.1, port {server.port} (http)\n" in server.log.read_text()


def test_secret_in_a_malformed_request_is_in_no_answer_and_no_log(server: Server) -> None:
    whole = running_world().request().model_dump(by_alias=True, mode="json")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "demo-pki"}, "data": {"ca.key": MARKER}}
    wrong = [
        {**whole, "children": {"Secret.v1": {"team-a/demo-pki": secret}}},
        {**whole, "children": {**whole["children"], "Secret.v1": {"team-a/demo-pki": {**secret, "metadata": MARKER}}}},
        {**whole, "children": {**whole["children"], "Secret.v1": [secret]}},
        {**whole, "parent": {**whole["parent"], "metadata": MARKER}},
        {**whole, "finalizing": {"data": MARKER}},
        {"parent": None, "children": {"Secret.v1": {"x": secret}}},
    ]
    bodies = [*(json.dumps(request) for request in wrong), json.dumps(secret)[:-3], f'"{MARKER}"', MARKER]
    for path in ("sync", "finalize", "customize"):
        for body in bodies:
            answer = httpx.post(f"{server.url}/vk8s/{path}", content=body, headers={"Content-Type": "application/json"})
            assert MARKER not in answer.text
            if path != "customize":
                assert answer.status_code >= httpx.codes.BAD_REQUEST
    assert MARKER not in server.log.read_text()


def test_call_that_runs_is_finished_before_it_ends(server: Server) -> None:
    with server.connect() as connection, connection.makefile("rb") as answer:
        connection.sendall(head("Expect: 100-continue"))
        # The server asks for the body: the call runs.
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_line("Waiting for connections to close")
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        connection.sendall(BODY)
        text = answer.read()
    assert b"HTTP/1.1 200 OK" in text
    assert b'"children"' in text
    assert server.process.wait(timeout=15) == 0
    assert "vk8s/sync team-a/demo generation=3 phase=Running status=200" in server.log.read_text()


def test_connection_outlives_the_idle_time_of_metacontrollers_client(server: Server) -> None:
    config = build_config(FastAPI(), Address("127.0.0.1", server.port), None)
    assert config.timeout_keep_alive == 120
    with httpx.Client() as client:
        ports = set()
        for _ in range(3):
            answer = client.post(f"{server.url}/vk8s/sync", content=BODY, headers=JSON)
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_call_without_a_token_is_rejected_before_its_body_is_read(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN)
    with (
        serve(tmp_path / "log", {"token_file": tokens}) as server,
        server.connect() as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(head("Expect: 100-continue"))
        assert answer.read().startswith(b"HTTP/1.1 401 ")


def test_body_that_is_too_large_or_too_slow_is_rejected(tmp_path: Path) -> None:
    with serve(tmp_path / "log", {"max_body_mib": 1, "body_seconds": 0.1}) as server:
        bodies = (
            b"Content-Length: 2\r\n\r\n{",
            b"Content-Length: 1048577\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + chunk(2**20) + chunk(1),
        )
        answers = [call(server, body) for body in bodies]
        assert server.answers()
    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 408 ", b"HTTP/1.1 413 ", b"HTTP/1.1 413 "]
    assert "vk8s/sync - generation=- phase=- status=408" in server.log.read_text()


def chunk(size: int) -> bytes:
    """A part of a body that comes without its length."""
    return b"%x\r\n%b\r\n" % (size, b"x" * size)


def call(server: Server, rest: bytes) -> bytes:
    """The whole answer to a sync call that goes on with `rest`, after which the server has closed the connection."""
    with server.connect() as connection, connection.makefile("rb") as answer:
        connection.sendall(b"POST /vk8s/sync HTTP/1.1\r\nHost: hooks\r\n" + rest)
        return answer.read()


def head(*lines: str) -> bytes:
    """The head of a sync call with the body `BODY`."""
    given = [f"{name}: {value}" for name, value in JSON.items()]
    first = ["POST /vk8s/sync HTTP/1.1", "Host: hooks", f"Content-Length: {len(BODY)}", *given, *lines]
    return "\r\n".join([*first, "", ""]).encode()


def test_process_ends_on_sigterm(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=15) == 0
    assert "Application shutdown complete" in server.log.read_text()


@pytest.mark.parametrize(
    ("host", "reason"),
    [("127.0.0.1", "Address already in use"), ("192.0.2.1", "Cannot assign requested address"), ("a..b", "")],
)
def test_unusable_address_is_reported_in_one_line(server: Server, host: str, reason: str) -> None:
    command = [sys.executable, "-m", "hooks", "serve", f"--host={host}", f"--port={server.port}"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    start = f"The hooks can't listen on {host}, port {server.port}: {reason}"
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(start)
    assert result.stderr.endswith(". Give another --host or --port.\n")
    assert result.stderr.count("\n") == 1


def test_setting_that_cannot_be_used_is_named() -> None:
    command = [sys.executable, "-m", "hooks", "serve"]
    result = subprocess.run(
        command, cwd=ROOT, env={"VK8S_SETTING_CA_DAYS": "many"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert "VK8S_SETTING_CA_DAYS can't be used" in result.stderr
