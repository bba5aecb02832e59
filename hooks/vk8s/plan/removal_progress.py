"""How far a Job that removes a node is, as far as the hooks can tell: its pod is not a child."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.refused import list_job_refusals
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import VirtualCluster


def describe_work(situation: Situation, job: Job) -> str:
    """What the Job does or waits for, as far as the hooks can tell: its pod is not a child."""
    suspension = job.suspension
    if suspension:
        return f"Job {job.name} {suspension}"
    masters = [situation.pods.get(node.name) for node in situation.cluster.control_plane]
    if not any(master and master.is_ready for master in masters):
        return "waits for the API server of the virtual cluster"
    return _describe_drain(situation.cluster, job.manifest)


def _describe_drain(cluster: VirtualCluster, job: Manifest) -> str:
    """The progress of a Job that can do its work, from its status alone, as its pod is not a child."""
    status, place = job.get("status", {}), f"-n {job['metadata']['namespace']} job/{job['metadata']['name']}"
    refused = [refusal.describe([job]) for refusal in list_job_refusals(job, cluster.rules)]
    if status.get("ready"):
        return "its pods are being moved to other nodes"
    if refused:
        return f"Job {job['metadata']['name']} can't create its pod: {'; '.join(refused)}"
    if not status.get("active"):
        return f"Job {job['metadata']['name']} has no pod yet; if this persists: kubectl describe {place}"
    return f"its pods are not moved yet; if this persists, a PodDisruptionBudget may block them: kubectl logs {place}"
