"""Planning the Secret with which workers join: their certificates stay until they have to be renewed."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.join_secret import build_join_secret, name_client
from hooks.vk8s.keys.kubeconfig import Issuer, compute_renewal_time
from hooks.vk8s.keys.kubelet_client import KubeletClient, build_kubelet_client, parse_kubelet_client
from hooks.vk8s.keys.pki_files import Pki, read_files
from hooks.vk8s.node_config.environment import ADMITS_TOKEN
from hooks.vk8s.observed.children import SECRET, Observed
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.model import MAX_NODES, NodeSpec
from hooks.vk8s.spec.naming import join_secret_name


def plan_join(situation: Situation, pki: Pki) -> Part:
    """The Secret with the certificates of all workers, also of those that are being removed: theirs may restart."""
    issuer = Issuer(pki.authority, situation.settings.kubeconfig_validity, situation.now)
    observed = read_files(situation.observed, join_secret_name(situation.identity.name))
    names = {node: name_client(node) for node in _list_workers(situation)}
    clients = {
        name: _renew(observed.get(name, b""), node, issuer, situation.context.entropy) for node, name in names.items()
    }
    files = {name: client.pem for name, client in clients.items()}
    has_token = situation.cluster.admits_token
    return Part(
        children=[build_join_secret(situation.identity, pki, files, has_token=has_token)],
        due=min((client.renewal for client in clients.values() if client.renewal), default=None),
    )


def explain_missing_certificate(situation: Situation, node: NodeSpec) -> str:
    """What the pod of a worker waits for, as Secrets are not created and updated at once; empty if for nothing."""
    name = join_secret_name(situation.identity.name)
    secret = situation.observed.find(SECRET, name) or {}
    is_complete = name_client(node.name) in (secret.get("data") or {})
    return "" if node.role == "master" or is_complete else f"its certificate in Secret {name}"


def has_token_pods(vk8s: str, observed: Observed) -> bool:
    """Whether there is a pod of an earlier version, which may have to join by the token."""
    return any(_joins_by_token(vk8s, pod) for pod in observed.pods().values())


def is_refused(situation: Situation, pod: Pod) -> bool:
    """Whether the pod of a worker can only join by the token, and its cluster no longer admits that.

    The pods were created by two versions of the hooks, which answered at the same time.
    """
    if not _joins_by_token(situation.identity.name, pod.manifest):
        return False
    masters = [situation.pods[node.name] for node in situation.cluster.control_plane if node.name in situation.pods]
    return any(master.environment.get(ADMITS_TOKEN) == "false" for master in masters)


def _joins_by_token(vk8s: str, pod: Manifest) -> bool:
    """Whether it mounts the whole Secret, as those of earlier versions do."""
    secrets = (volume.get("secret") or {} for volume in pod.get("spec", {}).get("volumes") or ())
    return any(each.get("secretName") == join_secret_name(vk8s) and "items" not in each for each in secrets)


def _list_workers(situation: Situation) -> list[str]:
    """At most MAX_NODES: what is recorded of an object in its annotations is limited to 256 KiB."""
    leaving = [name for name, role in situation.removed.items() if role == "worker" and name in situation.pods]
    return [*(node.name for node in situation.cluster.workers), *leaving][:MAX_NODES]


def _renew(observed: bytes, node: str, issuer: Issuer, entropy: bytes) -> KubeletClient:
    """The observed certificate of `node` while it is valid and not due for renewal, else a new one."""
    found = parse_kubelet_client(observed, node, issuer.authority)
    due = compute_renewal_time(found.not_valid_after_utc, issuer) if found else None
    if found and (due is None or issuer.now < due):
        return KubeletClient(observed, due)
    return build_kubelet_client(node, issuer, entropy)
