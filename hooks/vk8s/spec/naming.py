"""The names of all objects of a virtual cluster, one function each, and the limits that follow from them."""

# A Service name is a DNS-1035 label of at most 63 characters, and our longest suffix is `-access-svc`.
MAX_VK8S_NAME = 52

# The name of a Service's port is a DNS label.
MAX_PORT_NAME = 63

# Our containers in each kind of pod. An injector may have added others, before or after them.
NODE_CONTAINER, ACCESS_CONTAINER, LEAVE_CONTAINER = "node", "access", "leave"
BACKUP_CONTAINER, RESTORE_CONTAINER, VOLUMES_CONTAINER = "backup", "restore", "volumes"

# A CronJob's name has at most 52 characters, as that of its Jobs is longer.
MAX_BACKED_UP_NAME = 45


def pki_secret_name(vk8s: str) -> str:
    """Secret with the CAs, the service-account keys and the bootstrap token."""
    return f"{vk8s}-pki"


def join_secret_name(vk8s: str) -> str:
    """Secret with what workers need to join: the CA, and the certificate of each."""
    return f"{vk8s}-join"


def kubeconfig_secret_name(vk8s: str) -> str:
    """Secret with the administrator's kubeconfig."""
    return f"{vk8s}-kubeconfig"


def bootstrap_config_map_name(vk8s: str, digest: str) -> str:
    """ConfigMap with the bootstrap files of a node pod. `digest` identifies their version."""
    return f"{vk8s}-bootstrap-{digest}"


def api_service_name(vk8s: str) -> str:
    """Service in front of the API server."""
    return f"{vk8s}-api"


def etcd_service_name(vk8s: str) -> str:
    """Headless Service that gives each of several control-plane nodes a name, which outlives its address."""
    return f"{vk8s}-etcd"


def ports_service_name(vk8s: str) -> str:
    """Service through which the declared ports are reached from outside."""
    return vk8s


def network_policy_name(vk8s: str) -> str:
    """NetworkPolicy that says who may connect to the pods."""
    return vk8s


def disruption_budget_name(vk8s: str) -> str:
    """PodDisruptionBudget that says how many node pods evictions leave."""
    return vk8s


def etcd_budget_name(vk8s: str) -> str:
    """PodDisruptionBudget with which evictions leave a quorum of several control-plane nodes."""
    return f"{vk8s}-etcd"


def is_service_of_another(vk8s: str) -> bool:
    """Whether the Service for the ports of this Vk8s could have the name of another Vk8s's Service."""
    return vk8s.endswith((api_service_name(""), access_service_name(""), etcd_service_name("")))


def ssh_secret_name(vk8s: str) -> str:
    """Secret with the host key of the access pod, and a client key for its owner."""
    return f"{vk8s}-ssh"


def access_config_map_name(vk8s: str) -> str:
    """ConfigMap with the public keys that may connect."""
    return f"{vk8s}-access"


def access_service_name(vk8s: str) -> str:
    """Service in front of the access pod."""
    return f"{vk8s}-access-svc"


def kubeflow_secret_name(vk8s: str) -> str:
    """Secret with user and password of Kubeflow."""
    return f"{vk8s}-kubeflow"


def kubeflow_job_name(vk8s: str) -> str:
    """Job that installs Kubeflow."""
    return f"{vk8s}-kubeflow"


def backup_secret_name(vk8s: str) -> str:
    """Secret with the client certificate with which backups read etcd."""
    return f"{vk8s}-backup"


def backup_cron_job_name(vk8s: str) -> str:
    """CronJob that takes backups."""
    return f"{vk8s}-backup"


def backup_job_name(vk8s: str) -> str:
    """Job that takes the backup that the owner has requested."""
    return f"{vk8s}-backup"


def leave_job_name(node: str) -> str:
    """Job that removes a node from its virtual cluster."""
    return f"{node}-leave"


def volumes_job_name(node: str) -> str:
    """Job that copies the volumes of a node, as part of a cold backup."""
    return f"{node}-volumes"


def access_pod_name(vk8s: str) -> str:
    """Pod for ssh access."""
    return f"{vk8s}-access-pod"


def spare_access_pod_name(vk8s: str) -> str:
    """Pod for ssh access while the host of the other one does not answer. No Vk8s and no node has a name like this."""
    return f"{vk8s}--access-pod"


def access_pod_names(vk8s: str) -> tuple[str, str]:
    """The pods for ssh access, of which one is in use."""
    return access_pod_name(vk8s), spare_access_pod_name(vk8s)


def state_claim_name(node: str) -> str:
    """PersistentVolumeClaim with the state of a node."""
    return f"{node}-state"
