"""Planning backups: the CronJob, the Job for one that the owner requests, and the Secret with which they read etcd."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.settings import PREFIX, Settings
from hooks.vk8s.children.backup_jobs import build_backup_cron_job, build_backup_job
from hooks.vk8s.children.backup_secret import build_backup_secret
from hooks.vk8s.keys.etcd_client import build_etcd_client, parse_etcd_client
from hooks.vk8s.keys.kubeconfig import Issuer, compute_renewal_time
from hooks.vk8s.keys.pki import ETCD_CA
from hooks.vk8s.keys.pki_files import parse_authority, read_files
from hooks.vk8s.observed.backup_report import FAILED, SUCCEEDED
from hooks.vk8s.observed.children import CRON_JOB, JOB, SECRET, Child
from hooks.vk8s.observed.job import Job
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import COLD_BACKUP_ANNOTATION, SNAPSHOT_ANNOTATION
from hooks.vk8s.spec.labels import BACKUP_COMPONENT, backup_labels, component_selector
from hooks.vk8s.spec.model import BackupSpec
from hooks.vk8s.spec.naming import (
    backup_cron_job_name,
    backup_job_name,
    backup_secret_name,
    kubeconfig_secret_name,
    pki_secret_name,
)
from hooks.wire import Parent

BACKUP_IMAGE: Final = f"{PREFIX}BACKUP_IMAGE"


@dataclass(frozen=True, kw_only=True)
class Backups(Part):
    """The children for backups. `job`: as observed; `request`: what the owner asks for and was not done yet."""

    job: Job | None = None
    request: str = ""


@dataclass(frozen=True)
class _Credentials:
    """The Secret for etcd: as it is to be, or the label of an observed one that stays."""

    children: list[Manifest] = field(default_factory=list)
    due: datetime | None = None


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """The related objects to request: the pods of the Jobs, whose messages are the results."""
    if not settings.backup_image or not isinstance(parent.spec, dict) or not parent.spec.get("backup"):
        return []
    metadata = parent.metadata
    selector = {"matchLabels": component_selector(metadata.name, BACKUP_COMPONENT)}
    return [{"apiVersion": "v1", "resource": "pods", "namespace": metadata.namespace, "labelSelector": selector}]


def plan_backups(situation: Situation) -> Backups:
    """The children for spec.backup; without it, none: what is there goes, and no snapshot with it."""
    backup, image = situation.cluster.spec.backup, situation.settings.backup_image
    job = situation.jobs.get(backup_job_name(situation.identity.name))
    if backup is None:
        return Backups(job=job, gone=_list_own(situation.identity.name))
    if not image:
        message = f"spec.backup has no effect: the hooks need {BACKUP_IMAGE}, the image that takes backups."
        return Backups(job=job, blockers=[Blocker("BackupImageNotSet", message)])
    credentials = _plan_secret(situation)
    if credentials is None:
        name = pki_secret_name(situation.identity.name)
        message = f"etcd-ca.key in Secret {name} is not an ECDSA key: no certificate for backups can be signed with it."
        return Backups(job=job, blockers=[Blocker("BackupKeyInvalid", message)])
    return _plan_jobs(situation, backup, image, credentials)


def _list_own(vk8s: str) -> frozenset[Child]:
    return frozenset(
        [(CRON_JOB, backup_cron_job_name(vk8s)), (JOB, backup_job_name(vk8s)), (SECRET, backup_secret_name(vk8s))]
    )


def _plan_jobs(situation: Situation, backup: BackupSpec, image: str, credentials: _Credentials) -> Backups:
    name, cluster = situation.identity.name, situation.cluster
    key, job = (JOB, backup_job_name(name)), situation.jobs.get(backup_job_name(name))
    can_run = _can_run(situation)
    cron_job = build_backup_cron_job(cluster, backup, image, suspend=not can_run)
    request = "" if _is_done(situation, job) else cluster.snapshot
    # A cold one comes first, and with it the only Job.
    cold = cluster.cold_request
    noted = {COLD_BACKUP_ANNOTATION: cold} if cold else {SNAPSHOT_ANNOTATION: request}
    is_needed = bool(cold or request) and can_run and (job is None or _is_of_another(job, noted))
    is_over = job is not None and (job.is_complete or job.has_failed) and not job.is_terminating
    return Backups(
        children=[
            *credentials.children,
            *(
                [cron_job]
                if situation.observed.has(CRON_JOB, backup_cron_job_name(name)) or _is_readable(situation)
                else []
            ),
            *([build_backup_job(cluster, backup, image, noted)] if is_needed and job is None else []),
        ],
        kept={
            **({} if credentials.children else {(SECRET, backup_secret_name(name)): {}}),
            **({key: backup_labels()} if job else {}),
        },
        gone=frozenset([key] if is_needed and is_over else []),
        due=credentials.due,
        job=job,
        request=request,
    )


def _is_of_another(job: Job, noted: Mapping[str, str]) -> bool:
    return any(job.annotations.get(annotation) != value for annotation, value in noted.items())


def _is_done(situation: Situation, job: Job | None) -> bool:
    """Whether the owner's request was done, even if its Job is gone. One that is being done is not."""
    request, past = situation.cluster.snapshot, situation.past_backups.request
    if job and not _is_of_another(job, {SNAPSHOT_ANNOTATION: request}):
        return job.is_complete or job.has_failed
    return past.get("value") == request and past.get("phase") in (SUCCEEDED, FAILED)


def _can_run(situation: Situation) -> bool:
    """Whether there is an etcd to read, now or soon: nothing is paused, and the cluster was initialized."""
    cluster = situation.cluster
    masters = [node.name for node in cluster.control_plane]
    is_ready = any(name in situation.pods and situation.pods[name].is_ready for name in masters)
    is_initialized = is_ready or any(name in situation.note.claims for name in masters)
    return not cluster.paused and is_initialized and _is_readable(situation)


def _is_readable(situation: Situation) -> bool:
    """Whether the Secrets exist that a backup mounts."""
    name = situation.identity.name
    return not situation.observed.list_missing(
        [(SECRET, backup_secret_name(name)), (SECRET, kubeconfig_secret_name(name))]
    )


def _plan_secret(situation: Situation) -> _Credentials | None:
    """The observed Secret while it is valid and not due for renewal, else a new one; None if none can be signed."""
    name, observed = situation.identity.name, situation.observed
    authority = parse_authority(read_files(observed, pki_secret_name(name)), ETCD_CA)
    if authority is None:
        return None
    issuer = Issuer(authority, situation.settings.kubeconfig_validity, situation.now)
    cert = parse_etcd_client(read_files(observed, backup_secret_name(name)), authority)
    due = compute_renewal_time(cert.not_valid_after_utc, issuer) if cert else None
    if cert and (due is None or situation.now < due):
        return _Credentials(due=due)
    client = build_etcd_client(issuer, situation.context.entropy)
    return _Credentials([build_backup_secret(situation.identity, client.files)], client.renewal)
