"""Job `<vk8s>-kubeflow`: installs Kubeflow in the virtual cluster, step by step, from an image that contains all of it.

The steps are containers that run one after the other, so that the status of the pod shows the progress.
"""

from dataclasses import dataclass

from hooks.kubernetes.labels import PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.job import (
    KUBECONFIG_PATH,
    RUN_PATH,
    Work,
    build_environment,
    build_job,
    build_security_context,
)
from hooks.vk8s.kubeflow.secret import PASSWORD
from hooks.vk8s.observed.fingerprint import build_annotations, hash_kubeflow
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import kubeflow_labels
from hooks.vk8s.spec.model import KubeflowSpec
from hooks.vk8s.spec.naming import kubeconfig_secret_name, kubeflow_job_name, kubeflow_secret_name, ports_service_name
from hooks.vk8s.spec.own_resources import OwnResources

# In this order; images/kubeflow-installer has the steps. The last one is the container, the others init containers.
STEPS = ("objects", "gateway", "deployments", "login")
# kubectl takes 120 MiB to apply 8 MB of manifests, and steps write up to 256 MiB into memory.
RESOURCES = OwnResources(requests={"cpu": "0", "memory": "128Mi"}, limits={"cpu": "2", "memory": "1Gi"})
# The environment variable with the version.
VERSION = "KUBEFLOW_VERSION"
# Annotation of the Job: the uid of the Secret whose password it sets. Another Secret has another password.
PASSWORD_SECRET = f"{PREFIX}password-secret"
# The key of a Secret by which its writer allows the use of its password: `true`. Without it, the password is not used.
CONSENT = "vk8s-kubeflow"
PASSWORD_PATH = "/vk8s/kubeflow"  # noqa: S105 a directory


@dataclass(frozen=True)
class Installation:
    """What is to be installed. `port`: of the user interface; `image`: contains this version of Kubeflow.

    `secret`: uid of the Secret with the generated password, if there is one.
    """

    kubeflow: KubeflowSpec
    port: int
    image: str
    secret: str | None

    @property
    def hash(self) -> str:
        """The hash of the installation, without the image, which may move to another registry."""
        return hash_kubeflow(self.kubeflow, self.port)


def build_kubeflow_job(cluster: VirtualCluster, installation: Installation) -> Manifest:
    """The Job. Each of its steps is retried until it succeeds."""
    made = {PASSWORD_SECRET: installation.secret} if installation.secret else {}
    work = Work(
        name=kubeflow_job_name(cluster.name),
        labels=kubeflow_labels(),
        noted={**build_annotations(installation.hash), **made},
        containers=[_build_container(cluster, installation, step) for step in STEPS],
        volumes=_build_volumes(cluster.name, installation.kubeflow),
    )
    return build_job(cluster.identity, work)


def _build_container(cluster: VirtualCluster, installation: Installation, step: str) -> Manifest:
    kubeflow, identity = installation.kubeflow, cluster.identity
    reference = kubeflow.password_secret_ref
    host = f"{ports_service_name(identity.name)}.{identity.namespace}.svc.{cluster.cluster_domain}"
    return {
        "name": step,
        "image": installation.image,
        "args": [step],
        "env": [
            *build_environment(),
            {"name": VERSION, "value": kubeflow.version},
            {"name": "KUBEFLOW_EMAIL", "value": kubeflow.email},
            {"name": "KUBEFLOW_PORT", "value": str(installation.port)},
            # As for its users: through the Service of the host cluster.
            {"name": "KUBEFLOW_URL", "value": f"http://{host}:{installation.port}"},
            *([{"name": "KUBEFLOW_CONSENT_FILE", "value": f"{PASSWORD_PATH}/{CONSENT}"}] if reference else []),
        ],
        "resources": RESOURCES.fit(cluster.rules),
        "volumeMounts": [
            {"name": "kubeconfig", "mountPath": KUBECONFIG_PATH, "readOnly": True},
            {"name": "password", "mountPath": PASSWORD_PATH, "readOnly": True},
            {"name": "run", "mountPath": RUN_PATH},
        ],
        "securityContext": build_security_context(),
    }


def _build_volumes(vk8s: str, kubeflow: KubeflowSpec) -> list[Manifest]:
    reference = kubeflow.password_secret_ref
    password = {
        "secretName": reference.name if reference else kubeflow_secret_name(vk8s),
        "items": [
            {"key": reference.key if reference else PASSWORD, "path": PASSWORD},
            *([{"key": CONSENT, "path": CONSENT}] if reference else []),
        ],
        "defaultMode": 0o440,
        # Kubelet would report a missing Secret only by an Event; the first step reports it in its message, and waits.
        "optional": True,
    }
    return [
        {"name": "kubeconfig", "secret": {"secretName": kubeconfig_secret_name(vk8s), "defaultMode": 0o440}},
        {"name": "password", "secret": password},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}},
    ]
