"""What counts as an answer, and how a soak test ends: by itself, or with a message about a lost write."""

import socketserver
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import CHAOS
from tests.nested.host import build_testbed_host
from tests.nested.virtual import VirtualCluster
from tests.soak.place import BrokenError
from tests.soak.soak import SoakTest
from tests.soak.world import OneHostWorld, build_vk8s
from tests.soak.writers import FileTarget, Writer, ask_port


class Forgetful(socketserver.StreamRequestHandler):
    """Gives the answer that it was made with to each request."""

    answer = b""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(self.answer)


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[FileTarget]:
    handler = type("Told", (Forgetful,), {"answer": request.param})
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield FileTarget(partial(ask_port, "127.0.0.1", server.server_address[1]))
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("target", "numbers"),
    [
        pytest.param(b"1\n2\nend\n", [1, 2], id="all of it"),
        pytest.param(b"end\n", [], id="an empty file"),
        pytest.param(b"1\n2\n", None, id="half of it"),
        pytest.param(b"", None, id="nothing"),
    ],
    indirect=["target"],
)
def test_file_is_read_from_an_answer_that_has_an_end(target: FileTarget, numbers: Sequence[int] | None) -> None:
    assert target.read() == numbers


@pytest.mark.parametrize(
    ("target", "is_acknowledged"),
    [
        pytest.param(b"7\n", True, id="its number"),
        pytest.param(b"8\n", False, id="another number"),
        pytest.param(b"", False, id="nothing"),
    ],
    indirect=["target"],
)
def test_write_is_acknowledged_by(target: FileTarget, is_acknowledged: bool) -> None:  # noqa: FBT001
    assert target.write(7) is is_acknowledged


def test_without_a_server_nothing_is_acknowledged_and_nothing_is_read() -> None:
    nobody = FileTarget(partial(ask_port, "127.0.0.1", 1))
    assert not nobody.write(7)
    assert nobody.read() is None


class Memory:
    """Stores the writes, except for some."""

    def __init__(self, *forgets: int) -> None:
        self._forgets = forgets
        self._numbers: list[int] = []

    def write(self, number: int) -> bool:
        if number not in self._forgets:
            self._numbers.append(number)
        return True

    def read(self) -> list[int] | None:
        return list(self._numbers)


class Quiet(OneHostWorld):
    """A world in which all is well."""

    def wait_until_well(self) -> None:
        pass


def play(tmp_path: Path, memory: Memory) -> list[str]:
    """A soak test that is over before the first fault; what it prints."""
    cluster = HostCluster(replace(CHAOS, name="none"), tmp_path)
    virtual = VirtualCluster(build_testbed_host(cluster), build_vk8s(), tmp_path)
    writer = Writer("memory", memory, 0.001)
    writer.start()
    said: list[str] = []
    try:
        SoakTest(Quiet(cluster, virtual, Kubectl([])), [writer], said.append).run(0, 0.1)
    finally:
        writer.stop()
    return said


def test_soak_test_ends_with_a_complete_recovery(tmp_path: Path) -> None:
    (sentence,) = play(tmp_path, Memory())
    assert "recovery: all is back" in sentence


def test_soak_test_names_a_lost_write(tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match=r"memory: 2 lost \[0, 3\]"):
        play(tmp_path, Memory(0, 3))


def test_virtual_cluster_has_a_port_for_each_of_its_nodes() -> None:
    spec = build_vk8s()["spec"]
    assert [node["name"] for node in spec["nodes"]] == ["soak-master", "soak-worker-1", "soak-worker-2"]
    assert len({port["port"] for port in spec["ports"]}) == 3
