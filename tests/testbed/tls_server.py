"""Hooks over HTTPS: an authority, certificates for names, and a server that has one."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.testbed.bench import NOW
from tests.testbed.hook_server import HookServer, Reply, serving

LIFE = timedelta(days=3650)


class Authority:
    """Signs certificates; `pem` is its own."""

    def __init__(self, name: str = "authority") -> None:
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _common_name(name)
        # What a strict client asks for, such as Python 3.13: RFC 5280, sections 4.2.1.2, 4.2.1.3 and, below, 4.2.1.1.
        usage = x509.KeyUsage(*[kind in (5, 6) for kind in range(9)])  # signs certificates and revocation lists
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = _begin(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(usage, critical=True).add_extension(identifier, critical=False)
        self.pem = _sign(builder, self._key)

    def issue(self, directory: Path, name: str, *, in_subject: bool = False) -> Path:
        """A file with a certificate and its key for a host name, which may be in the subject alone."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _begin(_common_name(name if in_subject else "hooks"), self._name, key.public_key())
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        if not in_subject:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = directory / f"{name}.pem"
        file.write_bytes(private + _sign(builder, self._key))
        return file


@contextmanager
def tls_server(
    certificate: Path, *replies: Reply, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Iterator[HookServer]:
    """A server for the time of a test; `newest`: of the versions of TLS that it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version, context.maximum_version = min(newest, ssl.TLSVersion.TLSv1_2), newest
    if newest < ssl.TLSVersion.TLSv1_2:
        # OpenSSL speaks these no more by default.
        context.set_ciphers("ALL:@SECLEVEL=0")
    with _QuietServer(*replies) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with serving(server):
            yield server


class _QuietServer(HookServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up during the handshake is what some tests want."""


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - LIFE)
        .not_valid_after(NOW + LIFE)
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
