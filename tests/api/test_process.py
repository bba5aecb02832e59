"""The hooks as a process of their own: `python -m hooks serve`, as `make run` and a Deployment start it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.server import Server, serve
from tests.shared_material import ROOT
from tests.world import running_world

MARKER = "bWFya2VyIG9mIGEgc2VjcmV0"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path / "log") as server:
        yield server


def test_it_answers_a_call_and_logs_one_line_of_it(server: Server) -> None:
    request = running_world().request().model_dump(by_alias=True, mode="json")
    answer = httpx.post(f"{server.url}/vk8s/sync", json=request)
    assert answer.status_code == httpx.codes.OK
    assert "children" in answer.json()
    assert "sync team-a/demo generation=3 phase=Running" in server.log.read_text()


def test_a_secret_in_a_malformed_request_is_in_no_answer_and_no_log(server: Server) -> None:
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


def test_it_ends_by_itself_when_asked_to(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=15) == 0
    assert "Application shutdown complete" in server.log.read_text()


def test_a_setting_that_can_not_be_used_is_named() -> None:
    command = [sys.executable, "-m", "hooks", "serve"]
    result = subprocess.run(
        command, cwd=ROOT, env={"VK8S_SETTING_CA_DAYS": "many"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 2
    assert "VK8S_SETTING_CA_DAYS can't be used" in result.stderr
