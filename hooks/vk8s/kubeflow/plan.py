"""Which children Kubeflow has now: the Secret of its first user, and the Job that installs it.

What is installed is the owner's: an edit of the version installs another one over it, and nothing takes it away.
"""

from dataclasses import dataclass
from typing import Final

from hooks.kubernetes.conditions import Trouble
from hooks.kubernetes.manifest import Manifest
from hooks.settings import PREFIX, Settings
from hooks.vk8s.keys.pki import derive_password
from hooks.vk8s.kubeflow.job import PASSWORD_SECRET, RESOURCES, STEPS, Installation, build_kubeflow_job
from hooks.vk8s.kubeflow.secret import build_kubeflow_secret, with_user
from hooks.vk8s.kubeflow.versions import find_mismatch
from hooks.vk8s.observed import children as seen
from hooks.vk8s.observed.children import JOB, POD, SECRET, Child, Observed
from hooks.vk8s.observed.fingerprint import is_outdated
from hooks.vk8s.observed.keep import keep
from hooks.vk8s.observed.refused import is_too_large
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import KUBEFLOW_COMPONENT, component_selector
from hooks.vk8s.spec.model import KUBEFLOW_PORT, KubeflowSpec
from hooks.vk8s.spec.naming import kubeconfig_secret_name, kubeflow_job_name, kubeflow_secret_name
from hooks.wire import Parent

INSTALLER_IMAGE: Final = f"{PREFIX}KUBEFLOW_INSTALLER_IMAGE"
WAITING_FOR_NODES: Final = Trouble(
    "WaitingForNodes", "Kubeflow is installed once the master and, where there are any, a worker are Ready."
)


@dataclass(frozen=True)
class Kubeflow:
    """The children of Kubeflow, what of them goes now, and why it is not installed as the spec asks."""

    children: list[Manifest]
    gone: frozenset[Child] = frozenset()
    trouble: Trouble | None = None


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """Which objects Metacontroller shall send along: the pods of the Job, whose status tells how far it is."""
    if not settings.kubeflow_installer_image or not isinstance(parent.spec, dict) or not parent.spec.get("kubeflow"):
        return []
    metadata = parent.metadata
    selector = {"matchLabels": component_selector(metadata.name, KUBEFLOW_COMPONENT)}
    return [{"apiVersion": "v1", "resource": "pods", "namespace": metadata.namespace, "labelSelector": selector}]


def plan_kubeflow(cluster: VirtualCluster, observed: Observed, context: Context) -> Kubeflow:
    """The children that the spec asks for, as far as it is their turn."""
    job = observed.find(JOB, kubeflow_job_name(cluster.name))
    own = frozenset([(JOB, kubeflow_job_name(cluster.name))])
    if cluster.spec.kubeflow is None:
        return Kubeflow([], own if job and not is_finished(job) else frozenset())
    if not context.settings.kubeflow_installer_image:
        sentence = f"spec.kubeflow has no effect: the hooks need {INSTALLER_IMAGE}, the image that installs it."
        return Kubeflow([], trouble=Trouble("InstallerNotSet", sentence))
    image = context.settings.kubeflow_installer_image.replace("{version}", cluster.spec.kubeflow.version)
    installation = _find_installation(cluster, cluster.spec.kubeflow, observed, image)
    secret = _plan_secret(cluster, cluster.spec.kubeflow, observed, context.entropy)
    trouble = _find_trouble(cluster, installation, observed)
    if job is None:
        return Kubeflow([*secret, *([] if trouble else [build_kubeflow_job(cluster, installation)])], trouble=trouble)
    is_large = not is_finished(job) and is_too_large(job, RESOURCES.fit(cluster.rules), cluster.rules)
    if not is_large and not _needs_another(job, installation):
        return Kubeflow(secret, trouble=trouble if cluster.paused else None)
    return Kubeflow(secret, frozenset() if trouble or seen.is_terminating(job) else own, trouble)


def is_finished(job: Manifest) -> bool:
    """Whether the Job has installed what it was made for."""
    return seen.condition(job, "Complete").get("status") == "True"


def _find_installation(cluster: VirtualCluster, kubeflow: KubeflowSpec, observed: Observed, image: str) -> Installation:
    port = next(port.port for port in cluster.spec.ports if port.name == KUBEFLOW_PORT)
    own = None if kubeflow.password_secret_ref else observed.find(SECRET, kubeflow_secret_name(cluster.name))
    return Installation(kubeflow, port, image, own["metadata"]["uid"] if own else None)


def _needs_another(job: Manifest, installation: Installation) -> bool:
    """Whether the Job was made for another spec, or does not come to an end as it is."""
    noted = job["metadata"].get("annotations", {}).get(PASSWORD_SECRET)
    if is_outdated(job, installation.hash) or installation.secret not in (None, noted):
        return True
    image = seen.find_container(job["spec"]["template"]["spec"], STEPS[-1]).get("image")
    has_failed = seen.condition(job, "Failed").get("status") == "True"
    return not is_finished(job) and (has_failed or image != installation.image)


def _plan_secret(cluster: VirtualCluster, kubeflow: KubeflowSpec, observed: Observed, entropy: bytes) -> list[Manifest]:
    """The Secret of the first user, where its owner brings none."""
    if kubeflow.password_secret_ref:
        return []
    secret = observed.find(SECRET, kubeflow_secret_name(cluster.name))
    if secret is not None:
        return [with_user(keep(secret, cluster.identity), kubeflow.email)]
    return [build_kubeflow_secret(cluster.identity, kubeflow.email, derive_password(entropy, "kubeflow"))]


def _find_trouble(cluster: VirtualCluster, installation: Installation, observed: Observed) -> Trouble | None:
    """Why no Job is made now."""
    mismatch = find_mismatch(cluster.spec)
    if mismatch:
        return Trouble("VersionMismatch", mismatch)
    if cluster.paused:
        return Trouble("Paused", "Kubeflow is installed when the virtual cluster is resumed.")
    own = [] if installation.kubeflow.password_secret_ref else [(SECRET, kubeflow_secret_name(cluster.name))]
    lacking = observed.find_lacking([(SECRET, kubeconfig_secret_name(cluster.name)), *own])
    if lacking:
        return Trouble("Waiting", f"Kubeflow is installed once these are there: {', '.join(lacking)}.")
    if not _has_ready_nodes(cluster, observed):
        return WAITING_FOR_NODES
    return None


def _has_ready_nodes(cluster: VirtualCluster, observed: Observed) -> bool:
    """Whether the API server answers, and there is a node for Kubeflow's pods."""
    master, *workers = (observed.find(POD, node.name) for node in cluster.nodes)
    ready = [pod for pod in workers if pod and seen.is_ready(pod)]
    return master is not None and seen.is_ready(master) and (not workers or bool(ready))
