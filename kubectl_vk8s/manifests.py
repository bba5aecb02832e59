"""A new Vk8s, from what a user asks for in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_vk8s import Manifest
from kubectl_vk8s.names import API_VERSION


@dataclass(frozen=True)
class Images:
    """Images of nodes and of the access pod."""

    node: str
    access: str


@dataclass(frozen=True)
class Size:
    """Resources of each node; what is empty is not limited."""

    cpu: str = ""
    memory: str = ""

    @property
    def resources(self) -> Manifest:
        """As in a pod: requests are the limits."""
        amounts = {name: value for name, value in (("cpu", self.cpu), ("memory", self.memory)) if value}
        return {"limits": amounts} if amounts else {}


@dataclass(frozen=True)
class Storage:
    """Volumes of the nodes; what is empty is left to the defaults."""

    size: str = ""
    storage_class: str = ""
    is_ephemeral: bool = False

    @property
    def fields(self) -> Manifest:
        """`spec.storage`."""
        return {
            **({"size": self.size} if self.size else {}),
            **({"storageClassName": self.storage_class} if self.storage_class else {}),
            **({"ephemeral": True} if self.is_ephemeral else {}),
        }


@dataclass(frozen=True)
class Access:
    """Who connects by ssh, and where."""

    is_wanted: bool = False
    port: int | None = None
    keys: Sequence[str] = ()

    def build_fields(self, image: str) -> Manifest:
        """`spec.accessPodImage`, `spec.accessPodPort` and `spec.access`."""
        if not (self.is_wanted or self.port or self.keys):
            return {}
        return {
            "accessPodImage": image,
            **({"accessPodPort": self.port} if self.port else {}),
            **({"access": {"authorizedKeys": list(self.keys)}} if self.keys else {}),
        }


def build_metadata(name: str, namespace: str | None, labels: Sequence[str]) -> Manifest:
    """`metadata`; `labels` as KEY=VALUE."""
    pairs = dict(label.split("=", 1) for label in labels)
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        **({"labels": pairs} if pairs else {}),
    }


def build_nodes(name: str, workers: int, images: Images, size: Size) -> list[Manifest]:
    """A control-plane node and workers, all of one size."""
    names = [(f"{name}-master", "master"), *((f"{name}-worker-{number}", "worker") for number in range(1, workers + 1))]
    resources = {"resources": size.resources} if size.resources else {}
    return [{"name": node, "image": images.node, "role": role, **resources} for node, role in names]


def build_vk8s(metadata: Manifest, spec: Manifest) -> Manifest:
    """The whole object."""
    return {"apiVersion": API_VERSION, "kind": "Vk8s", "metadata": metadata, "spec": spec}
