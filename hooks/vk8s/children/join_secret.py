"""Secret `<vk8s>-join`: what a worker needs to join. It does not contain the key of the CA."""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import CA_CERT, TOKEN, Authority, encode_data, public_key_hash
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import join_secret_name

# Read by nodes with older bootstrap files.
CA_HASH = "ca-hash"


def build_join_secret(identity: Identity, pki: Mapping[str, bytes], authority: Authority) -> Manifest:
    """The Secret, derived from the files of `pki`."""
    files = {CA_CERT: pki[CA_CERT], TOKEN: pki[TOKEN], CA_HASH: public_key_hash(authority.cert).encode()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, join_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data(files),
    }
