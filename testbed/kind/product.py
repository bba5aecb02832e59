"""The product in the cluster, installed as its users do: by install.sh."""

import os
import subprocess

from testbed.controller import CRDS_VARIABLE
from testbed.kind.cluster import build_kubectl
from testbed.kubectl import Kubectl
from testbed.layout import KIND, ROOT

# As images/ names what it builds.
REGISTRY = "registry.example.com"
METACONTROLLER_IMAGE = f"{REGISTRY}/vk8s/metacontroller:test"
# Where nobody says which: those that tests take, with no more than an API server asks for.
_CRDS = ROOT / "tests" / "install" / "metacontroller-crds.yaml"
_ROLLOUT_SECONDS = 180


def install() -> None:
    """Installs it, or brings what is there up to date; returns when it runs, with the images that nodes know now."""
    kubectl = build_kubectl()
    known = _list_pods(kubectl)
    crds = os.environ.get(CRDS_VARIABLE) or str(_CRDS)
    _run_installer(
        kubectl,
        REGISTRY,
        *("--metacontroller-image", METACONTROLLER_IMAGE),
        *("--metacontroller-crds", crds),
    )
    if known:
        _restart(kubectl)


def _run_installer(kubectl: Kubectl, *arguments: str) -> None:
    environment = {**os.environ, "KUBECONFIG": str(KIND.kubeconfig), "KUBECTL": kubectl.command[0]}
    command = [str(ROOT / "install.sh"), *arguments]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"install.sh: {result.stderr.strip()}")


def _list_pods(kubectl: Kubectl) -> str:
    return kubectl.run("get", "pods", "--namespace=vk8s-system", "--output=name")


def _restart(kubectl: Kubectl) -> None:
    """An image of the same name does not make Kubernetes replace pods."""
    system = kubectl.within("vk8s-system")
    for name in ("vk8s-hooks", "metacontroller"):
        system.run("rollout", "restart", f"deployment/{name}")
        system.run("rollout", "status", f"deployment/{name}", f"--timeout={_ROLLOUT_SECONDS}s")
