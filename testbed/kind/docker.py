"""The Docker that runs the nodes: the user's, where it can run them, or one of our own that leaves nothing behind."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class DockerError(Exception):
    """Docker could not do what it was asked for; the message is what it said."""


@dataclass(frozen=True)
class Docker:
    """A Docker daemon. `environment` leads `docker` and `kind` to it.

    `address`: where it publishes ports; without, kind chooses.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None

    def run(self, *arguments: str) -> str:
        """Standard output of `docker`. Raises DockerError."""
        result = self._call(arguments)
        if result.returncode != 0:
            raise DockerError(f"docker {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout

    def succeeds(self, *arguments: str) -> bool:
        """Whether Docker says that it did it."""
        return self._call(arguments).returncode == 0

    def load(self, archive: Path) -> str:
        """The name of the image in a docker archive, which Docker knows then."""
        return self.run("load", "--input", str(archive)).strip().rpartition("Loaded image: ")[2]

    def _call(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.environment}
        return subprocess.run(["docker", *arguments], env=environment, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Leftovers:
    """What kind leaves in a Docker after a cluster. `file` remembers what of it was not there before."""

    docker: Docker
    file: Path

    def remember(self, *images: str) -> None:
        """Stores which of these images, and whether kind's network, are not there yet; once for a cluster."""
        if not self.file.exists():
            things = [("network", "kind"), *(("image", image) for image in images)]
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps([thing for thing in things if not self._is_there(*thing)]))

    def remove(self) -> None:
        """Removes what was not there before; nothing where nothing is stored."""
        for thing in json.loads(self.file.read_text()) if self.file.exists() else ():
            if self._is_there(*thing):
                kind, name = thing
                self.docker.run(kind, "rm", name)

    def _is_there(self, kind: str, name: str) -> bool:
        return self.docker.succeeds(kind, "inspect", name)


def find_users(pause: Path) -> Docker | None:
    """The user's Docker, if one answers and may start privileged containers, as nodes are; else None.

    Tried with the pause image, an archive; nothing of the trial is left.
    """
    users = Docker()
    return users if users.succeeds("info") and _can_run_nodes(users, pause) else None


def _can_run_nodes(docker: Docker, archive: Path) -> bool:
    known = docker.run("image", "ls", "--quiet", "--no-trunc").split()
    pause = docker.load(archive)
    image = docker.run("image", "inspect", "--format={{.Id}}", pause).strip()
    container = docker.run("create", "--privileged", "--network=none", pause).strip()
    try:
        return docker.succeeds("start", container)
    finally:
        docker.run("rm", "--force", container)
        if image not in known:
            docker.run("image", "rm", pause)
