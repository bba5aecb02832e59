"""Which CA a virtual cluster was created with, according to the Secrets that were derived from it.

They may have been deleted or overwritten: then they are recreated, and a Secret that can't be read proves nothing.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from cryptography import x509

from hooks.vk8s.children.join_secret import CA_HASH
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_KEYS
from hooks.vk8s.keys.pki import CA_CERT, public_key_hash
from hooks.vk8s.keys.pki_files import read_files
from hooks.vk8s.observed.children import Observed
from hooks.vk8s.spec.naming import join_secret_name, kubeconfig_secret_name

_HASH: Final = re.compile(rb"sha256:[0-9a-f]{64}")
_EMBEDDED: Final = re.compile(rb"certificate-authority-data: (\S+)")


def read_known_authorities(vk8s: str, observed: Observed) -> Mapping[str, str]:
    """`public_key_hash` of each CA from which a Secret was derived, and the name of that Secret."""
    join, kubeconfig = join_secret_name(vk8s), kubeconfig_secret_name(vk8s)
    return {
        **dict.fromkeys(_read_kubeconfig(read_files(observed, kubeconfig)), kubeconfig),
        **dict.fromkeys(_read_join(read_files(observed, join)), join),
    }


def _read_join(files: Mapping[str, bytes]) -> Iterator[str]:
    known = _hash_cert(files.get(CA_CERT, b""))
    if known:
        yield known
    noted = files.get(CA_HASH, b"")
    if _HASH.fullmatch(noted):
        yield noted.decode()


def _read_kubeconfig(files: Mapping[str, bytes]) -> Iterator[str]:
    """Our kubeconfigs have one key per line, so no YAML has to be parsed."""
    for content in {files.get(key, b"") for key in KUBECONFIG_KEYS}:
        found = _EMBEDDED.search(content)
        known = _hash_embedded(found[1]) if found else None
        if known:
            yield known


def _hash_embedded(encoded: bytes) -> str | None:
    try:
        return _hash_cert(b64decode(encoded))
    except ValueError:
        return None


# Public, and the same in each call about a virtual cluster.
@lru_cache(4096)
def _hash_cert(pem: bytes) -> str | None:
    try:
        return public_key_hash(x509.load_pem_x509_certificate(pem))
    except ValueError:
        return None
