"""docs/installation.md, "Your first virtual cluster": typed in as it stands there, in the cluster of a new user."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import yaml

from testbed.layout import ROOT
from tests.kind.conftest import RESOURCES
from tests.nested.cli import install_plugin
from tests.nested.host import Host, read_example
from tests.walkthrough.pages import read_commands
from tests.walkthrough.terminal import Terminal, open_terminal

PAGE: Final = ROOT / "docs" / "installation.md"
EXAMPLE, NAMESPACE = "examples/local.yaml", "demo"
# Other tests have a virtual cluster with the ports of the example.
SSH_PORT = 31022


@pytest.fixture
def terminal(host: Host, tmp_path: Path) -> Iterator[Terminal]:
    """A shell in the clone, for the kind cluster, with `kubectl vk8s`. Nothing that the page creates is left."""
    path = f"{install_plugin(tmp_path)}:{host.environment['PATH']}"
    own = {**os.environ, **host.environment, "PATH": path, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    try:
        with open_terminal(ROOT, own, tmp_path) as terminal:
            yield terminal
    finally:
        everywhere = host.kubectl.within(NAMESPACE)
        everywhere.run("delete", "vk8s", "--all", "--timeout=2m")
        everywhere.run("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=2m")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """examples/local.yaml, with less of everything that a new user's cluster has and this one shares."""
    manifest = read_example()
    nodes = [{**node, "resources": RESOURCES[node["role"]]} for node in manifest["spec"]["nodes"]]
    spec = {**manifest["spec"], "nodes": nodes, "accessPodPort": SSH_PORT}
    del spec["ports"]
    file = tmp_path / "example.yaml"
    file.write_text(yaml.safe_dump({**manifest, "spec": spec}))
    return file


@pytest.mark.nightly("tests/kind/test_newcomer.py")
def test_page_leads_to_a_first_virtual_cluster(terminal: Terminal, example: Path, host: Host) -> None:
    commands = read_commands(PAGE, under="Your first virtual cluster")
    assert sum(EXAMPLE in command.text for command in commands) == 1
    terminal.follow([replace(command, text=command.text.replace(EXAMPLE, str(example))) for command in commands])
    assert not host.kubectl.succeeds("get", "namespace", NAMESPACE)
