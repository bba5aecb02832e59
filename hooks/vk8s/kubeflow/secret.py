"""Secret `<vk8s>-kubeflow`: the owner's Kubeflow login."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import kubeflow_secret_name

# Kubernetes' names for the keys of this type.
USERNAME, PASSWORD = "username", "password"


def build_kubeflow_secret(identity: Identity, email: str, password: str) -> Manifest:
    """The Secret. Its password is generated once; the user is that of the spec."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, kubeflow_secret_name(identity.name)),
        "type": "kubernetes.io/basic-auth",
        "data": encode_data({PASSWORD: password.encode(), USERNAME: email.encode()}),
    }


def with_user(secret: Manifest, email: str) -> Manifest:
    """The Secret with that user, and otherwise unchanged."""
    return {**secret, "data": {**(secret.get("data") or {}), **encode_data({USERNAME: email.encode()})}}
