"""Somebody new, with a cluster, a clone and Helm: follows docs/how-to/helm.md from nothing to a virtual cluster."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from testbed.kind.builds import CACHE
from testbed.kind.cluster import WORKERS
from testbed.kind.product import METACONTROLLER_IMAGE
from testbed.kubectl import Kubectl
from testbed.layout import KIND, ROOT
from tests.charts.helm import VERSIONS, build_helm
from tests.install.installer import CRDS
from tests.kind.machines import Machine
from tests.machine import build_environment
from tests.walkthrough.pages import Command, read_commands
from tests.walkthrough.terminal import Terminal, open_terminal

PAGE: Final = ROOT / "docs" / "how-to" / "helm.md"
WAY, REMOVAL, END = "From nothing to a virtual cluster", "Remove a virtual cluster", "Uninstall"
# What the page has from elsewhere: no test loads anything.
CRDS_URL: Final = re.compile(r"https://\S+/metacontroller-crds-v1\.yaml")
IMAGE_ELSEWHERE: Final = "docker.io/metacontrollerio/metacontroller:v4.17.2"


@dataclass(frozen=True)
class Walk:
    """What was typed in, and how long each command took, in seconds."""

    terminal: Terminal
    seconds: dict[str, float] = field(default_factory=dict)

    def follow(self, heading: str) -> None:
        """Types in the commands below a heading, line by line."""
        for command in list_lines(heading):
            start = time.monotonic()
            self.terminal.follow([replace(command, text=CRDS_URL.sub(CRDS, command.text))])
            self.seconds[command.text] = time.monotonic() - start


def list_lines(heading: str) -> Iterator[Command]:
    """Each command below a heading of the page, where a block may have several."""
    for command in read_commands(PAGE, under=heading):
        for text in command.text.replace("\\\n", " ").splitlines():
            yield replace(command, text=text)


@contextmanager
def walking(kubectl: Kubectl, directory: Path) -> Iterator[Walk]:
    """A shell in the clone, with kubectl, helm and a home directory of its own."""
    for host in WORKERS:
        command = ("ctr", "--namespace=k8s.io", "image", "tag", METACONTROLLER_IMAGE, IMAGE_ELSEWHERE)
        Machine(host, kubectl).run(*command)
    programs = directory / "programs"
    programs.mkdir()
    (programs / "helm").symlink_to(build_helm(VERSIONS[-1], directory).program)
    with open_terminal(ROOT, build_newcomers_environment(kubectl, programs), directory) as terminal:
        yield Walk(terminal)


def build_newcomers_environment(kubectl: Kubectl, programs: Path) -> Mapping[str, str]:
    """What the shell of somebody has who uses neither Helm nor this cluster for anything else."""
    home = str(programs.parent)
    path = f"{programs}:{Path(kubectl.command[0]).parent}:{os.environ['PATH']}"
    own = {"PATH": path, "HOME": home, "XDG_RUNTIME_DIR": home, "KUBECONFIG": str(KIND.kubeconfig)}
    return {**build_environment(), **own, "VK8S_CACHE": str(CACHE)}
