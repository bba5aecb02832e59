"""Certificates and mounted Secrets, as the hooks are given them."""

import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN, OTHER_TOKEN = "first-token-of-thirty-two-letters", "other-token-of-thirty-two-letters"
SERVER_NAME = "vk8s-hooks.vk8s-system.svc"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM."""

    cert: bytes
    key: bytes
    serial: int
    expiry: datetime

    def files(self) -> dict[str, bytes]:
        """The keys of a Secret of type kubernetes.io/tls."""
        return {"tls.crt": self.cert, "tls.key": self.key}


@cache
def _make_ca() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the tests")])
    builder = _begin(name, name, key.public_key(), days=10)
    usage = x509.KeyUsage(*[kind in (5, 6) for kind in range(9)])  # signs certificates and revocation lists
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    # Python 3.13 asks for it, as RFC 5280 does of each CA.
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key


def make_pair(*, days: float = 2) -> Pair:
    """A new pair for the hooks, signed by the CA of this run."""
    ca, ca_key = _make_ca()
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME), x509.IPAddress(ip_address("127.0.0.1"))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks")])
    builder = _begin(subject, ca.subject, key.public_key(), days=days).add_extension(names, critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    cert = builder.add_extension(identifier, critical=False).sign(ca_key, hashes.SHA256())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = cert.public_bytes(serialization.Encoding.PEM)
    return Pair(pem, text, cert.serial_number, cert.not_valid_after_utc)


def client_context() -> ssl.SSLContext:
    """A context that trusts the CA of this run, and nobody else."""
    ca, _ = _make_ca()
    return ssl.create_default_context(cadata=ca.public_bytes(serialization.Encoding.PEM).decode())


def publish(mount: Path, files: Mapping[str, bytes]) -> None:
    """Puts the files into `mount` as kubelet does it for a Secret: one swap of a symbolic link changes all of them."""
    mount.mkdir(exist_ok=True)
    data = mount / "..data"
    before = data.resolve() if data.exists() else None
    version = mount / f"..{len(list(mount.iterdir()))}-{'b' if before and before.name.endswith('a') else 'a'}"
    version.mkdir()
    for name, content in files.items():
        (version / name).write_bytes(content)
    swap = mount / "..data_tmp"
    swap.symlink_to(version.name)
    swap.rename(data)
    for name in files:
        if not (mount / name).is_symlink():
            (mount / name).symlink_to(Path("..data", name))
    if before:
        shutil.rmtree(before)


def _begin(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, *, days: float
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
    )
