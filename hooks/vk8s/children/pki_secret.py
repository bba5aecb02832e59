"""Secret `<vk8s>-pki`: the CAs, the service-account keys and the bootstrap token. Only the control plane mounts it."""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import pki_secret_name


def build_pki_secret(identity: Identity, files: Mapping[str, bytes]) -> Manifest:
    """The Secret with `files`, created once in the life of a virtual cluster."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, pki_secret_name(identity.name)),
        # A second CA would lock every node out of its cluster, so this can't be changed by accident.
        "immutable": True,
        "type": "Opaque",
        "data": encode_data(files),
    }
