"""Planning the ssh access of a virtual cluster: its keys, the public keys that may connect, and the pod."""

from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.access_config_map import build_access_config_map
from hooks.vk8s.children.access_pod import build_access_pod
from hooks.vk8s.children.ssh_secret import build_ssh_secret
from hooks.vk8s.keys.pki import PkiError, read_secret
from hooks.vk8s.keys.ssh import CLIENT_PUB, build_ssh_keys
from hooks.vk8s.observed.children import CONFIG_MAP, POD, SECRET
from hooks.vk8s.observed.pod import SETTLING
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Call, Situation
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, COMPONENT
from hooks.vk8s.spec.naming import access_config_map_name, access_pod_names, kubeconfig_secret_name, ssh_secret_name


def plan_access(situation: Situation) -> Part:
    """The children of the ssh access; none without an image for the pod. Its keys stay when the access is removed."""
    cluster, observed, context = situation.cluster, situation.observed, situation.context
    image = cluster.spec.access_pod_image
    if image is None:
        pods = [(POD, name) for name in access_pod_names(cluster.name)]
        return Part(gone=frozenset([*pods, (CONFIG_MAP, access_config_map_name(cluster.name))]))
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
    part = _keep_pods(situation, part)
    pod_name = _choose_name(situation)
    if pod_name is None:
        return part
    needed = [(SECRET, name), (SECRET, kubeconfig_secret_name(cluster.name))]
    lacking = observed.list_missing([*needed, (CONFIG_MAP, access_config_map_name(cluster.name))])
    if lacking:
        return replace(part, waiting={pod_name: f"waits for {', '.join(lacking)}{_explain(secret, keys)}"})
    return replace(part, children=[*part.children, build_access_pod(cluster, pod_name, image)])


def _keep_pods(situation: Situation, part: Part) -> Part:
    """The part with the pods that exist, except for a second one that is no longer needed.

    Of two, the one stays that has first been Ready for a while: a host that comes and goes must not cost a pod each
    time.
    """
    pods = {name: pod for name in access_pod_names(situation.cluster.name) if (pod := situation.pods.get(name))}
    used = [name for name in pods if is_in_use(situation, name)]
    proofs = {name: since + SETTLING for name in used if (since := pods[name].ready_since) and len(used) > 1}
    proven = [name for name, end in proofs.items() if end <= situation.now]
    ends = [*proofs.values(), *(pod.deletion_end for pod in pods.values() if pod.is_terminating)]
    return replace(
        part,
        kept={**part.kept, **{(POD, name): {COMPONENT: ACCESS_COMPONENT} for name in pods}},
        gone=frozenset((POD, name) for name in used if proven and name != proven[0]),
        due=min((end for end in ends if end > situation.now), default=None),
    )


def is_in_use(call: Call, name: str) -> bool:
    """Whether that access pod exists, and is or will be of use: it is not being deleted, and its host answers.

    A suspicion is enough: a second pod costs little, and ssh is back within a minute of the loss of a host.
    """
    pod = call.pods.get(name)
    return pod is not None and not pod.is_terminating and pod.host not in call.suspected_hosts


def _choose_name(situation: Situation) -> str | None:
    """Name of the pod to create, if any. The spare one has a name of its own: a lost host keeps the other one's."""
    first, spare = access_pod_names(situation.cluster.name)
    pod = situation.pods.get(first)
    if is_in_use(situation, first) or is_in_use(situation, spare):
        return None
    if pod is None:
        return first
    is_stuck = pod.host in situation.suspected_hosts or (pod.is_terminating and pod.deletion_end <= situation.now)
    return spare if is_stuck and spare not in situation.pods else None


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
