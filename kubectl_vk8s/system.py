"""What is installed in the host cluster, as far as this user may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.names import SYSTEM_NAMESPACE

HOOKS, METACONTROLLER = "vk8s-hooks", "metacontroller"
NOT_KNOWN: Final = "not known: you may not look"


@dataclass(frozen=True)
class Program:
    """A Deployment. `problem`: why it does not answer, empty where it does; `image` is empty where it is not known."""

    image: str
    problem: str

    @property
    def version(self) -> str:
        """The tag of its image."""
        return self.image.rpartition("/")[2].partition(":")[2]


def read_program(kubectl: Kubectl, name: str) -> Program:
    """A Deployment of the product."""
    try:
        found = kubectl.within(SYSTEM_NAMESPACE).find("deployment", name)
    except KubectlError as error:
        if error.reason == "Forbidden":
            return Program("", NOT_KNOWN)
        raise
    if found is None:
        return Program("", f"there is no Deployment {name} in namespace {SYSTEM_NAMESPACE}")
    return Program(found["spec"]["template"]["spec"]["containers"][0]["image"], _describe_replicas(found))


def _describe_replicas(deployment: Manifest) -> str:
    status: Mapping[str, int] = deployment.get("status") or {}
    ready, wanted = status.get("readyReplicas", 0), deployment["spec"].get("replicas", 1)
    return "" if ready else f"0 of {wanted} pods are Ready"


def read_server_version(kubectl: Kubectl) -> str:
    """The version of Kubernetes of the host cluster, such as v1.34.4."""
    import json

    return str(json.loads(kubectl.run("version", "--output=json"))["serverVersion"]["gitVersion"])
