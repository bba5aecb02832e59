"""A certificate authority for tests, and pairs of certificate and key that it issues."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM."""

    cert: bytes
    key: bytes

    @property
    def serial(self) -> int:
        """The serial number of the certificate."""
        return x509.load_pem_x509_certificate(self.cert).serial_number

    @property
    def expiry(self) -> datetime:
        """When the certificate expires."""
        return x509.load_pem_x509_certificate(self.cert).not_valid_after_utc

    def files(self) -> dict[str, bytes]:
        """The keys of a Secret of type kubernetes.io/tls."""
        return {"tls.crt": self.cert, "tls.key": self.key}


def _make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """An authority of that name, with a new key. `pem` is its own certificate."""

    name: str = "demo"
    key: ec.EllipticCurvePrivateKey = field(default_factory=_make_key)

    @cached_property
    def pem(self) -> bytes:
        """The first of its own certificates."""
        return self.certify_itself()

    def certify_itself(self) -> bytes:
        """Another certificate of the same key and name, in PEM: it ends later than those before."""
        # What a strict client asks for, such as Python 3.13: RFC 5280, sections 4.2.1.2, 4.2.1.3 and, below, 4.2.1.1.
        usage = x509.KeyUsage(*[kind in (5, 6) for kind in range(9)])  # signs certificates and revocation lists
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        builder = self._begin(self.name, self.key.public_key(), 3650 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        return self._sign(builder.add_extension(usage, critical=True).add_extension(identifier, critical=False))

    def issue(self, *names: str, subject: str = "any", life: timedelta = 365 * DAY) -> Pair:
        """A pair for host names and addresses; its certificate ends after `life`, which may be negative."""
        key = _make_key()
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = self._begin(subject, key.public_key(), life).add_extension(identifier, critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([_write_name(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return Pair(self._sign(builder), key.private_bytes(pem, form, serialization.NoEncryption()))

    def _begin(self, subject: str, key: ec.EllipticCurvePublicKey, life: timedelta) -> x509.CertificateBuilder:
        now, serial = datetime.now(UTC), x509.random_serial_number()
        builder = x509.CertificateBuilder(_build_subject(self.name), _build_subject(subject), key, serial)
        return builder.not_valid_before(now - 2 * DAY).not_valid_after(now + life)

    def _sign(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _build_subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
