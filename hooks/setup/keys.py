"""The keys for the calls between Metacontroller and the hooks, as metacontroller/install/keys.sh makes them.

They are in two Secrets: the hooks mount one (certificate, key, the tokens that they accept), and Metacontroller reads
the other (the CA that it trusts, the token that it sends).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hooks.vk8s.keys.pki import encode_cert, encode_key

VALIDITY: Final = timedelta(days=3650)
# The clock of the host that makes them may be ahead of the others.
BACKDATE: Final = timedelta(hours=1)
SERVICE: Final = "vk8s-hooks"
CERTIFICATE, KEY, TOKENS = "tls.crt", "tls.key", "tokens"
CA, TOKEN = "ca.crt", "token"


@dataclass(frozen=True)
class Keys:
    """The files of both Secrets: what the hooks mount, and what Metacontroller reads."""

    hooks: Mapping[str, bytes]
    client: Mapping[str, bytes]


def build_keys(now: datetime, namespace: str) -> Keys:
    """A CA, a certificate by it for the Service of the hooks, and a token; other ones each time.

    The key of the CA is not kept: nothing else is ever to be signed by it.
    """
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # Another name each time, so that nothing takes it for the CA of earlier keys.
    issuer = _name(f"{SERVICE} CA {secrets.token_hex(4)}")
    ca = _describe(_begin(issuer, issuer, authority, now), is_authority=True).sign(authority, hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in list_names(namespace)])
    server = _describe(_begin(_name(SERVICE), issuer, key, now), is_authority=False)
    certificate = (
        server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    tokens = build_tokens()
    return Keys(
        hooks={CERTIFICATE: encode_cert(certificate), KEY: encode_key(key), **tokens.hooks},
        client={CA: encode_cert(ca), **tokens.client},
    )


def build_tokens() -> Keys:
    """A token alone, where the certificate is somebody else's business; another one each time."""
    # As a line, because a file of tokens has one on each.
    token = f"{secrets.token_hex(32)}\n".encode()
    return Keys(hooks={TOKENS: token}, client={TOKEN: token})


def list_names(namespace: str) -> tuple[str, ...]:
    """The names of the Service of the hooks; the CompositeControllers call the first."""
    return (f"{SERVICE}.{namespace}", f"{SERVICE}.{namespace}.svc", SERVICE)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _describe(builder: x509.CertificateBuilder, *, is_authority: bool) -> x509.CertificateBuilder:
    """The builder, with what the certificate may be used for."""
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    constraints = x509.BasicConstraints(ca=is_authority, path_length=None)
    return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
