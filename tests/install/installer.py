"""Somebody who installs: runs the scripts as a user would, and looks at what came of it."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl
from testbed.layout import ROOT
from tests.machine import build_environment

SYSTEM = "vk8s-system"
REGISTRY = "registry.example.com"
METACONTROLLER_IMAGE = f"{REGISTRY}/vk8s/metacontroller:test"
CRDS_VARIABLE = "METACONTROLLER_CRDS"
# The kinds alone: what the fake Metacontroller, and an API server, need of its CRDs.
OWN_CRDS = Path(__file__).parent / "metacontroller-crds.yaml"
# Empty where make passes on that there are none.
CRDS = os.environ.get(CRDS_VARIABLE) or str(OWN_CRDS)
PARTS = "app.kubernetes.io/part-of=vk8s"
Result = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Installer:
    """A user of install.sh and uninstall.sh; `directory` is for files of theirs."""

    kubectl: Kubectl
    directory: Path

    @property
    def system(self) -> Kubectl:
        """`kubectl` for the namespace in which everything runs."""
        return self.kubectl.within(SYSTEM)

    def install(self, *arguments: str, crds: str = CRDS) -> Result:
        """./install.sh, with Metacontroller's image and CRDs from here."""
        options = [f"--metacontroller-image={METACONTROLLER_IMAGE}", f"--metacontroller-crds={crds}"]
        words = [word for option in options for word in option.split("=", 1)]
        return self.run("./install.sh", *(arguments or (REGISTRY,)), *words)

    def uninstall(self, *arguments: str) -> Result:
        """./uninstall.sh, with nobody at the keyboard."""
        return self.run("./uninstall.sh", *arguments)

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> Result:
        """A command in the project's directory, with kubectl for the host cluster."""
        return subprocess.run(
            command, cwd=ROOT, env=self.build_environment(environment or {}), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def build_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What a shell of theirs has: kubectl for the host cluster, and `environment`."""
        program, kubeconfig = self.kubectl.command[0], self.kubectl.command[1].removeprefix("--kubeconfig=")
        path = f"{Path(program).parent}:{os.environ['PATH']}"
        return {**build_environment(), "PATH": path, "KUBECONFIG": kubeconfig, "ROLLOUT_TIMEOUT": "90s", **environment}

    def clear(self) -> None:
        """Deletes all that a test may have left over, whether or not uninstall.sh can."""
        names = self.kubectl.run("get", "crd,namespaces", "--output=name")
        if not any(part in names for part in ("vk8s", "metacontroller")):
            return
        # Without them, nobody ends a virtual cluster.
        if self.system.succeeds("get", "deployment", "vk8s-hooks"):
            self.system.run("scale", "deployment", "vk8s-hooks", "--replicas=2")
        self.uninstall("--yes", "--timeout", "90")
        kinds = "namespaces,clusterroles,clusterrolebindings"
        self.kubectl.run("delete", kinds, f"--selector={PARTS}", "--ignore-not-found", "--timeout=60s")
        # Of what was before nobody shall hear.
        self.kubectl.run("delete", "events", "--all")
        if "metacontroller" in names:
            self.kubectl.run("delete", f"--filename={CRDS}", "--ignore-not-found", "--timeout=60s")

    def read_keys(self) -> Manifest:
        """The data of both Secrets with keys."""
        return {name: self.system.get("secret", name)["data"] for name in ("vk8s-hooks", "vk8s-hooks-client")}

    def write_kubeconfig(self, token: str) -> Path:
        """A kubeconfig for the host cluster with other credentials."""
        config = json.loads(Path(self.kubectl.command[1].removeprefix("--kubeconfig=")).read_text())
        (context,) = config["contexts"]
        user = {"name": "other", "user": {"token": token}}
        contexts = [{**context, "context": {**context["context"], "user": "other"}}]
        path = self.directory / "other.kubeconfig"
        path.write_text(json.dumps({**config, "users": [user], "contexts": contexts}))
        return path
