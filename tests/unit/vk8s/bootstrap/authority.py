"""A certificate authority for the nodes of these tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


def _make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """An authority of that name, made with a key of its own."""

    name: str = "demo"
    key: ec.EllipticCurvePrivateKey = field(default_factory=_make_key)

    def make_own_certificate(self) -> str:
        """In PEM."""
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = self._build(self.name, self.key.public_key(), timedelta(days=3650))
        return _write(builder.add_extension(constraints, critical=True).sign(self.key, hashes.SHA256()))

    def issue(self, life: timedelta = 365 * DAY) -> str:
        """A certificate that ends after `life`, which may be negative, in PEM."""
        return _write(self._build("any", _make_key().public_key(), life).sign(self.key, hashes.SHA256()))

    def _build(self, name: str, key: ec.EllipticCurvePublicKey, life: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(_build_name(self.name), _build_name(name), key, x509.random_serial_number())
        return builder.not_valid_before(now - 2 * DAY).not_valid_after(now + life)


def _build_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
