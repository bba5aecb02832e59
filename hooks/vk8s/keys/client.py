"""Client certificates with keys of their own: issuing them, and checking those that exist."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from hooks.vk8s.keys.kubeconfig import Issuer, compute_renewal_time
from hooks.vk8s.keys.pki import Authority, Subject, ignore_long_names, issue_client_cert


@dataclass(frozen=True)
class User:
    """Who a certificate identifies. Each `purpose` has a key of its own."""

    name: str
    organization: str
    purpose: str


@dataclass(frozen=True)
class Client:
    """A certificate and its key, both PEM, and when to renew them; None if that would change nothing."""

    cert: bytes
    key: bytes
    renewal: datetime | None


def issue_client(user: User, issuer: Issuer, entropy: bytes) -> Client:
    """A new certificate with its key."""
    subject = Subject(user.name, user.organization, issuer.start + issuer.validity, user.purpose)
    cert, key = issue_client_cert(issuer.authority, entropy, subject)
    return Client(cert, key, compute_renewal_time(min(subject.not_after, issuer.end), issuer))


def parse_client(cert: bytes, key: bytes, user: User, authority: Authority) -> x509.Certificate | None:
    """The certificate; None if it is not of that CA and that user, or the key is that of another one."""
    try:
        found = x509.load_pem_x509_certificate(cert)
        private = serialization.load_pem_private_key(key, password=None)
        found.verify_directly_issued_by(authority.cert)
        with ignore_long_names():
            names = {attribute.value for attribute in found.subject}
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return None
    is_whole = private.public_key() == found.public_key()
    return found if is_whole and names == {user.name, user.organization} else None
