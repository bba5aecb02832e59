"""`kubectl vk8s` as a plugin of kubectl, on PATH next to it, for the host cluster of the tests."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from testbed.layout import ROOT

NAMES = ("kubectl-vk8s", "kubectl_complete-vk8s")
_PROGRAM = f"""#!{sys.executable}
import sys
sys.path.insert(0, "{ROOT}")
from kubectl_vk8s.__main__ import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Plugin:
    """kubectl with the plugin, and a kubeconfig of its own that contexts can be written to."""

    environment: Mapping[str, str]

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command of a user's shell."""
        return subprocess.run(
            command, env=dict(self.environment), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )


def install_plugin(directory: Path) -> Path:
    """Puts the program where kubectl finds it under both of its names; the directory for PATH."""
    place = directory / "bin"
    place.mkdir()
    for name in NAMES:
        (place / name).write_text(_PROGRAM)
        (place / name).chmod(0o755)
    return place
