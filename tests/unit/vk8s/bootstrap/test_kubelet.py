"""hooks/vk8s/bootstrap/kubelet.sh: the only file that starts or stops the kubelet."""

import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.unit.vk8s.bootstrap.bench import BOOT, Node


def test_no_other_file_starts_or_stops_the_kubelet() -> None:
    command = re.compile(r"^\s*systemctl .*\bkubelet\b", re.MULTILINE)
    assert [path.name for path in BOOT.glob("*.sh") if command.search(path.read_text())] == ["kubelet.sh"]


def test_kubelet_stopped_for_good_stays_stopped_after_a_restart(node: Node) -> None:
    """On the state volume, and before it is stopped: the node may be killed in between."""
    node.program("systemctl", "ls var/lib/vk8s/left >>seen")
    stop = node.source("sentences.sh kubelet.sh", "is_kubelet_stopped_for_good || stop_kubelet_for_good")
    assert stop.calls == ["systemctl stop kubelet"]
    assert node.has("seen")
    again = node.source("sentences.sh kubelet.sh", "is_kubelet_stopped_for_good || stop_kubelet_for_good")
    assert (again.code, again.calls) == (0, [])


# Whether it is healthy, by the function that nodes have: the other tests have one of their own

OK = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.0 500 Internal Server Error\r\n\r\n[-]syncloop failed"


@contextmanager
def serve(response: bytes | None, received: list[bytes]) -> Iterator[int]:
    """A port that answers one request with these bytes; None: never."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                if response:
                    with connection.makefile("rb") as request:
                        received.extend(iter(request.readline, b"\r\n"))
                    connection.sendall(response)
                # Until the other side gives up.
                while response is None and connection.recv(1024):
                    pass

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(timeout=10)
        assert not thread.is_alive()


def ask_for_health(port: int, seconds: float = 5) -> subprocess.CompletedProcess[str]:
    """What the function says, in a shell that finds no program and ends at the first error."""
    commands = (
        f'. {BOOT}/kubelet.sh; HEALTH_PORT={port}; is_kubelet_healthy {seconds} && echo healthy || echo "not healthy"'
    )
    environment = {"PATH": "/nowhere", "ENDPOINT": "demo-api", "NODE_NAME": "demo-worker", "STATE": os.devnull}
    bash = ["/bin/bash", "-euo", "pipefail", "-c", commands]
    return subprocess.run(bash, env=environment, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("response", "said"),
    [(OK, "healthy"), (FAILED, "not healthy"), (b"", "not healthy")],
    ids=["healthy", "ill", "closed at once"],
)
def test_kubelet_is_healthy_if_it_says_so(response: bytes, said: str) -> None:
    received: list[bytes] = []
    with serve(response, received) as port:
        result = ask_for_health(port)
    assert (result.stdout, result.stderr) == (f"{said}\n", "")
    assert received == ([b"GET /healthz HTTP/1.0\r\n"] if response else [])


def test_kubelet_that_has_no_port_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = ask_for_health(port)
    assert (result.stdout, result.stderr, result.returncode) == ("not healthy\n", "", 0)


def test_kubelet_that_does_not_answer_in_time_is_not_healthy() -> None:
    with serve(None, []) as port:
        assert ask_for_health(port, 0.2).stdout == "not healthy\n"
