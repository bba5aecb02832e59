"""What the README and the page about curl say of an installation, typed in as it stands there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from testbed.layout import ROOT
from tests.install.conftest import bring_installer, name_image
from tests.install.installer import METACONTROLLER_IMAGE, OWN_CRDS, REGISTRY
from tests.walkthrough.pages import read_commands
from tests.walkthrough.terminal import Terminal, open_terminal

# What install.sh pulls where nobody says otherwise.
PUBLIC_IMAGE = "docker.io/metacontrollerio/metacontroller:v4.17.2"


@pytest.fixture
def terminal(host_with_node: HostCluster, tmp_path: Path) -> Iterator[Terminal]:
    """A shell for a cluster that has Metacontroller's image and CRDs, as there is no internet to fetch them from."""
    name_image(host_with_node, METACONTROLLER_IMAGE, PUBLIC_IMAGE)
    for installer in bring_installer(host_with_node, tmp_path):
        installer.kubectl.run("apply", f"--filename={OWN_CRDS}")
        with open_terminal(ROOT, installer.build_environment({}), tmp_path) as terminal:
            yield terminal


@pytest.mark.nightly("tests/kind/test_newcomer.py")
def test_installing_and_asking_the_hooks(terminal: Terminal) -> None:
    terminal.follow(read_commands(ROOT / "README.md", under="With a script"))
    terminal.type("mkdir -p build && .venv/bin/python -m hooks request -f examples/local.yaml >build/request.json")
    terminal.follow(read_commands(ROOT / "docs" / "debugging.md", under="The hooks of a cluster"))


@pytest.mark.nightly("tests/kind/test_newcomer.py")
def test_last_words_of_the_installer_create_a_virtual_cluster(terminal: Terminal) -> None:
    printed = terminal.type(f"./install.sh {REGISTRY}")
    commands = [line for line in printed.splitlines() if line.startswith("  ")]
    assert len(commands) == 2
    try:
        terminal.type("\n".join(commands))
        terminal.type("kubectl wait -n demo vk8s/local --for=jsonpath='{.status.phase}'=Installing --timeout=1m")
        # The host has no room for the worker.
        terminal.type("kubectl wait -n demo pod/local-master --for=condition=Ready --timeout=2m")
        assert terminal.type(f"./install.sh {REGISTRY}").splitlines()[-1] == "Installed."
    finally:
        terminal.type("kubectl delete vk8s -n demo --all && kubectl delete namespace demo")
