"""Secret `<vk8s>-kubeconfig`: the kubeconfig of the owner of a virtual cluster."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_KEYS
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import kubeconfig_secret_name


def build_kubeconfig_secret(identity: Identity, kubeconfig: str) -> Manifest:
    """The Secret with `kubeconfig` under each of its keys."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, kubeconfig_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data({key: kubeconfig.encode() for key in KUBECONFIG_KEYS}),
    }
