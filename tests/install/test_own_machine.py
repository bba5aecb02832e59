"""docs/installation.md, "Hooks from your own machine", word by word."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.install.conftest import wait_for_an_answer
from tests.install.installer import Installer
from tests.nested.virtual import VirtualCluster

SECONDS = 60
CHAPTER = (ROOT / "docs" / "installation.md").read_text().partition("## Hooks from your own machine")[2]
(COMMANDS,) = re.findall(r"```sh\n(.*?)```", CHAPTER, re.DOTALL)
(BACK,) = re.findall(r"Back again: `(.*?)`", CHAPTER)


@pytest.fixture
def served(installed: Installer, host_with_node: HostCluster) -> Iterator[Path]:
    """The hooks serve from a machine that is no pod; where their log is."""
    log = installed.directory / "hooks.log"
    # One that pods of the host cluster reach: there is no way out of a testbed, so it is in there.
    environment = installed.build_environment({"ADDRESS": host_with_node.testbed.address})
    shell = host_with_node.in_network(["bash", "-euo", "pipefail", "-c", COMMANDS])
    with log.open("w") as file:
        process = subprocess.Popen(
            shell, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
        try:
            wait_for("the hooks", lambda: "Listening on" in log.read_text(), SECONDS, log.read_text)
            yield log
        finally:
            # make, and the hooks that it runs.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=SECONDS)


@pytest.mark.nightly("tests/api/test_tls.py")
def test_answers_are_those_to_the_questions(installed: Installer, virtual: VirtualCluster, served: Path) -> None:
    selector = "--selector=app.kubernetes.io/name=vk8s-hooks"
    wait_for("the end of the pods", lambda: not installed.system.get("pods", selector)["items"], SECONDS)
    uid = virtual.kubectl.get("pod", *virtual.nodes)["metadata"]["uid"]
    wait_for_an_answer(virtual, "here")
    assert f"vk8s/sync default/{virtual.name}" in served.read_text()

    installed.run("bash", "-c", BACK)
    assert installed.install().returncode == 0
    wait_for_an_answer(virtual, "there")
    assert virtual.kubectl.get("pod", *virtual.nodes)["metadata"]["uid"] == uid
