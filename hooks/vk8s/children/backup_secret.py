"""Secret `<vk8s>-backup`: what backups need to read etcd. It is as powerful as the kubeconfig.

Etcd without users of its own knows no client that may only read.
"""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import backup_secret_name


def build_backup_secret(identity: Identity, files: Mapping[str, bytes]) -> Manifest:
    """The Secret with a client certificate, its key, and the CA of etcd."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, backup_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data(files),
    }
