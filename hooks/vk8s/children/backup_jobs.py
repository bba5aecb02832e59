"""CronJob and Job `<vk8s>-backup`: both take one backup, from the same template; images/backup has the program."""

import json
from collections.abc import Mapping
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.job import KUBECONFIG_PATH, RUN_PATH, Work, build_pod_template, build_security_context
from hooks.vk8s.children.snapshot_store import REPOSITORY_MEMORY, StoreAccess
from hooks.vk8s.keys.kubeconfig import KUBECONFIG_FILE
from hooks.vk8s.spec.cluster import COLD_BACKUP_ANNOTATION, VirtualCluster
from hooks.vk8s.spec.cold_note import COLD_STORE
from hooks.vk8s.spec.labels import backup_labels, build_annotated_metadata, build_metadata, child_labels
from hooks.vk8s.spec.model import BackupSpec
from hooks.vk8s.spec.naming import (
    BACKUP_CONTAINER,
    backup_cron_job_name,
    backup_job_name,
    backup_secret_name,
    kubeconfig_secret_name,
)
from hooks.vk8s.spec.own_resources import OwnResources

# restic takes 60 MiB for a small etcd, and 150 for one of 2 GiB; more if the repository has volumes.
RESOURCES: Final = OwnResources(
    requests={"cpu": "0", "memory": "64Mi"}, limits={"cpu": "1", "memory": REPOSITORY_MEMORY}
)
_ETCD: Final = "/vk8s/etcd"
_ATTEMPTS: Final = 3
# Of one attempt; the program says so when it ends. All attempts together have a little more.
_MINUTES: Final = 20
_ALL_SECONDS: Final = _ATTEMPTS * _MINUTES * 60 + 600
# A backup that could not be started so long, as all was down, waits for its next time.
_START_SECONDS: Final = 600
# restic removes its lock when it is ended.
_STOP_SECONDS: Final = 10
# etcd's largest size is 8 GiB.
_ROOM: Final = "10Gi"


def build_backup_cron_job(cluster: VirtualCluster, backup: BackupSpec, image: str, *, suspend: bool) -> Manifest:
    """The CronJob for spec.backup."""
    identity = cluster.identity
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": build_metadata(identity, backup_cron_job_name(identity.name), backup_labels()),
        "spec": {
            "concurrencyPolicy": "Forbid",
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {
                "metadata": {"labels": {**child_labels(identity), **backup_labels()}},
                "spec": _build_job_spec(cluster, backup, image),
            },
            "schedule": backup.schedule,
            "startingDeadlineSeconds": _START_SECONDS,
            "successfulJobsHistoryLimit": 1,
            "suspend": suspend,
            **({"timeZone": backup.time_zone} if backup.time_zone else {}),
        },
    }


def build_backup_job(cluster: VirtualCluster, backup: BackupSpec, image: str, noted: Mapping[str, str]) -> Manifest:
    """The Job for the snapshot that the owner has requested by an annotation, which the Job and its pods have, too."""
    identity = cluster.identity
    is_cold = COLD_BACKUP_ANNOTATION in noted
    spec = _build_job_spec(cluster, backup, image, is_cold=is_cold)
    own = {**noted, COLD_STORE: StoreAccess(backup).digest} if is_cold else noted
    metadata = spec["template"]["metadata"]
    template = {**spec["template"], "metadata": {**metadata, "annotations": {**metadata["annotations"], **noted}}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": build_annotated_metadata(identity, backup_job_name(identity.name), backup_labels(), own),
        "spec": {**spec, "template": template},
    }


def _build_job_spec(cluster: VirtualCluster, backup: BackupSpec, image: str, *, is_cold: bool = False) -> Manifest:
    work = Work(
        name=backup_job_name(cluster.name),
        labels=backup_labels(),
        noted={},
        containers=[_build_container(cluster, backup, image, is_cold=is_cold)],
        volumes=_build_volumes(cluster.name, backup),
    )
    template = build_pod_template(cluster.identity, work)
    # Never: a container that is restarted loses its pod, and its message, when the last attempt has failed.
    pod = {**template["spec"], "restartPolicy": "Never", "terminationGracePeriodSeconds": _STOP_SECONDS}
    return {
        "activeDeadlineSeconds": _ALL_SECONDS,
        "backoffLimit": _ATTEMPTS - 1,
        "template": {**template, "spec": pod},
    }


def _build_container(cluster: VirtualCluster, backup: BackupSpec, image: str, *, is_cold: bool) -> Manifest:
    return {
        "name": BACKUP_CONTAINER,
        "image": image,
        "args": [
            f"--about={json.dumps(_describe(cluster), sort_keys=True)}",
            f"--kubeconfig={KUBECONFIG_PATH}/{KUBECONFIG_FILE}",
            f"--etcd-credentials={_ETCD}",
            *StoreAccess(backup).arguments,
            f"--keep={backup.keep}",
            *(["--cold"] if is_cold else []),
            f"--work={RUN_PATH}",
            f"--timeout={_MINUTES}m",
        ],
        "resources": RESOURCES.fit(cluster.rules),
        "volumeMounts": [
            {"name": "kubeconfig", "mountPath": KUBECONFIG_PATH, "readOnly": True},
            {"name": "etcd", "mountPath": _ETCD, "readOnly": True},
            {"name": "run", "mountPath": RUN_PATH},
            *StoreAccess(backup).build_mounts(read_only=False),
        ],
        "securityContext": build_security_context(),
    }


def _describe(cluster: VirtualCluster) -> Manifest:
    """What each snapshot says of the virtual cluster, as far as it can't be read from the cluster itself."""
    return {
        "name": cluster.name,
        "namespace": cluster.identity.namespace,
        "uid": cluster.identity.uid,
        "podNetworkCidr": cluster.spec.kubernetes.pod_network_cidr,
        "serviceCidr": cluster.spec.kubernetes.service_cidr,
        "clusterDomain": cluster.cluster_domain,
    }


def _build_volumes(vk8s: str, backup: BackupSpec) -> list[Manifest]:
    return [
        {"name": "kubeconfig", "secret": {"secretName": kubeconfig_secret_name(vk8s), "defaultMode": 0o440}},
        {"name": "etcd", "secret": {"secretName": backup_secret_name(vk8s), "defaultMode": 0o440}},
        {"name": "run", "emptyDir": {"sizeLimit": _ROOM}},
        *StoreAccess(backup).build_volumes(),
    ]
