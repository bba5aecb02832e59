"""Which access pods are replaced now: they wait for nobody, as only their own sessions depend on them."""

from hooks.vk8s.observed.fingerprint import hash_access, is_outdated
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import access_pod_names


def choose_access(situation: Situation) -> list[str]:
    """Names of the access pods that have another image, or have ended."""
    image = situation.cluster.spec.access_pod_image
    pods = list_access(situation) if image else []
    return [str(pod.manifest["metadata"]["name"]) for pod in pods if image and _is_old(situation, pod, image)]


def list_access(situation: Situation) -> list[Pod]:
    """The access pods that exist."""
    return [pod for name in access_pod_names(situation.cluster.name) if (pod := situation.pods.get(name))]


def _is_old(situation: Situation, pod: Pod, image: str) -> bool:
    if pod.is_terminating:
        return False
    is_old = not pod.is_over and is_outdated(pod.manifest, hash_access(image), situation.cluster.restart)
    return is_old or pod.is_over_for_long(situation.now)
