"""The Kubeflow installer with fakes of the programs that it runs, and a small Kubeflow."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.shared_material import ROOT

IMAGE = ROOT / "images" / "kubeflow-installer"
SCRIPT = IMAGE / "files" / "kubeflow-installer.sh"
PASSWORD = "correct horse $tapler & söns"
# Seconds that end a test of what never comes; what comes is not waited for that long.
PATIENCE = 300
KUBEFLOW = (Path(__file__).parent / "kubeflow.yaml").read_text()


def render(rendered: str, out: Path, version: str = "v1.10.2") -> subprocess.CompletedProcess[str]:
    """images/kubeflow-installer/render.py on what kustomize has made."""
    command = [sys.executable, str(IMAGE / "render.py"), version, str(out)]
    return subprocess.run(command, input=rendered, capture_output=True, text=True, check=False)


def build_hash(password: str) -> str:
    """What the fake htpasswd makes of a password."""
    return f"$2y$12${hashlib.sha256(password.encode()).hexdigest()[:53]}"


@dataclass
class Installer:
    """A pod of it: `root` has all its files."""

    root: Path
    bundle: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("bin", "cluster", "home"):
            (self.root / name).mkdir()
        for name in ("kubectl", "htpasswd"):
            program = self.root / "bin" / name
            program.write_text(f"#!{sys.executable}\n{(Path(__file__).parent / f'{name}.py').read_text()}")
            program.chmod(0o755)
        self.password.write_text(PASSWORD)

    @property
    def password(self) -> Path:
        return self.root / "password"

    @property
    def message(self) -> str:
        """The termination message."""
        path = self.root / "message"
        return path.read_text() if path.exists() else ""

    @property
    def calls(self) -> list[str]:
        return self.cluster("calls").splitlines()

    def cluster(self, name: str) -> str:
        """What a file of the cluster says."""
        path = self.root / "cluster" / name
        return path.read_text() if path.exists() else ""

    def set(self, name: str, content: str) -> None:
        (self.root / "cluster" / name).write_text(content)

    def refuse(self, refusals: Mapping[str, str]) -> None:
        self.set("refused", yaml.safe_dump(dict(refusals)))

    def applied(self, title: str) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load(self.cluster(f"applied/{title.replace('/', '+')}"))
        return content

    def start(self, step: str, **environment: str) -> subprocess.Popen[str]:
        """It ends as soon as it can say what is missing, unless the environment says something else."""
        return subprocess.Popen(
            [str(SCRIPT), step],
            env={
                "PATH": f"{self.root}/bin:{os.environ['PATH']}",
                "HOME": str(self.root / "home"),
                "CLUSTER": str(self.root / "cluster"),
                "KUBEFLOW_VERSION": "v1.10.2",
                "KUBEFLOW_BUNDLE": str(self.bundle),
                "KUBEFLOW_PASSWORD_FILE": str(self.password),
                "KUBEFLOW_TERMINATION_LOG": str(self.root / "message"),
                "KUBEFLOW_SAY_AFTER": "0",
                "KUBEFLOW_PAUSE_SECONDS": "0",
                **self.environment,
                **environment,
            },
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, step: str, **environment: str) -> tuple[int | None, str]:
        """How a step ends, and what it has logged; neither password nor hash are in there, or in any command line."""
        process = self.start(step, **environment)
        output, _ = process.communicate(timeout=PATIENCE)
        for secret in (PASSWORD, build_hash(PASSWORD)):
            assert not any(secret in text for text in (output, self.message, *self.calls))
        return process.returncode, output

    def complete(self, step: str, **environment: str) -> tuple[int | None, str]:
        """The same with all the time that a slow machine may need."""
        return self.run(step, KUBEFLOW_SAY_AFTER=str(PATIENCE), **environment)

    def hear(self, step: str, sentence: str, **environment: str) -> None:
        """Lets a step go on until it has logged a sentence; else shows what it said instead."""
        said = []
        with self.go_on(step, **environment) as process:
            for line in process.stdout or ():
                said.append(line.strip())
                if sentence == said[-1]:
                    return
        raise AssertionError(said)

    @contextmanager
    def go_on(self, step: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """A step with all the time that it may need for what it waits for."""
        with self.start(
            step, **{"KUBEFLOW_SAY_AFTER": str(PATIENCE), "KUBEFLOW_PAUSE_SECONDS": "0.1", **environment}
        ) as process:
            try:
                yield process
            finally:
                process.terminate()

    def run_in_vain(self, step: str, **environment: str) -> str:
        """Why a step is not done."""
        code, output = self.run(step, **environment)
        assert code == 1, output
        assert output.splitlines()[-1] == self.message
        return self.message
