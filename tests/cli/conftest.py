"""The command in this process, and a kubectl that answers what a test wants."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kubectl_vk8s.cli import main
from tests.cli.fake_kubectl import FakeKubectl


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
