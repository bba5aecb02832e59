"""ConfigMap `<vk8s>-bootstrap-<digest>`: the bootstrap files of node pods. A new version is a new object."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.scripts import Scripts
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import BOOTSTRAP_COMPONENT, COMPONENT, build_metadata
from hooks.vk8s.spec.naming import bootstrap_config_map_name


def build_bootstrap_config_map(identity: Identity, scripts: Scripts) -> Manifest:
    """The ConfigMap with this version of the bootstrap files."""
    name = bootstrap_config_map_name(identity.name, scripts.digest)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": build_metadata(identity, name, {COMPONENT: BOOTSTRAP_COMPONENT}),
        "data": dict(sorted(scripts.files.items())),
    }
