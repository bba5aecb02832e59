"""Checking the files of a `pki` Secret: whether they belong together, and when its CAs are valid."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from hooks.vk8s.keys.pki import (
    AUTHORITIES,
    CA_KEY,
    PKI_FILES,
    SERVICE_ACCOUNT_KEY,
    SERVICE_ACCOUNT_PUB,
    TOKEN,
    Authority,
    PkiError,
    read_secret,
)
from hooks.vk8s.observed.children import SECRET, Observed

_TOKEN: Final = re.compile(rb"[a-z0-9]{6}\.[a-z0-9]{16}\s*")
# What the library raises for input that it can't read.
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm)


@dataclass(frozen=True)
class Pki:
    """The files of a valid `pki` Secret. `authority`: the CA of the API server."""

    files: Mapping[str, bytes]
    authority: Authority
    certs: tuple[x509.Certificate, ...]

    @property
    def start(self) -> datetime:
        """When all CAs are valid."""
        return max(cert.not_valid_before_utc for cert in self.certs)

    @property
    def end(self) -> datetime:
        """When the first of the CAs expires."""
        return min(cert.not_valid_after_utc for cert in self.certs)


def parse_pki(files: Mapping[str, bytes]) -> Pki:
    """The content of the files of a `pki` Secret. PkiError with every problem, if they can't be used."""
    missing = [name for name in PKI_FILES if not files.get(name)]
    if missing:
        raise PkiError(f"it has no {', '.join(missing)}")
    problems = list(_list_problems(files))
    if problems:
        raise PkiError(", and ".join(problems))
    certs = tuple(cert for name in AUTHORITIES if (cert := parse_cert(files[f"{name}.crt"])))
    key = serialization.load_pem_private_key(files[CA_KEY], password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AssertionError("a key of another kind is a problem")  # noqa: TRY004 nobody passes one
    return Pki(files, Authority(certs[0], key), certs)


def parse_authority(files: Mapping[str, bytes], name: str) -> Authority | None:
    """One of the CAs of a valid `pki` Secret; None if its key is not ECDSA, as one that was restored by hand may be."""
    cert, key = parse_cert(files[f"{name}.crt"]), _parse_key(files[f"{name}.key"])
    return Authority(cert, key) if cert and isinstance(key, ec.EllipticCurvePrivateKey) else None


# Public, and the same in each call about a virtual cluster.
@lru_cache(4096)
def parse_cert(pem: bytes) -> x509.Certificate | None:
    """The certificate in PEM; None if it, or its public key, can't be read."""
    try:
        cert = x509.load_pem_x509_certificate(pem)
        cert.public_key()
    except _UNREADABLE:
        return None
    return cert


def is_token(text: bytes) -> bool:
    """Whether that is a bootstrap token. A trailing newline is allowed, as in a PKI that was restored by hand."""
    return bool(_TOKEN.fullmatch(text))


def read_files(observed: Observed, secret: str) -> Mapping[str, bytes]:
    """The files in the observed Secret with that name; none if it does not exist, or can't be read."""
    found = observed.find(SECRET, secret)
    try:
        return read_secret(found) if found else {}
    except PkiError:
        return {}


def read_ca_end(files: Mapping[str, bytes]) -> datetime | None:
    """When the first of the CAs in the files expires; None if no CA can be read."""
    certs = [cert for name in AUTHORITIES if (cert := parse_cert(files.get(f"{name}.crt", b"")))]
    return min((cert.not_valid_after_utc for cert in certs), default=None)


def _list_problems(files: Mapping[str, bytes]) -> Iterator[str]:
    for name in AUTHORITIES:
        yield from _list_ca_problems(name, files)
    key, public = _parse_key(files[SERVICE_ACCOUNT_KEY]), _parse_public(files[SERVICE_ACCOUNT_PUB])
    if key is None or public is None:
        yield f"{SERVICE_ACCOUNT_KEY} or {SERVICE_ACCOUNT_PUB} is not PEM that can be read"
    elif key.public_key() != public:
        yield f"{SERVICE_ACCOUNT_KEY} and {SERVICE_ACCOUNT_PUB} are not a pair"
    if not is_token(files[TOKEN]):
        yield f"{TOKEN} is not a bootstrap token, which is 6 and 16 lower-case letters and digits with a dot between"


def _list_ca_problems(name: str, files: Mapping[str, bytes]) -> Iterator[str]:
    cert, key = parse_cert(files[f"{name}.crt"]), _parse_key(files[f"{name}.key"])
    if cert is None or key is None:
        yield f"{name}.crt or {name}.key is not PEM that can be read"
        return
    if key.public_key() != cert.public_key():
        yield f"{name}.key is not the key of {name}.crt"
    if f"{name}.key" == CA_KEY and not isinstance(key, ec.EllipticCurvePrivateKey):
        yield f"{CA_KEY} is not an ECDSA key"
    if not _is_ca(cert):
        yield f"{name}.crt is not the certificate of a CA"


def _is_ca(cert: x509.Certificate) -> bool:
    try:
        return cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return False


def _parse_key(pem: bytes) -> PrivateKeyTypes | None:
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except _UNREADABLE:
        return None


def _parse_public(pem: bytes) -> PublicKeyTypes | None:
    try:
        return serialization.load_pem_public_key(pem)
    except _UNREADABLE:
        return None
