"""Secret `<vk8s>-ssh`: the host key of the access pod, and a client key for an owner who gives none."""

from collections.abc import Mapping

from hooks.manifest import Manifest
from hooks.vk8s.cluster import Identity
from hooks.vk8s.labels import build_metadata
from hooks.vk8s.naming import ssh_secret_name
from hooks.vk8s.pki import encode_data


def build_ssh_secret(identity: Identity, files: Mapping[str, bytes]) -> Manifest:
    """The Secret with `files`, made once: an access pod keeps its host key for life."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, ssh_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data(files),
    }
