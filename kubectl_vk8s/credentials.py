"""What Secret `<vk8s>-kubeconfig` holds. Imports neither click nor rich: `credential` needs it."""

import re
from base64 import b64decode
from dataclasses import dataclass

from kubectl_vk8s.kubectl import Kubectl, KubectlError
from kubectl_vk8s.names import KUBECONFIG_KEY, kubeconfig_secret_name
from kubectl_vk8s.problems import Exit, ProblemError


@dataclass(frozen=True)
class Credentials:
    """A kubeconfig as the hooks write it: one key per line, so that it can be read without a library for YAML."""

    text: str

    @property
    def certificate(self) -> str:
        """The client's certificate, in PEM."""
        return b64decode(self._read("client-certificate-data")).decode()

    @property
    def key(self) -> str:
        """The client's key, in PEM."""
        return b64decode(self._read("client-key-data")).decode()

    @property
    def authority(self) -> str:
        """The certificates of the CA, in base64."""
        return self._read("certificate-authority-data")

    @property
    def server_name(self) -> str:
        """The name in the certificate of the API server."""
        return self._read("tls-server-name")

    def with_server(self, url: str) -> str:
        """The kubeconfig with another address of the API server."""
        return re.sub(r"(?m)^(\s+server: ).*$", lambda found: f"{found[1]}{url}", self.text)

    def _read(self, field: str) -> str:
        found = re.search(rf"(?m)^\s+{field}: (\S+)$", self.text)
        if not found:
            raise ProblemError(f"The kubeconfig in the Secret has no {field}: somebody has changed it.")
        return found[1]


def read_credentials(kubectl: Kubectl, vk8s: str) -> Credentials:
    """The credentials of a virtual cluster, read with the rights of this user. ProblemError where there are none."""
    name = kubeconfig_secret_name(vk8s)
    try:
        secret = kubectl.find("secret", name)
    except KubectlError as error:
        if error.reason == "Forbidden":
            raise ProblemError(
                f"You may not read Secret {name}, so you can't connect to {vk8s}. An administrator of the host cluster "
                f"gives that right with ClusterRole vk8s-admin. kubectl says: {error}"
            ) from error
        raise
    value = ((secret or {}).get("data") or {}).get(KUBECONFIG_KEY)
    if value is None:
        raise ProblemError(f"{vk8s} has no kubeconfig yet: Secret {name} is created within seconds.", Exit.NOT_FOUND)
    return Credentials(b64decode(value).decode())
