"""Planning Kubeflow: the Secret of its first user, and the Job that installs it.

What is installed belongs to the owner: an edit of the version installs another one over it, and nothing uninstalls it.
"""

from dataclasses import dataclass, replace
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.settings import PREFIX, Settings
from hooks.vk8s.keys.pki import derive_password
from hooks.vk8s.kubeflow.job import PASSWORD_SECRET, RESOURCES, STEPS, Installation, build_kubeflow_job
from hooks.vk8s.kubeflow.secret import build_kubeflow_secret, with_user
from hooks.vk8s.kubeflow.versions import explain_mismatch
from hooks.vk8s.observed.children import JOB, SECRET
from hooks.vk8s.observed.fingerprint import is_outdated
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.keep import keep
from hooks.vk8s.observed.refused import is_too_large
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import KUBEFLOW_COMPONENT, component_selector
from hooks.vk8s.spec.model import KUBEFLOW_PORT, KubeflowSpec
from hooks.vk8s.spec.naming import kubeconfig_secret_name, kubeflow_job_name, kubeflow_secret_name
from hooks.wire import Parent

INSTALLER_IMAGE: Final = f"{PREFIX}KUBEFLOW_INSTALLER_IMAGE"
WAITING_FOR_NODES: Final = Blocker(
    "WaitingForNodes", "Kubeflow is installed once the control-plane node is Ready, and a worker if there are any."
)


@dataclass(frozen=True, kw_only=True)
class Kubeflow(Part):
    """The children of Kubeflow, and why it is not installed as the spec asks.

    `job`: as observed; `mismatch`: why this Kubeflow is not compatible with the Kubernetes of the control plane.
    """

    job: Job | None = None
    mismatch: str | None = None

    @property
    def is_planned(self) -> bool:
        """Whether the answer has the Job."""
        return any(child["kind"] == "Job" for child in self.children) or (self.job is not None and not self.gone)


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """The related objects to request: the pods of the Job, whose status shows its progress."""
    if not settings.kubeflow_installer_image or not isinstance(parent.spec, dict) or not parent.spec.get("kubeflow"):
        return []
    metadata = parent.metadata
    selector = {"matchLabels": component_selector(metadata.name, KUBEFLOW_COMPONENT)}
    return [{"apiVersion": "v1", "resource": "pods", "namespace": metadata.namespace, "labelSelector": selector}]


def keep_kubeflow(situation: Situation) -> Kubeflow:
    """What exists of Kubeflow, with nothing planned: a part that returns everything unchanged."""
    job = situation.jobs.get(kubeflow_job_name(situation.identity.name))
    return Kubeflow(job=job, mismatch=explain_mismatch(situation.cluster.spec))


def plan_kubeflow(situation: Situation, found: Kubeflow) -> Kubeflow:
    """The children that the spec asks for and that can be created now. `found`: what exists."""
    kubeflow = situation.cluster.spec.kubeflow
    job, own = found.job, frozenset([(JOB, kubeflow_job_name(situation.identity.name))])
    if kubeflow is None:
        return replace(found, gone=own if job and not job.is_complete else frozenset())
    installation = _read_installation(situation, kubeflow)
    needs_another = job is not None and _needs_another(job, installation)
    if not situation.settings.kubeflow_installer_image:
        if job and job.is_complete and not needs_another:
            return found
        message = f"spec.kubeflow has no effect: the hooks need {INSTALLER_IMAGE}, the image that installs it."
        return replace(found, blockers=[Blocker("InstallerNotSet", message)])
    secret, blockers = _plan_secret(situation, kubeflow), _list_blockers(situation, found.mismatch)
    if job is None:
        job_wanted = [] if blockers else [build_kubeflow_job(situation.cluster, installation)]
        return replace(found, children=[*secret, *job_wanted], blockers=blockers)
    rules = situation.cluster.rules
    is_large = not job.is_complete and is_too_large(job.manifest, RESOURCES.fit(rules), rules)
    if not is_large and not needs_another:
        return replace(found, children=secret, blockers=blockers if situation.cluster.paused else [])
    gone = frozenset() if blockers or job.is_terminating else own
    return replace(found, children=secret, gone=gone, blockers=blockers)


def _read_installation(situation: Situation, kubeflow: KubeflowSpec) -> Installation:
    cluster, template = situation.cluster, situation.settings.kubeflow_installer_image or ""
    port = next(port.port for port in cluster.spec.ports if port.name == KUBEFLOW_PORT)
    name = kubeflow_secret_name(cluster.name)
    own = None if kubeflow.password_secret_ref else situation.observed.find(SECRET, name)
    image = template.replace("{version}", kubeflow.version)
    return Installation(kubeflow, port, image, own["metadata"]["uid"] if own else None)


def _needs_another(job: Job, installation: Installation) -> bool:
    """Whether the Job was created for another spec, or can't complete as it is."""
    is_of_another = installation.secret not in (None, job.annotations.get(PASSWORD_SECRET))
    image = job.containers.get(STEPS[-1], {}).get("image")
    is_stuck = not job.is_complete and (job.has_failed or image != installation.image)
    return is_of_another or is_stuck or is_outdated(job.manifest, installation.hash)


def _plan_secret(situation: Situation, kubeflow: KubeflowSpec) -> list[Manifest]:
    """The Secret of the first user, unless the owner provides one."""
    if kubeflow.password_secret_ref:
        return []
    identity = situation.identity
    secret = situation.observed.find(SECRET, kubeflow_secret_name(identity.name))
    if secret is not None:
        return [with_user(keep(secret, identity), kubeflow.email)]
    password = derive_password(situation.context.entropy, "kubeflow")
    return [build_kubeflow_secret(identity, kubeflow.email, password)]


def _list_blockers(situation: Situation, mismatch: str | None) -> list[Blocker]:
    """Why no Job is created now."""
    cluster, kubeflow = situation.cluster, situation.cluster.spec.kubeflow
    if mismatch:
        return [Blocker("VersionMismatch", mismatch)]
    if cluster.paused:
        return [Blocker("Paused", "Kubeflow is installed when the virtual cluster is resumed.")]
    own = [] if kubeflow and kubeflow.password_secret_ref else [(SECRET, kubeflow_secret_name(cluster.name))]
    lacking = situation.observed.list_missing([(SECRET, kubeconfig_secret_name(cluster.name)), *own])
    if lacking:
        return [Blocker("Waiting", f"Kubeflow is installed once these exist: {', '.join(lacking)}.")]
    return [] if _has_ready_nodes(situation) else [WAITING_FOR_NODES]


def _has_ready_nodes(situation: Situation) -> bool:
    """Whether the control plane is Ready, and a node for Kubeflow's pods."""
    cluster, ready = situation.cluster, {name for name, pod in situation.pods.items() if pod.is_ready}
    has_worker = not cluster.workers or any(node.name in ready for node in cluster.workers)
    return has_worker and any(node.name in ready for node in cluster.control_plane)
