"""Secret `<vk8s>-kubeconfig`: what the owner of a virtual cluster talks to it with."""

from hooks.manifest import Manifest
from hooks.vk8s.cluster import Identity
from hooks.vk8s.kubeconfig import KUBECONFIG_KEYS
from hooks.vk8s.labels import build_metadata
from hooks.vk8s.naming import kubeconfig_secret_name
from hooks.vk8s.pki import encode_data


def build_kubeconfig_secret(identity: Identity, kubeconfig: str) -> Manifest:
    """The Secret with `kubeconfig` under each of its keys."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, kubeconfig_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data({key: kubeconfig.encode() for key in KUBECONFIG_KEYS}),
    }
