"""ConfigMap `<vk8s>-access`: the public keys that may connect to the access pod. It changes in place."""

from collections.abc import Sequence

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import access_config_map_name

AUTHORIZED_KEYS = "authorized_keys"


def build_access_config_map(identity: Identity, keys: Sequence[str]) -> Manifest:
    """The ConfigMap with `keys`, one per line."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": build_metadata(identity, access_config_map_name(identity.name)),
        "data": {AUTHORIZED_KEYS: "".join(f"{key.strip()}\n" for key in keys)},
    }
