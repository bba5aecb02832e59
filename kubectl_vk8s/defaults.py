"""What an administrator has set for everybody who creates virtual clusters: ConfigMap `vk8s-defaults`."""

from dataclasses import dataclass
from typing import Final

from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.names import SYSTEM_NAMESPACE

# That of the node image which this version of the project builds; a test holds one against the other.
DEFAULT_VERSION: Final = "v1.34.4"
CONFIG_MAP: Final = "vk8s-defaults"


@dataclass(frozen=True)
class Defaults:
    """Where the images are, and of which version of Kubernetes."""

    registry: str = ""
    version: str = DEFAULT_VERSION

    @property
    def node_image(self) -> str:
        """The image of nodes, where the registry is known."""
        return f"{self.registry}/vk8s/kink:{self.version}"

    @property
    def access_image(self) -> str:
        """The image of access pods, where the registry is known."""
        return f"{self.registry}/vk8s/access:{self.version}"


def read_defaults(kubectl: Kubectl) -> Defaults:
    """Keys `registry` and `version` of the ConfigMap; our own where it is missing, or may not be read."""
    try:
        found = kubectl.within(SYSTEM_NAMESPACE).find("configmap", CONFIG_MAP)
    except KubectlError:
        return Defaults()
    data = (found or {}).get("data") or {}
    return Defaults(data.get("registry", "").rstrip("/"), data.get("version", DEFAULT_VERSION))
