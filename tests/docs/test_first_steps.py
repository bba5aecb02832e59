"""What install.sh says at its end, typed in with a kubectl that only shows what it is given."""

import subprocess
from pathlib import Path

import pytest
import yaml

from testbed.layout import ROOT
from tests.testbed.fake_programs import FakePrograms

PARTS = ROOT / "metacontroller" / "install"
EXAMPLE = ROOT / "examples" / "local.yaml"
DIGEST = "sha256:" + "0" * 64


def print_steps(image: str) -> list[str]:
    """The lines of the message."""
    script = f'. {PARTS}/say.sh; . {PARTS}/first-steps.sh; print_first_steps "$1" examples/local.yaml'
    command = ["bash", "-euo", "pipefail", "-c", script, "bash", image]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("registry.example.com/vk8s/controller:0.1.0", "registry.example.com"),
        ("registry.example.com:5000/team/vk8s/controller:0.1.0", "registry.example.com:5000/team"),
        (f"registry.example.com/vk8s/controller@{DIGEST}", "registry.example.com"),
        ("registry.example.com/hooks:1", "<image-registry>"),
    ],
)
def test_commands_name_the_registry_of_the_hooks(image: str, registry: str) -> None:
    *_, applied = print_steps(image)
    assert f"s#registry.example.com#{registry}#" in applied


def test_commands_apply_the_example_with_the_user_s_images(tmp_path: Path) -> None:
    fake = FakePrograms(tmp_path)
    fake.link("bash", "sed", "cat")
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text('#!/bin/bash\n[[ "$*" != "apply -n demo -f -" ]] || cat\n')
    kubectl.chmod(0o755)
    commands = [line for line in print_steps("example.org/team/vk8s/controller:1") if line.startswith("  ")]
    assert len(commands) == 2
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=ROOT, env=fake.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    example = yaml.safe_load(EXAMPLE.read_text().replace("registry.example.com", "example.org/team"))
    assert yaml.safe_load(result.stdout) == example


def test_sample_of_the_original_says_what_it_is() -> None:
    first, *_ = (ROOT / "examples" / "sample.yaml").read_text().splitlines()
    assert "sample of the original operator" in first
