"""Keys and certificates of a virtual cluster. Deterministic: the same entropy and time give the same bytes.

All keys are ECDSA P-256: kubeadm boots seconds faster with them than with RSA. What kubeadm expects, and under which
names: https://kubernetes.io/docs/setup/best-practices/certificates/
"""

import warnings
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from string import ascii_lowercase, digits

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

from hooks.kubernetes.manifest import Manifest

CA_CERT, CA_KEY = "ca.crt", "ca.key"
TOKEN = "token"  # noqa: S105 the name of a key in the Secret, not a token
SERVICE_ACCOUNT_KEY, SERVICE_ACCOUNT_PUB = "sa.key", "sa.pub"
# File names without suffix, and the common names that kubeadm would use.
ETCD_CA = "etcd-ca"
AUTHORITIES = {"ca": "kubernetes", ETCD_CA: "etcd-ca", "front-proxy-ca": "front-proxy-ca"}
PKI_FILES = (
    *(f"{name}.{suffix}" for name in AUTHORITIES for suffix in ("crt", "key")),
    SERVICE_ACCOUNT_KEY,
    SERVICE_ACCOUNT_PUB,
    TOKEN,
)

# A CA is valid from before it is created: the clock of the hooks may be ahead, for instance by a time zone.
BACKDATE = timedelta(days=2)
# The order of the P-256 group (SEC 2, 2.4.2); a private key is a number from 1 to it, exclusive.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ALPHABET = ascii_lowercase + digits


class PkiError(ValueError):
    """The `pki` Secret is invalid. The message says what is wrong, and reveals no content."""


@dataclass(frozen=True)
class Authority:
    """A CA: certificate and private key."""

    cert: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Subject:
    """The subject of a client certificate, and when it expires. Each `purpose` has a key of its own."""

    common_name: str
    organization: str
    not_after: datetime
    purpose: str = "client"


def build_pki(entropy: bytes, now: datetime, validity: timedelta) -> dict[str, bytes]:
    """The files of a new virtual cluster's `pki` Secret: PEM certificates and keys, and the bootstrap token.

    `entropy`: at least 32 unpredictable bytes, used for this call only.
    """
    authorities = {name: _build_authority(entropy, name, now, validity) for name in AUTHORITIES}
    service_account = derive_key(entropy, "sa")
    return {
        **{f"{name}.crt": encode_cert(authority.cert) for name, authority in authorities.items()},
        **{f"{name}.key": encode_key(authority.key) for name, authority in authorities.items()},
        SERVICE_ACCOUNT_KEY: encode_key(service_account),
        SERVICE_ACCOUNT_PUB: service_account.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        TOKEN: _derive_token(entropy).encode(),
    }


def read_secret(secret: Manifest) -> dict[str, bytes]:
    """The decoded `data` of a Secret. PkiError if it is not base64."""
    data: Mapping[str, str] = secret.get("data") or {}
    try:
        return {name: b64decode(value) for name, value in data.items()}
    except ValueError as error:
        raise PkiError("its data is not base64") from error


def encode_data(files: Mapping[str, bytes]) -> dict[str, str]:
    """`data` of a Secret with those files."""
    return {name: b64encode(files[name]).decode() for name in sorted(files)}


def public_key_hash(cert: x509.Certificate) -> str:
    """The hash by which `kubeadm join` pins the CA: `sha256:` and the hex digest of its public key in DER."""
    public = cert.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{sha256(public).hexdigest()}"


def issue_client_cert(authority: Authority, entropy: bytes, subject: Subject) -> tuple[bytes, bytes]:
    """Certificate and key, both PEM, of a client of the API server or of etcd.

    It is valid as early as its CA, so that no clock is too early for it, and not longer than its CA.
    """
    key, ca = derive_key(entropy, subject.purpose), authority.cert
    builder = (
        _builder(entropy, subject.purpose, ca.not_valid_before_utc, min(subject.not_after, ca.not_valid_after_utc))
        .subject_name(
            _name((NameOID.ORGANIZATION_NAME, subject.organization), (NameOID.COMMON_NAME, subject.common_name))
        )
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    return encode_cert(builder.sign(authority.key, hashes.SHA256(), ecdsa_deterministic=True)), encode_key(key)


@contextmanager
def ignore_long_names() -> Iterator[None]:
    """Without the warning of the library, also when it reads them. Kubernetes and OpenSSL accept them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Attribute's length must be")
        yield


def encode_cert(cert: x509.Certificate) -> bytes:
    """PEM."""
    return cert.public_bytes(serialization.Encoding.PEM)


def encode_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PEM, `EC PRIVATE KEY`: the form that kubeadm itself writes."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _build_authority(entropy: bytes, name: str, now: datetime, validity: timedelta) -> Authority:
    key = derive_key(entropy, name)
    subject = _name((NameOID.COMMON_NAME, AUTHORITIES[name]))
    builder = (
        _builder(entropy, name, now - BACKDATE, now + validity)
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True), key)


def _builder(entropy: bytes, label: str, not_before: datetime, not_after: datetime) -> x509.CertificateBuilder:
    # 19 bytes: a serial number is positive and has at most 20 octets (RFC 5280, 4.1.2.2).
    serial = int.from_bytes(_derive(entropy, f"serial {label}", 19), "big") | 1
    return x509.CertificateBuilder().serial_number(serial).not_valid_before(not_before).not_valid_after(not_after)


def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """A name may have more than the 64 characters of RFC 5280, as in certificates that Kubernetes signs itself."""
    with ignore_long_names():
        return x509.Name([x509.NameAttribute(oid, value, _validate=False) for oid, value in attributes])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def derive_key(entropy: bytes, label: str) -> ec.EllipticCurvePrivateKey:
    """The key for the purpose `label`, derived from the entropy."""
    # 48 bytes, so that the reduction has no measurable bias (FIPS 186-5, A.2.1).
    number = int.from_bytes(_derive(entropy, f"key {label}", 48), "big")
    return ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def derive_password(entropy: bytes, label: str) -> str:
    """22 lower-case letters and digits (113 bits) for the purpose `label`, derived from the entropy."""
    number = int.from_bytes(_derive(entropy, label, 48), "big")
    letters = []
    for _ in range(22):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def _derive_token(entropy: bytes) -> str:
    """A bootstrap token, `[a-z0-9]{6}.[a-z0-9]{16}`."""
    letters = derive_password(entropy, "token")
    return f"{letters[:6]}.{letters[6:]}"


def _derive(entropy: bytes, label: str, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt=None, info=f"vk8s {label}".encode()).derive(entropy)
