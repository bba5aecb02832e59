"""A workload inside that writes all the time, asked from the host cluster's network: what it acknowledged must last."""

import json
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO

from hooks.kubernetes.manifest import Manifest
from testbed.waiting import wait_for
from tests.nested.host import Client
from tests.nested.virtual import VirtualCluster
from tests.soak.ledger import judge
from tests.soak.writers import LABEL, ApiTarget, FileTarget, Writer, build_writer, name_writer

FIRST_PORT = 30100
FILE_PAUSE, API_PAUSE = 1.0, 3.0
SECONDS = 180
# Longer than the client tries to connect and to read.
ANSWER_SECONDS = 20
_END = "."
_LAST_LINE = f"\n{_END}\n".encode()
_CHUNK = 65536
# One process for all writes: a line goes to the port that it names, and the answer comes back, with an end.
_FORWARD = f"""while read -r word; do
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo "$2" >&3 && cat <&3' "$0" "$1" "$word" 2>/dev/null
  echo {_END}
done"""


def build_ports(count: int) -> Sequence[Manifest]:
    """Ports of a Vk8s for as many writers."""
    numbers = range(FIRST_PORT, FIRST_PORT + count)
    return [{"name": f"writer-{number}", "port": number, "targetPort": number} for number in numbers]


@contextmanager
def write_meanwhile(virtual: VirtualCluster) -> Iterator[list[Writer]]:
    """A writer on each node, and one that writes to the API; all have been answered once, and stop in the end."""
    _delete_former(virtual)
    with ExitStack() as stack:
        writers = [add_file_writer(virtual, node, port, stack) for port, node in enumerate(virtual.nodes, FIRST_PORT)]
        writers.append(Writer("writes to the API", ApiTarget(virtual.inside), API_PAUSE))
        for writer in writers:
            wait_for(f"an answer of {writer.ledger.name}", partial(_answers, writer), SECONDS, virtual.describe)
            writer.start()
            stack.callback(writer.stop)
        yield writers


def count_lost_writes(writers: Sequence[Writer]) -> int:
    """Stops the writers; how many acknowledged writes are not there, or are there twice, once all answer again."""
    for writer in writers:
        writer.stop()
    return sum(map(_count_lost, writers))


def _count_lost(writer: Writer) -> int:
    required = writer.ledger.acknowledged
    present = wait_for(f"the records of {writer.ledger.name}", lambda: _read(writer), SECONDS)
    verdict = judge(required, present[0], writer.ledger.begun)
    return len(verdict.lost) + len(verdict.strange)


def _read(writer: Writer) -> list[list[int]]:
    """What is there, in a list, as there may be nothing; an empty one while there is no answer."""
    present = writer.target.read()
    return [] if present is None else [present]


def _delete_former(virtual: VirtualCluster) -> None:
    """Deletes what an earlier workload has left: its numbers would be taken for those of this one."""
    items = [each for port, node in enumerate(virtual.nodes, FIRST_PORT) for each in build_writer(node, port)]
    former = {"apiVersion": "v1", "kind": "List", "items": items}
    options = ("--ignore-not-found", f"--timeout={SECONDS}s")
    virtual.inside.run("delete", "--filename=-", *options, stdin=json.dumps(former))
    virtual.inside.run("delete", "configmaps", f"--selector=app={LABEL}", *options)


def add_file_writer(virtual: VirtualCluster, node: str, port: int, stack: ExitStack) -> Writer:
    """A writer on the node, not started yet; what it needs here is gone when the stack ends."""
    virtual.inside.apply(*build_writer(node, port))
    forwarder = _Forwarder(virtual.host.client, port)
    stack.callback(forwarder.end)
    return Writer(name_writer(node), FileTarget(forwarder.ask), FILE_PAUSE)


class _Forwarder:
    """The process that forwards lines to a port, from the client's pod; another one after a line without an answer."""

    def __init__(self, client: Client, port: int) -> None:
        self._command = client.outside.command("bash", "-c", _FORWARD, client.address, str(port))
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, word: str) -> list[str] | None:
        """The answer to a line; None if there is none in time: a stream of `kubectl exec` may lose what is in it."""
        lines = self._read_answer(word)
        if lines is None:
            self.end()
        return lines or None

    def _read_answer(self, word: str) -> list[str] | None:
        """The lines of the answer, maybe none; None if it has no end."""
        process = self._process = self._process or subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        stdin, stdout = _get_ends(process)
        try:
            stdin.write(f"{word}\n".encode())
        except BrokenPipeError:
            return None
        text, end = b"", time.monotonic() + ANSWER_SECONDS
        while not text.endswith(_LAST_LINE) and text != _LAST_LINE[1:]:
            ready, _, _ = select.select([stdout], [], [], max(0.0, end - time.monotonic()))
            chunk = stdout.read(_CHUNK) if ready else b""
            if not chunk:
                return None
            text += chunk
        return text.decode().splitlines()[:-1]

    def end(self) -> None:
        """Ends the process, if there is one."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _get_ends(pipe: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    assert pipe.stdin
    assert pipe.stdout
    return pipe.stdin, pipe.stdout


def _answers(writer: Writer) -> bool:
    return writer.target.read() is not None
