"""What belongs to a virtual cluster in the host cluster, as far as this user may read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.follow import BOOTING, read_sentence
from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.names import NODE_CONTAINER, VK8S_LABEL, access_pod_name, spare_access_pod_name
from kubectl_vk8s.vk8s import Vk8s

# Instead of what this command could not read. It does not mean that it is not there.
UNKNOWN: Final = "?"


@dataclass(frozen=True)
class Objects:
    """Pods by name, and the last line that each booting node has logged. `unknown`: what could not be read, and why."""

    pods: Mapping[str, Manifest]
    stories: Mapping[str, str]
    unknown: Sequence[str]

    @property
    def is_known(self) -> bool:
        """Whether a pod that is missing here does not exist."""
        return not self.unknown

    @property
    def host_address(self) -> str:
        """Address of a node of the host cluster; empty while none is known."""
        return choose_host_address(self.pods.values())


def read_objects(kubectl: Kubectl, vk8s: Vk8s) -> Objects:
    """What there is now."""
    try:
        found = kubectl.get_all("pods", f"--selector={VK8S_LABEL}={vk8s.name}")
    except KubectlError as error:
        return Objects({}, {}, [f"the pods could not be read: {error}"])
    pods = {pod["metadata"]["name"]: pod for pod in found}
    booting = [node.name for node in vk8s.nodes if node.reason == BOOTING and node.name in pods]
    stories = {name: _read_last_line(kubectl, name) for name in booting}
    return Objects(pods, stories, [])


def _read_last_line(kubectl: Kubectl, node: str) -> str:
    try:
        return read_sentence(kubectl.run("logs", node, f"--container={NODE_CONTAINER}", "--tail=1"))
    except KubectlError:
        # The container may have ended in between, or its log may not be read: the status says enough.
        return ""


def choose_host_address(pods: Iterable[Manifest]) -> str:
    """Address of a node of the host cluster on which one of the pods is, a Ready one first; empty where none is."""
    ready_first = sorted(pods, key=is_ready, reverse=True)
    return next((str(host) for pod in ready_first if (host := (pod.get("status") or {}).get("hostIP"))), "")


def choose_access_pod(vk8s: Vk8s, pods: Mapping[str, Manifest]) -> str:
    """Name of the access pod in use: the spare one if it is Ready, and the other one is not."""
    usual, spare = access_pod_name(vk8s.name), spare_access_pod_name(vk8s.name)
    return spare if is_ready(pods.get(spare, {})) and not is_ready(pods.get(usual, {})) else usual


def is_ready(pod: Manifest) -> bool:
    """Whether the pod is Ready, as far as its host has reported."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def describe_size(node: Manifest) -> str:
    """CPU and memory of a node of the spec: 2/4Gi."""
    resources = node.get("resources") or {}
    amounts = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
    return f"{amounts.get('cpu', '-')}/{amounts.get('memory', '-')}" if amounts else ""
