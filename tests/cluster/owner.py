"""Somebody who owns virtual clusters: applies them, looks at them, and plays the kubelet for their pods."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.child_kinds import CHILD_RESOURCES
from tests.world import node

SECONDS = 60
STILL_AFTER_SECONDS = 10
WATCHED_SECONDS = 20
LOOK_SECONDS = 0.5


def build_vk8s(name: str = "demo", **spec: Any) -> Manifest:
    """A Vk8s with a control-plane node and a worker; `spec` replaces fields of it."""
    nodes = [node("m", "master"), node("w", "worker")]
    return {
        "apiVersion": "vk8s.sktelecom.com/v1alpha1",
        "kind": "Vk8s",
        "metadata": {"name": name},
        "spec": {"nodes": nodes, **spec},
    }


def read_condition(status: Manifest, kind: str) -> Manifest:
    """A condition of a status; empty while it has none of that type."""
    conditions: list[Manifest] = status.get("conditions", [])
    return next((entry for entry in conditions if entry["type"] == kind), {})


@dataclass(frozen=True)
class Owner:
    """`kubectl` for one namespace, and what a test wants to know there."""

    kubectl: Kubectl
    namespace: str

    def children(self, name: str = "demo") -> dict[str, Manifest]:
        """The children of a Vk8s, by `Kind/name`."""
        selector = f"--selector=vk8s.sktelecom.com/vk8s={name}"
        items = self.kubectl.get(CHILD_RESOURCES, selector)["items"]
        return {f"{item['kind']}/{item['metadata']['name']}": item for item in items}

    def versions(self) -> Mapping[str, str]:
        """The resourceVersion of every child and of the Vk8s."""
        children = {name: child["metadata"]["resourceVersion"] for name, child in self.children().items()}
        return {**children, "Vk8s": self.kubectl.get("vk8s", "demo")["metadata"]["resourceVersion"]}

    def check_stillness(self) -> None:
        """AssertionError where children or status go on changing although nobody does anything."""
        start, changed_at, versions = time.monotonic(), 0.0, self.versions()
        # That nothing happens any more can only be seen by watching. However late one looks, a change leaves a version.
        while time.monotonic() - start < WATCHED_SECONDS:
            time.sleep(LOOK_SECONDS)
            now = self.versions()
            if now != versions:
                changed_at, versions = time.monotonic() - start, now
        assert changed_at < STILL_AFTER_SECONDS

    def wait_for_children(self, *names: str) -> dict[str, Manifest]:
        """The children, once those are among them; `Kind/name`."""
        wait_for(
            ", ".join(names),
            lambda: set(names) <= set(self.children()),
            SECONDS,
            lambda: f"There are {sorted(self.children())}, status {self.status()}",
        )
        return self.children()

    def status(self, name: str = "demo") -> Manifest:
        """Status of the Vk8s; empty while it has none."""
        status: Manifest = (self.kubectl.find("vk8s", name) or {}).get("status", {})
        return status

    def condition(self, kind: str, name: str = "demo") -> Manifest:
        """A condition of the Vk8s; empty while it has none of that type."""
        return read_condition(self.status(name), kind)

    def has_another(self, child: Manifest) -> bool:
        """Whether there is another object of that kind and name: it has been recreated."""
        found = self.children().get(f"{child['kind']}/{child['metadata']['name']}")
        return found is not None and found["metadata"]["uid"] != child["metadata"]["uid"]

    def wait_for_reason(self, kind: str, reason: str, seconds: float = SECONDS) -> Manifest:
        """The condition, once it has that reason."""

        def find() -> Manifest | None:
            found = self.condition(kind)
            return found if found.get("reason") == reason else None

        return wait_for(f"{kind} {reason}", find, seconds, lambda: json.dumps(self.status()))

    def play_kubelet(self, pod: str, address: str = "10.200.0.9") -> None:
        """Makes the pod's status say that it runs and is Ready."""
        conditions = [{"type": kind, "status": "True"} for kind in ("PodScheduled", "Ready")]
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}
        patch = json.dumps({"status": status})
        self.kubectl.run("patch", "pod", pod, "--subresource=status", "--type=merge", f"--patch={patch}")

    def run_cluster(self, vk8s: Manifest | None = None) -> Manifest:
        """Applies a Vk8s, and plays the kubelet until status says Running; the Vk8s."""
        manifest = vk8s or build_vk8s()
        self.kubectl.apply(manifest)
        pods = [entry["name"] for entry in manifest["spec"]["nodes"]]
        self.wait_for_children(*(f"Pod/{pod}" for pod in pods))
        for pod in pods:
            self.play_kubelet(pod)
        name = manifest["metadata"]["name"]
        wait_for(
            "Running", lambda: self.status(name).get("phase") == "Running", SECONDS, lambda: str(self.status(name))
        )
        return self.kubectl.get("vk8s", name)
