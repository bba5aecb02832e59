"""The client certificate with which backups read etcd: signed by etcd's CA, and renewed like the kubeconfig."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from hooks.vk8s.keys.client import User, issue_client, parse_client
from hooks.vk8s.keys.kubeconfig import Issuer
from hooks.vk8s.keys.pki import CA_CERT, Authority, encode_cert

CERT: Final = "tls.crt"
KEY: Final = "tls.key"
_USER: Final = User("vk8s-backup", "vk8s", purpose="etcd client")


@dataclass(frozen=True)
class EtcdClient:
    """The files that a client of etcd needs, and when to renew them; None if that would change nothing."""

    files: Mapping[str, bytes]
    renewal: datetime | None


def build_etcd_client(issuer: Issuer, entropy: bytes) -> EtcdClient:
    """A new certificate with its key, and the CA that signs the certificates of etcd."""
    client = issue_client(_USER, issuer, entropy)
    return EtcdClient({CA_CERT: encode_cert(issuer.authority.cert), CERT: client.cert, KEY: client.key}, client.renewal)


def parse_etcd_client(files: Mapping[str, bytes], authority: Authority) -> x509.Certificate | None:
    """The certificate in these files; None if it is not of that CA, or they don't belong together."""
    if files.get(CA_CERT) != encode_cert(authority.cert):
        return None
    return parse_client(files.get(CERT, b""), files.get(KEY, b""), _USER, authority)
