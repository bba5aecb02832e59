"""What each tool says of an object: its own library, with the script and the expressions of docs/how-to/gitops.md."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from hooks.kubernetes.manifest import Manifest
from tests.images.test_go import ENVIRONMENT, FLAGS
from tests.shared_material import ROOT

MODULE: Final = Path(__file__).parent
PAGE: Final = ROOT / "docs" / "how-to" / "gitops.md"
SCRIPTS: Final = "resource.customizations.health.vk8s.sktelecom.com_"


@dataclass(frozen=True)
class Verdict:
    """A word, and the message with it."""

    status: str
    message: str


@dataclass(frozen=True)
class Verdicts:
    """Those of kstatus, which Flux and Helm use, of Flux with our expressions, and of Argo CD with our script."""

    kstatus: Verdict
    flux: Verdict
    argocd: Verdict

    @property
    def words(self) -> tuple[str, str, str]:
        """Without the messages."""
        return self.kstatus.status, self.flux.status, self.argocd.status


@dataclass(frozen=True)
class Judges:
    """The program that asks all of them."""

    program: Path

    def judge(self, *objects: Manifest) -> list[Verdicts]:
        """What they say of each."""
        asked = {"script": read_scripts()["Vk8s"], "check": read_check(), "objects": objects}
        ended = subprocess.run([self.program], input=json.dumps(asked), capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return [Verdicts(**{tool: Verdict(**said) for tool, said in each.items()}) for each in json.loads(ended.stdout)]


def build_judges(directory: Path) -> Judges:
    """The program, built into the directory."""
    program = directory / "judges"
    command = ["go", "build", *FLAGS, "-o", str(program), "."]
    ended = subprocess.run(
        command, cwd=MODULE, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return Judges(program)


def read_scripts() -> dict[str, str]:
    """The health script of each kind, as the page gives it to Argo CD."""
    (patch,) = (each for each in read_yaml() if "data" in each)
    return {key.removeprefix(SCRIPTS): script for key, script in patch["data"].items()}


def read_check() -> Manifest:
    """The health check expressions for a Vk8s, as the page gives them to Flux. Of other kinds, Flux asks kstatus."""
    found = [each for document in read_yaml() for each in document.get("spec", {}).get("healthCheckExprs", [])]
    check: Manifest
    (check,) = found
    return check


def read_yaml() -> Iterable[Any]:
    """Every YAML document on the page."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [document for block in blocks for document in yaml.safe_load_all(block)]
