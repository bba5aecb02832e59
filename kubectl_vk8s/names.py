"""Names and labels of what belongs to a virtual cluster, as the hooks give them; a test holds one against the other."""

from typing import Final

API_VERSION: Final = "vk8s.sktelecom.com/v1alpha1"
VK8S_LABEL: Final = "vk8s.sktelecom.com/vk8s"
NODE_LABEL: Final = "vk8s.sktelecom.com/node"
RESTART_ANNOTATION: Final = "vk8s.sktelecom.com/restart"
SNAPSHOT_ANNOTATION: Final = "vk8s.sktelecom.com/snapshot"
ACCEPT_LOSS_ANNOTATION: Final = "vk8s.sktelecom.com/accept-state-loss"
COLD_BACKUP_ANNOTATION: Final = "vk8s.sktelecom.com/cold-backup"
FORCE_REMOVE_ANNOTATION: Final = "vk8s.sktelecom.com/force-remove"
STOPPED_ANNOTATION: Final = "vk8s-resource-stopped"
NODE_CONTAINER: Final = "node"
API_PORT: Final = 6443
KUBECONFIG_KEY: Final = "value"
SSH_KEY: Final = "id_ecdsa"
SSH_HOST_KEY: Final = "ssh_host_ecdsa_key.pub"
SYSTEM_NAMESPACE: Final = "vk8s-system"


def kubeconfig_secret_name(vk8s: str) -> str:
    """Secret with the administrator's kubeconfig."""
    return f"{vk8s}-kubeconfig"


def ssh_secret_name(vk8s: str) -> str:
    """Secret with the host key of the access pod, and a client key for its owner."""
    return f"{vk8s}-ssh"


def api_service_name(vk8s: str) -> str:
    """Service in front of the API server."""
    return f"{vk8s}-api"


def access_pod_name(vk8s: str) -> str:
    """Pod for ssh access."""
    return f"{vk8s}-access-pod"


def spare_access_pod_name(vk8s: str) -> str:
    """Pod for ssh access while the host of the other one does not answer."""
    return f"{vk8s}--access-pod"


def leave_job_name(node: str) -> str:
    """Job that removes a worker from its virtual cluster."""
    return f"{node}-leave"


def state_claim_name(node: str) -> str:
    """PersistentVolumeClaim with the state of a node."""
    return f"{node}-state"


def backup_cron_job_name(vk8s: str) -> str:
    """CronJob that takes backups."""
    return f"{vk8s}-backup"
