"""The client certificate with which backups read etcd: signed by etcd's CA, and renewed like the kubeconfig."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from hooks.vk8s.keys.kubeconfig import Issuer, compute_renewal_time
from hooks.vk8s.keys.pki import CA_CERT, Authority, Subject, encode_cert, issue_client_cert

CERT: Final = "tls.crt"
KEY: Final = "tls.key"
USER: Final = "vk8s-backup"
_ORGANIZATION: Final = "vk8s"


@dataclass(frozen=True)
class EtcdClient:
    """The files that a client of etcd needs, and when to renew them; None if that would change nothing."""

    files: Mapping[str, bytes]
    renewal: datetime | None


def build_etcd_client(issuer: Issuer, entropy: bytes) -> EtcdClient:
    """A new certificate with its key, and the CA that signs the certificates of etcd."""
    subject = Subject(USER, _ORGANIZATION, issuer.start + issuer.validity, purpose="etcd client")
    cert, key = issue_client_cert(issuer.authority, entropy, subject)
    files = {CA_CERT: encode_cert(issuer.authority.cert), CERT: cert, KEY: key}
    return EtcdClient(files, compute_renewal_time(min(subject.not_after, issuer.end), issuer))


def parse_etcd_client(files: Mapping[str, bytes], authority: Authority) -> x509.Certificate | None:
    """The certificate in these files; None if it is not of that CA, or they don't belong together."""
    if files.get(CA_CERT) != encode_cert(authority.cert):
        return None
    try:
        cert = x509.load_pem_x509_certificate(files.get(CERT, b""))
        key = serialization.load_pem_private_key(files.get(KEY, b""), password=None)
        cert.verify_directly_issued_by(authority.cert)
    except (ValueError, TypeError, InvalidSignature):
        return None
    return cert if key.public_key() == cert.public_key() else None
