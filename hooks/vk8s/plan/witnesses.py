"""Which CA a virtual cluster was created with, according to the Secrets that were derived from it.

They may have been deleted or overwritten: then they are recreated, and a Secret that can't be read proves nothing.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Final

from hooks.vk8s.children.join_secret import CA_HASH
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_KEYS
from hooks.vk8s.keys.pki import CA_CERT, public_key_hash
from hooks.vk8s.keys.pki_files import parse_cert, read_files
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
    yield from _hash_cert(files.get(CA_CERT, b""))
    noted = files.get(CA_HASH, b"")
    if _HASH.fullmatch(noted):
        yield noted.decode()


def _read_kubeconfig(files: Mapping[str, bytes]) -> Iterator[str]:
    """Our kubeconfigs have one key per line, so no YAML has to be parsed."""
    for content in {files.get(key, b"") for key in KUBECONFIG_KEYS}:
        found = _EMBEDDED.search(content)
        try:
            yield from _hash_cert(b64decode(found[1])) if found else ()
        except ValueError:
            continue


def _hash_cert(pem: bytes) -> Iterator[str]:
    cert = parse_cert(pem)
    if cert:
        yield public_key_hash(cert)
