"""Planning the ssh access of a virtual cluster: its keys, the public keys that may connect, and the pod."""

from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.access_config_map import build_access_config_map
from hooks.vk8s.children.access_pod import build_access_pod
from hooks.vk8s.children.ssh_secret import build_ssh_secret
from hooks.vk8s.keys.pki import PkiError, read_secret
from hooks.vk8s.keys.ssh import CLIENT_PUB, build_ssh_keys
from hooks.vk8s.observed.children import CONFIG_MAP, POD, SECRET
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, COMPONENT
from hooks.vk8s.spec.naming import access_config_map_name, access_pod_name, kubeconfig_secret_name, ssh_secret_name


def plan_access(situation: Situation) -> Part:
    """The children of the ssh access; none without an image for the pod. Its keys stay when the access is removed."""
    cluster, observed, context = situation.cluster, situation.observed, situation.context
    image, pod_name = cluster.spec.access_pod_image, access_pod_name(cluster.name)
    if image is None:
        return Part(gone=frozenset([(POD, pod_name), (CONFIG_MAP, access_config_map_name(cluster.name))]))
    name = ssh_secret_name(cluster.name)
    secret = observed.find(SECRET, name)
    keys = cluster.spec.access.authorized_keys or _read_client_key(secret)
    part = Part(
        children=[
            *([] if secret else [build_ssh_secret(cluster.identity, build_ssh_keys(context.entropy, cluster.name))]),
            *([build_access_config_map(cluster.identity, keys)] if keys else []),
        ],
        kept={(SECRET, name): {}} if secret else {},
    )
    if cluster.paused:
        return part
    if pod_name in situation.pods:
        return replace(part, kept={**part.kept, (POD, pod_name): {COMPONENT: ACCESS_COMPONENT}})
    needed = [(SECRET, name), (SECRET, kubeconfig_secret_name(cluster.name))]
    lacking = observed.list_lacking([*needed, (CONFIG_MAP, access_config_map_name(cluster.name))])
    if lacking:
        return replace(part, waiting={pod_name: f"waits for {', '.join(lacking)}{_explain(secret, keys)}"})
    return replace(part, children=[*part.children, build_access_pod(cluster, image)])


def _explain(secret: Manifest | None, keys: list[str]) -> str:
    """What only the owner can fix, as the end of a sentence: an existing Secret is never changed, whatever is in it."""
    if secret is None or keys:
        return ""
    return f": Secret {secret['metadata']['name']} holds no client key; delete it, and another one is created"


def _read_client_key(secret: Manifest | None) -> list[str]:
    """The generated client key, once the Secret is observed: calls on a stale cache must not mix two of them."""
    if secret is None:
        return []
    try:
        key = read_secret(secret).get(CLIENT_PUB, b"").decode()
    except (PkiError, UnicodeDecodeError):
        return []
    return [key] if key.strip() else []
