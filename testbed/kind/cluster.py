"""The cluster itself: a control plane and two workers, created and deleted by kind."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from testbed import builds
from testbed.kind.builds import CACHE
from testbed.kind.docker import Docker
from testbed.kubectl import Kubectl
from testbed.layout import KIND, ROOT

NAME = "vk8s"
# The hosts of virtual nodes; the control plane takes no pods but its own.
WORKERS = ("vk8s-worker", "vk8s-worker2")
NODES = ("vk8s-control-plane", *WORKERS)
# Where nodes find the image store, as virtual nodes do, and all archives.
STORE, ARCHIVES = "/opt/vk8s/store", "/vk8s/archives"
# One directory that all nodes have, for volumes that can be attached to any host.
SHARED = "/vk8s/shared"
SHARED_SOURCE = KIND.state / "shared"
_API_PORT = 6443
_READY_SECONDS = 180


@dataclass(frozen=True)
class Cluster:
    """The cluster in a Docker. `kind`: the program."""

    docker: Docker
    kind: Path

    def exists(self) -> bool:
        """Whether there is one; its nodes may have stopped."""
        return NAME in self._run("get", "clusters").split()

    def create(self, config: Mapping[str, object]) -> None:
        """Creates it, writes the kubeconfig, and returns when all nodes are Ready."""
        path = KIND.state / "kind.json"
        SHARED_SOURCE.mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        path.write_text(json.dumps(config, indent=2))
        self._run("create", "cluster", f"--name={NAME}", f"--config={path}", f"--kubeconfig={KIND.kubeconfig}")
        kubectl = build_kubectl()
        kubectl.run("wait", "--for=condition=Ready", "nodes", "--all", f"--timeout={_READY_SECONDS}s")

    def delete(self) -> None:
        """Deletes it; nothing where there is none."""
        self._run("delete", "cluster", f"--name={NAME}", f"--kubeconfig={KIND.kubeconfig}")

    def import_images(self, archives: Sequence[Path], nodes: Sequence[str] = WORKERS) -> None:
        """Makes the images of docker archives in the cache known to the workers, or to these nodes."""

        def import_all(node: str) -> None:
            # One after the other: a layer that two of them have is unpacked once.
            for archive in archives:
                command = ("ctr", "--namespace=k8s.io", "image", "import", f"{ARCHIVES}/{archive.name}")
                self.docker.run("exec", node, *command)

        with ThreadPoolExecutor() as pool:
            list(pool.map(import_all, nodes))

    def _run(self, *arguments: str) -> str:
        environment = {**os.environ, **self.docker.environment}
        result = subprocess.run([self.kind, *arguments], env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"kind {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout


def build_config(image: str, store: Path | None, address: str | None) -> Mapping[str, object]:
    """Configuration for kind: nodes of this image, with the store of images if they are made for it.

    `address`: where the API server is published; kind chooses if there is none.
    """
    shared = {**_mount(SHARED_SOURCE, SHARED), "readOnly": False}
    mounts = [_mount(CACHE, ARCHIVES), *([_mount(store, STORE)] if store else []), shared]
    published = {"apiServerAddress": address, "apiServerPort": _API_PORT} if address else {}
    roles = ("control-plane", "worker", "worker")
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        # The kube-proxy that is built here knows nftables alone.
        "networking": {"ipFamily": "ipv4", "kubeProxyMode": "nftables", **published},
        **({"kubeadmConfigPatches": [_build_patch()]} if store else {}),
        "nodes": [{"role": role, "image": image, "extraMounts": mounts} for role in roles],
    }


def build_kubectl() -> Kubectl:
    """`kubectl` for the cluster, as its administrator."""
    return Kubectl([f"{builds.build_binaries()}/kubectl", f"--kubeconfig={KIND.kubeconfig}"])


def _mount(source: Path, target: str) -> Mapping[str, object]:
    return {"hostPath": str(source), "containerPath": target, "readOnly": True}


def _build_patch() -> str:
    """What the images of the control plane are called that images/kink/versions.sh has chosen."""
    versions = dict(line.split("=", 1) for line in _read_versions().splitlines())
    patch = {
        "kind": "ClusterConfiguration",
        "dns": {"imageTag": versions["COREDNS_TAG"]},
        "etcd": {"local": {"imageTag": versions["ETCD_TAG"]}},
    }
    return json.dumps(patch)


def _read_versions() -> str:
    script = ROOT / "images" / "kink" / "versions.sh"
    return subprocess.run([script], capture_output=True, text=True, check=True).stdout
