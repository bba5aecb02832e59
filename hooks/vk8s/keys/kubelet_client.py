"""The client certificate with which a worker joins. It identifies the kubelet of that node, and of no other.

The kubelet requests its own one with it (https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/),
and Kubernetes lets nodes request certificates only for themselves.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from hooks.vk8s.keys.client import User, issue_client, parse_client
from hooks.vk8s.keys.kubeconfig import Issuer
from hooks.vk8s.keys.pki import Authority


@dataclass(frozen=True)
class KubeletClient:
    """Certificate and key as one PEM file, as a kubelet stores its own, and when to renew it; None: it never helps."""

    pem: bytes
    renewal: datetime | None


def build_kubelet_client(node: str, issuer: Issuer, entropy: bytes) -> KubeletClient:
    """A new certificate with its key, for the worker of that name."""
    client = issue_client(_name_user(node), issuer, entropy)
    return KubeletClient(client.cert + client.key, client.renewal)


def parse_kubelet_client(pem: bytes, node: str, authority: Authority) -> x509.Certificate | None:
    """The certificate; None if it is not of that CA and that node, or the key is that of another one."""
    return parse_client(pem, pem, _name_user(node), authority)


def _name_user(node: str) -> User:
    """As the Node authorizer expects it: https://kubernetes.io/docs/reference/access-authn-authz/node/."""
    return User(f"system:node:{node}", "system:nodes", purpose=f"kubelet {node}")
