"""Secret `<vk8s>-join`: what workers need to join. It does not contain the key of the CA.

The pod of a worker mounts the CA and its own certificate. Pods of earlier versions mount all of it, and join with the
token, which lets its holder become any node: it is there only as long as there are such pods.
"""

from collections.abc import Mapping
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import CA_CERT, TOKEN, encode_data, public_key_hash
from hooks.vk8s.keys.pki_files import Pki
from hooks.vk8s.node_config.kubeadm import WORKER_CLIENT
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import join_secret_name

# It identifies the CA, also for nodes with older bootstrap files.
CA_HASH: Final = "ca-hash"


def list_join_files(node: str) -> Mapping[str, str]:
    """What the pod of a worker mounts of the Secret: names in the pod, by names in the Secret."""
    return {CA_CERT: CA_CERT, name_client(node): WORKER_CLIENT}


def name_client(node: str) -> str:
    """The file in the Secret with which the worker of that name joins."""
    return f"kubelet-{node}.pem"


def build_join_secret(identity: Identity, pki: Pki, clients: Mapping[str, bytes], *, has_token: bool) -> Manifest:
    """The Secret, derived from the PKI, with the files in `clients`, one for each worker."""
    token = {TOKEN: pki.files[TOKEN]} if has_token else {}
    ca = {CA_CERT: pki.files[CA_CERT], CA_HASH: public_key_hash(pki.authority.cert).encode()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": build_metadata(identity, join_secret_name(identity.name)),
        "type": "Opaque",
        "data": encode_data({**ca, **token, **clients}),
    }
