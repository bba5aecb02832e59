"""The command in this process, and a kubectl that answers what a test wants."""

import json
import shlex
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kubectl_vk8s.cli import main
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import SECRET, running
from tests.cli.upstream import Answering, Upstream

FORWARDER = Path(__file__).with_name("forwarder.py")


@dataclass(frozen=True)
class Ended:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    """The only kubectl on PATH."""
    directory = tmp_path / "kubectl"
    directory.mkdir()
    system = directory / "system"
    system.mkdir()
    for program in ("bash", "cat", "sleep", "env"):
        (system / program).symlink_to(shutil.which(program) or f"/bin/{program}")
    monkeypatch.setenv("PATH", f"{directory}/bin:{system}")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.argv", ["kubectl-vk8s"])
    return FakeKubectl(directory)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command as a user types it."""

    def call(*arguments: str) -> Ended:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def forwarder(kubectl: FakeKubectl, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl that forwards ports; the file with the pid of the process that does."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file, port = tmp_path / "forwarder", upstream.server_address[1]
    kubectl.run("port-forward", f"exec {sys.executable} {shlex.quote(str(FORWARDER))} {port} {file}")
    kubectl.answer("get vk8s demo", running())
    kubectl.answer("get secret demo-kubeconfig", SECRET)
    return file
