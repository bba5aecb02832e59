"""One virtual cluster under test: applied from a file, reached by its kubeconfig Secret, deleted."""

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl, KubectlError, has_condition
from testbed.waiting import patient, wait_for
from tests.child_kinds import CHILD_RESOURCES
from tests.nested.host import Host

BOOT_SECONDS = 180
DELETE_SECONDS = 120


@dataclass(frozen=True)
class VirtualCluster:
    """A Vk8s in the tests' namespace of a host cluster, and how to reach what is in it."""

    host: Host
    manifest: Manifest
    directory: Path

    @property
    def kubectl(self) -> Kubectl:
        """`kubectl` for the host cluster."""
        return self.host.kubectl

    @property
    def name(self) -> str:
        """Name of the Vk8s."""
        return str(self.manifest["metadata"]["name"])

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes, the control-plane node first."""
        return [node["name"] for node in self.manifest["spec"]["nodes"]]

    @property
    def inside(self) -> Kubectl:
        """`kubectl` for the virtual cluster, in the host's network, with the kubeconfig just as the Secret holds it."""
        client, path = self.host.client, self.write_kubeconfig()
        return Kubectl(
            client.network.command(client.kubectl, f"--kubeconfig={path}", f"--request-timeout={patient(5)}s")
        )

    def write_kubeconfig(self) -> Path:
        """Puts the kubeconfig of the Secret where the client is; its path there."""
        path = self.directory / f"{self.name}.kubeconfig"
        secret = self.kubectl.get("secret", f"{self.name}-kubeconfig")
        self.host.client.network.write(path, base64.b64decode(secret["data"]["value"]).decode())
        return path

    def ensure_running(self) -> None:
        """Applies it, and waits until status says Running."""
        self.kubectl.apply(self.manifest)
        self.wait_for_phase("Running")

    def ensure_absent(self) -> None:
        """Deletes it, and waits until nothing of it is there, so that the next one starts from nothing."""
        self.kubectl.run("delete", "vk8s", self.name, "--wait=false", "--ignore-not-found")
        wait_for(f"the end of {self.name}", lambda: not self.list_objects(), DELETE_SECONDS, self.describe)

    def give_image(self, archive: Path) -> None:
        """Imports a docker archive into each node, as pods inside can't pull what it has."""
        importing = ("ctr", "--namespace=k8s.io", "image", "import", "-")
        for node in self.nodes:
            self.kubectl.feed(archive, "exec", "--stdin", node, "--", *importing)

    def list_objects(self) -> list[str]:
        """Names of the Vk8s and of all its children and volumes that the host cluster has, `kind/name`."""
        own = self.kubectl.run(
            "get", f"vk8s,{CHILD_RESOURCES}", f"--selector=vk8s.sktelecom.com/vk8s={self.name}", "--output=name"
        )
        parent = self.kubectl.run("get", "vk8s", self.name, "--ignore-not-found", "--output=name")
        return [*own.split(), *parent.split(), *self._list_volumes()]

    def _list_volumes(self) -> list[str]:
        """Volumes of any claim in the namespace, also of those that are gone."""
        columns = (
            r'jsonpath={range .items[*]}{.spec.claimRef.namespace}{" persistentvolume/"}{.metadata.name}{"\n"}{end}'
        )
        pairs = (line.split() for line in self.kubectl.run("get", "pv", f"--output={columns}").splitlines())
        return [volume for *namespace, volume in pairs if namespace == [self.host.namespace]]

    def wait_for_nodes(self) -> None:
        """Waits until every node of the spec is a Ready Node of the virtual cluster, by the kubeconfig Secret."""
        secret = f"{self.name}-kubeconfig"
        wait_for("the kubeconfig Secret", lambda: self.kubectl.find("secret", secret), BOOT_SECONDS, self.describe)
        inside = self.inside
        wait_for(
            f"Ready nodes of {self.name}",
            lambda: sorted(self.nodes) == list_ready_nodes(inside),
            BOOT_SECONDS,
            self.describe,
        )

    def wait_for_phase(self, phase: str, seconds: int = BOOT_SECONDS) -> Manifest:
        """Waits until status is about the spec as it is now, and shows the phase; the Vk8s."""
        generation = self.kubectl.get("vk8s", self.name)["metadata"]["generation"]
        for field, value in (("observedGeneration", generation), ("phase", phase)):
            wanted = f"--for=jsonpath={{.status.{field}}}={value}"
            if not self.kubectl.succeeds("wait", f"vk8s/{self.name}", wanted, f"--timeout={patient(seconds)}s"):
                raise TimeoutError(f"{self.name} is not {phase} after {patient(seconds)} s. {self.describe()}")
        return self.kubectl.get("vk8s", self.name)

    def replace_pod(self, name: str, seconds: int) -> float:
        """Deletes a node pod and waits until another in its place is Ready; seconds from the DELETE call on."""
        uid = self.kubectl.get("pod", name)["metadata"]["uid"]
        start = time.monotonic()
        self.kubectl.run("delete", "pod", name, "--wait=false")
        self.wait_for_another_pod(name, uid, seconds)
        return time.monotonic() - start

    def wait_for_another_pod(self, name: str, uid: str, seconds: int) -> None:
        """Waits until a pod of that name is Ready that is not the one with `uid`."""
        columns = r'jsonpath={.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}{"\n"}'
        # By a selector, so that there need not be such a pod at this moment.
        selector = f"--field-selector=metadata.name={name}"
        shown = self.kubectl.watch("pods", selector, f"--output={columns}", seconds=seconds)
        if not any(line.endswith(" True") and not line.startswith(uid) for line in shown):
            raise TimeoutError(f"no other pod {name} is Ready after {seconds} s. {self.describe()}")

    def describe(self) -> str:
        """What a user would look at when it does not come up."""
        logs = [f"--- {node}\n{self._read_log(node)}" for node in self.nodes]
        return "\n".join(["", self.kubectl.run("get", "vk8s,pods,pvc", "--output=wide"), *logs])

    def _read_log(self, node: str) -> str:
        """The end of a node's log; empty where there is none, as the caller has another failure to report."""
        try:
            return self.kubectl.run("logs", node, "--tail=20", "--ignore-errors")
        except KubectlError as error:
            return str(error)


def list_ready_nodes(inside: Kubectl) -> Sequence[str]:
    """Names of the Nodes that are Ready, sorted; none while the API server does not answer."""
    nodes = inside.find("nodes") or {"items": []}
    return sorted(node["metadata"]["name"] for node in nodes["items"] if has_condition(node))
