"""A real registry on this machine's loopback: the one of the distribution project, as Debian packages it."""

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.kubernetes.manifest import Manifest
from release.oci import INDEX, MANIFEST
from testbed.waiting import wait_for
from tests.machine import REQUIRED

PROGRAMS = ("docker-registry", "skopeo")
# Who may push to a secure one, and how the registry knows: the hash is of this password.
LOGIN = "pusher:secret"
USER = "pusher:$2b$04$rADDZXsNKC76B1deUrIgZe.tzsLFh8SHCBGiaQO9U1CvgwOJyqm6m"
SECONDS = 30


@dataclass(frozen=True)
class Registry:
    """A registry: anybody on this machine can push to it by HTTP, or who logs in by HTTPS if there is a CA to trust."""

    address: str
    trust: Path | None = None

    def answers(self) -> bool:
        """Whether it takes calls."""
        try:
            return self.get("").is_success
        except httpx.TransportError:
            return False

    def get(self, path: str) -> httpx.Response:
        """The answer to a call of its API."""
        url = f"{'https' if self.trust else 'http'}://{self.address}/v2/{path}"
        trusted = ssl.create_default_context(cafile=self.trust / "ca.crt") if self.trust else True
        login = httpx.BasicAuth(*LOGIN.split(":")) if self.trust else None
        return httpx.get(url, headers={"Accept": f"{INDEX}, {MANIFEST}"}, auth=login, verify=trusted, timeout=SECONDS)

    def read_manifest(self, name: str, reference: str) -> tuple[str, Any]:
        """The digest and the content of what has a tag or digest."""
        answer = self.get(f"{name}/manifests/{reference}").raise_for_status()
        return answer.headers["Docker-Content-Digest"], answer.json()

    def list_repositories(self) -> list[str]:
        """All that something was pushed to."""
        repositories: list[str] = self.get("_catalog").raise_for_status().json()["repositories"]
        return repositories


@contextmanager
def serve_registry(directory: Path, *, secure: bool = False) -> Iterator[Registry]:
    """A registry with its data in a directory, while the context lasts; skips the test where there is no program."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing and os.environ.get(REQUIRED) != "required":
        pytest.skip(f"missing: {', '.join(missing)}, which `make test` installs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config, log = directory / "config.yml", directory / "log"
    config.write_text(json.dumps(build_config(directory, address, secure=secure)))
    command = ["docker-registry", "serve", str(config)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            registry = Registry(address, directory / "trust" if secure else None)
            wait_for("the registry", registry.answers, SECONDS, log.read_text)
            yield registry
        finally:
            process.terminate()


def build_config(directory: Path, address: str, *, secure: bool) -> Manifest:
    """The configuration of the registry; a secure one has keys and a user."""
    storage = {"filesystem": {"rootdirectory": str(directory / "data")}}
    config = {"version": "0.1", "log": {"level": "error"}, "storage": storage, "http": {"addr": address}}
    if not secure:
        return config
    create_keys(directory)
    (directory / "users").write_text(f"{USER}\n")
    tls = {"certificate": str(directory / "trust" / "ca.crt"), "key": str(directory / "registry.key")}
    auth = {"htpasswd": {"realm": "test", "path": str(directory / "users")}}
    return {**config, "http": {"addr": address, "tls": tls}, "auth": auth}


def create_keys(directory: Path) -> None:
    """A certificate that nobody but who is given it trusts."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    names = ["-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1"]
    (directory / "trust").mkdir()
    files = ["-keyout", str(directory / "registry.key"), "-out", str(directory / "trust" / "ca.crt")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)


def push(directory: Path, registry: str, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """`vk8s-push` of a release, to a registry without TLS if no option says otherwise."""
    command = [str(directory / "vk8s-push"), registry, *(options or ["--dest-tls-verify=false"])]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
