"""The commands of docs/how-to/host-maintenance.md, typed in as they stand there, for another host and Vk8s."""

import subprocess
from collections.abc import Mapping
from typing import Final

from testbed.layout import ROOT
from tests.nested.virtual import VirtualCluster
from tests.walkthrough.pages import read_commands

PAGE: Final = ROOT / "docs" / "how-to" / "host-maintenance.md"
# What the page says where its reader has a name of their own.
HOST, VK8S = "host-2", "sample"


def follow(virtual: VirtualCluster, heading: str, host: str, worker: str = "") -> str:
    """Types in all commands below a heading of the page, for that worker if one is named; returns what they print."""
    commands = [command.text for command in read_commands(PAGE, under=heading)]
    assert commands, f"{PAGE.name} has no command below {heading}"
    workers = {f"{VK8S}-worker": worker} if worker else {}
    return type_in(virtual, "\n".join(commands), {HOST: host, **workers, VK8S: virtual.name})


def type_in(virtual: VirtualCluster, text: str, names: Mapping[str, str]) -> str:
    """Runs commands in a shell of the host cluster's administrator, with these names instead of those on the left."""
    for sample, name in names.items():
        text = text.replace(sample, name)
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env=virtual.host.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, f"{text}\n{shell.stdout}\n{shell.stderr}\n{virtual.describe()}"
    return shell.stdout
