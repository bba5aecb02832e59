"""Contexts of virtual clusters in a kubeconfig, written by `kubectl config`, which locks the file."""

import json
import os
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubectl_vk8s.credentials import Credentials
from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.tunnel.place import Tunnel

# By its bare name: kubectl stores a path relative to the folder of the kubeconfig.
PLUGIN: Final = "kubectl-vk8s"
PREFIX: Final = "vk8s_"
_API: Final = "client.authentication.k8s.io/v1"


@dataclass(frozen=True)
class Target:
    """Which file to write: that of the environment where `file` is empty."""

    file: str = ""

    def config(self, *arguments: str) -> str:
        """Runs `kubectl config`. Raises KubectlError."""
        return Kubectl((f"--kubeconfig={self.file}",) if self.file else ()).run("config", *arguments)

    def read(self) -> Mapping[str, Any]:
        """The kubeconfig."""
        found: dict[str, Any] = json.loads(self.config("view", "--raw", "--output=json"))
        return found

    def get_current(self) -> str:
        """Name of the current context; empty where there is none."""
        with suppress(KubectlError):
            return self.config("current-context").strip()
        return ""

    def list_own(self) -> list[str]:
        """Names of the contexts that `connect` has written."""
        return [each["name"] for each in self.read().get("contexts") or [] if each["name"].startswith(PREFIX)]

    def find_tunnel(self, context: str) -> Mapping[str, str] | None:
        """The arguments of `credential` in the user of a context; None where there is no such user."""
        users = self.read().get("users") or []
        execs = [each["user"].get("exec") or {} for each in users if each["name"] == context]
        if not execs or execs[0].get("command") != PLUGIN:
            return None
        return dict(argument.removeprefix("--").split("=", 1) for argument in (execs[0].get("args") or [])[1:])


def name_context(tunnel: Tunnel, host: str) -> str:
    """Name of the context of a virtual cluster. `host`: the context of its host cluster."""
    return f"{PREFIX}{host or 'in-cluster'}_{tunnel.namespace}_{tunnel.name}"


def check_plugin() -> None:
    """ProblemError where kubectl would not find this program."""
    if shutil.which(PLUGIN) is None:
        raise ProblemError(
            f"kubectl looks for {PLUGIN} on PATH, and it is not there: put this program there under that name, or use "
            "`kubectl vk8s connect NAME -- COMMAND` or `kubectl vk8s kubeconfig`."
        )


def write_context(target: Target, name: str, tunnel: Tunnel, server: "Server") -> None:
    """Writes cluster, user and context of a virtual cluster, without any key."""
    with tempfile.TemporaryDirectory() as directory:
        authority = Path(directory) / "ca.crt"
        authority.write_bytes(b64decode(server.credentials.authority))
        target.config(
            "set-cluster", name, f"--server={server.url}", f"--tls-server-name={server.credentials.server_name}",
            f"--certificate-authority={authority}", "--embed-certs=true",
        )  # fmt: skip
    target.config(
        "set-credentials", name, f"--exec-api-version={_API}", f"--exec-command={PLUGIN}",
        *(f"--exec-arg={argument}" for argument in ["credential", *tunnel.arguments]),
        "--exec-interactive-mode=Never", *_build_environment(target, tunnel),
    )  # fmt: skip
    target.config("set-context", name, f"--cluster={name}", f"--user={name}")


@dataclass(frozen=True)
class Server:
    """Where the API server is reached, and by what it is known."""

    url: str
    credentials: Credentials


def _build_environment(target: Target, tunnel: Tunnel) -> Sequence[str]:
    """The kubeconfig of the host cluster, where programs that use this context may have another one."""
    before = os.environ.get("KUBECONFIG")
    if tunnel.kubeconfig or not (before or target.file):
        return []
    paths = (before or str(Path.home() / ".kube" / "config")).split(os.pathsep)
    return [f"--exec-env=KUBECONFIG={os.pathsep.join(str(Path(path).absolute()) for path in paths)}"]


def remove_context(target: Target, name: str, before: str) -> None:
    """Removes what `write_context` has written; where it was the current one, goes back to the one before."""
    if target.get_current() == name:
        names = [each["name"] for each in target.read().get("contexts") or []]
        target.config("use-context", before) if before in names else target.config("unset", "current-context")
    for verb in ("delete-context", "delete-user", "delete-cluster"):
        with suppress(KubectlError):
            target.config(verb, name)
