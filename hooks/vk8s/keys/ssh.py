"""Keys of the ssh access: the host key of the access pod, and a client key for an owner who provides none.

ECDSA P-256 in PEM: ssh reads it, and the same entropy gives the same bytes (OpenSSH's own format contains random ones).
"""

from collections.abc import Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hooks.vk8s.keys.pki import derive_key, encode_key

HOST_KEY, HOST_PUB = "ssh_host_ecdsa_key", "ssh_host_ecdsa_key.pub"
CLIENT_KEY, CLIENT_PUB = "id_ecdsa", "id_ecdsa.pub"


def build_ssh_keys(entropy: bytes, vk8s: str) -> Mapping[str, bytes]:
    """The files of a new `ssh` Secret. `entropy`: at least 32 unpredictable bytes."""
    host, client = derive_key(entropy, "ssh host"), derive_key(entropy, "ssh client")
    return {
        HOST_KEY: encode_key(host),
        HOST_PUB: _encode_public(host, f"{vk8s} access pod"),
        CLIENT_KEY: encode_key(client),
        CLIENT_PUB: _encode_public(client, f"{vk8s} owner"),
    }


def _encode_public(key: ec.EllipticCurvePrivateKey, comment: str) -> bytes:
    """One line, as in a `.pub` file."""
    encoded = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return encoded + f" {comment}\n".encode()
