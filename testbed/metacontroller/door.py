"""What a hook's access amounts to, read from the cluster when a controller is built: later changes are not noticed."""

import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from testbed.metacontroller.endpoints import (
    DEFAULT_AUTHORIZATION_TYPE,
    DEFAULT_CA_KEY,
    Access,
    Authorization,
    CaBundle,
    CertificateReference,
)
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.resources import Resource

SECRETS: Final = Resource("v1", "secrets", "Secret", namespaced=True)
CONFIG_MAPS: Final = Resource("v1", "configmaps", "ConfigMap", namespaced=True)

_PEM_BEGIN, _PEM_END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"

# The object of a kind and a key, if the cache shows one.
Find = Callable[[Resource, str], Manifest | None]


@dataclass(frozen=True)
class Door:
    """The certificates to trust, in PEM, and the Authorization header; empty: the system's authorities, no header."""

    authorities: bytes = b""
    authorization: bytes = field(default=b"", repr=False)


def read_door(access: Access, find: Find) -> Door:
    """Reads Secrets and ConfigMaps, once. Raises SyncError; its message repeats no value."""
    try:
        authorities = _read_bundle(access.ca_bundle, find) if access.ca_bundle is not None else b""
    except SyncError as error:
        raise error.within("can't resolve caBundle") from error
    try:
        authorization = _read_authorization(access.authorization, find) if access.authorization is not None else b""
    except SyncError as error:
        raise error.within("can't resolve authorization") from error
    return Door(authorities, authorization)


def build_tls_context(authorities: bytes) -> ssl.SSLContext:
    """TLS 1.2 at least, names checked against subject alternative names only, as Go does it. Raises SyncError.

    The authorities replace those of the system.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    # To Go, whatever is in the bundle is trusted, be it a root or not.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not authorities:
        context.load_default_certs()
        return context
    certificates = _parse_certificates(authorities)
    if not certificates:
        raise SyncError("caBundle: no valid PEM-encoded certificates found in it")
    context.load_verify_locations(cadata=b"".join(certificates))
    return context


def _read_bundle(bundle: CaBundle, find: Find) -> bytes:
    sources = (bundle.inline, bundle.secret_ref, bundle.config_map_ref)
    if sum(source is not None for source in sources) != 1:
        raise SyncError("caBundle: exactly one of inline, secretRef, or configMapRef must be specified")
    if bundle.inline is not None:
        return bundle.inline.encode()
    if bundle.secret_ref is not None:
        return _read_certificates(SECRETS, bundle.secret_ref, find)
    if bundle.config_map_ref is not None:
        return _read_certificates(CONFIG_MAPS, bundle.config_map_ref, find)
    raise AssertionError


def _read_certificates(kind: Resource, reference: CertificateReference, find: Find) -> bytes:
    key = reference.key or DEFAULT_CA_KEY
    value = _read_key(kind, f"{reference.namespace}/{reference.name}", key, find)
    if not value:
        raise SyncError(f'key "{key}" in {kind.kind} {reference.namespace}/{reference.name} is empty')
    return value


def _read_authorization(authorization: Authorization, find: Find) -> bytes:
    scheme = authorization.type.strip() or DEFAULT_AUTHORIZATION_TYPE
    if scheme.lower() == "basic":
        raise SyncError(f'type "{authorization.type}" is not supported; use basicAuth')
    reference = authorization.secret_ref
    value = _read_key(SECRETS, f"{reference.namespace}/{reference.name}", reference.key, find)
    return scheme.encode() + b" " + value.strip()


def _read_key(kind: Resource, place: str, key: str, find: Find) -> bytes:
    found = find(kind, place)
    if found is None:
        raise SyncError(f'{kind.kind} "{place}" not found')
    data = found.get("data") or {}
    if key not in data:
        raise SyncError(f'key "{key}" not found in {kind.kind} {place}')
    return base64.b64decode(data[key]) if kind == SECRETS else str(data[key]).encode()


def _parse_certificates(pem: bytes) -> list[bytes]:
    """Every certificate in DER. What is none is passed over, as Go does."""
    found = []
    for block in pem.split(_PEM_BEGIN)[1:]:
        body, end, _ = block.partition(_PEM_END)
        try:
            found.append(x509.load_pem_x509_certificate(_PEM_BEGIN + body + end).public_bytes(Encoding.DER))
        except ValueError:
            continue
    return found
