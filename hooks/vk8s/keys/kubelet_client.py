"""The client certificate with which a worker joins. It identifies the kubelet of that node, and of no other.

The kubelet requests its own one with it (https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/),
and Kubernetes lets nodes request certificates only for themselves.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from hooks.vk8s.keys.client import User, issue_client, parse_client
from hooks.vk8s.keys.kubeconfig import Issuer
from hooks.vk8s.keys.pki import Authority

# The certificates that were valid when they were last checked, by a hash of what was checked. A check takes as long as
# the rest of a call about a small cluster. Unlike `lru_cache`, this keeps no keys.
CHECKED: Final[dict[bytes, x509.Certificate]] = {}
MOST_CHECKED: Final = 10_000


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
    ca = authority.cert.public_bytes(serialization.Encoding.DER)
    digest = sha256(b"\0".join((node.encode(), ca, pem))).digest()
    found = CHECKED.get(digest) or parse_client(pem, pem, _name_user(node), authority)
    if found:
        if len(CHECKED) >= MOST_CHECKED:
            CHECKED.clear()
        CHECKED[digest] = found
    return found


def _name_user(node: str) -> User:
    """As the Node authorizer expects it: https://kubernetes.io/docs/reference/access-authn-authz/node/."""
    return User(f"system:node:{node}", "system:nodes", purpose=f"kubelet {node}")
