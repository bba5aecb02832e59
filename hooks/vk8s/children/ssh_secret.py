"""Secret `<vk8s>-ssh`: the host key of the access pod, and a client key for an owner who provides none."""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import ssh_secret_name


def build_ssh_secret(identity: Identity, files: Mapping[str, bytes]) -> Manifest:
    """The Secret with `files`, created once: an access pod never changes its host key."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, ssh_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data(files),
    }
