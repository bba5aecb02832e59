"""What becomes of pods and Jobs when nobody is late and nothing breaks, within what can be: the physics of the host.

A node whose Node says that it has to leave stops its kubelet for good, and what boots from its state never gets Ready.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from hooks.manifest import Manifest
from hooks.vk8s.labels import NODE, ROLE
from hooks.vk8s.observed import CLAIM, JOB, POD, is_ready
from testbed.metacontroller.objects import is_terminating
from tests.properties.departures import has_condition
from tests.properties.events import SCRIPTS, set_job, set_pods, wait
from tests.properties.host import Host, list_children, without
from tests.properties.judge import find_references
from tests.properties.owner import UNPULLABLE

# Nothing boots from these boot files.
BROKEN_BOOT_FILES: Final = sorted(SCRIPTS)[0]
# More than a pod that has failed is left alone for.
ROUND = timedelta(seconds=31)
# A Job tells the node to leave, and deletes the Node.
MOST_STAGES = 2


def go_well(host: Host) -> Host:
    """The host cluster after a while, a sync, and all that follows from it."""
    host = finish_deletions(wait(host, ROUND).step())
    for name in sorted(host.world.children[JOB]):
        for _ in range(MOST_STAGES):
            host = work(host, name)
    return come_up(host)


def finish_deletions(host: Host) -> Host:
    """Pods have stopped, finalizers are done, and the claims that no pod uses any more are gone."""
    going = [key for key, child in list_children(host.world).items() if is_terminating(child) and key[0] != CLAIM]
    world = without(host.world, going)
    used = {reference for pod in world.children[POD].values() for reference in find_references(pod)}
    claims = [(CLAIM, name) for name, child in world.children[CLAIM].items() if is_terminating(child)]
    free = [claim for claim in claims if claim not in used]
    return host.after("deletions finish", children=without(world, free).children) if going or free else host


def come_up(host: Host) -> Host:
    """Each pod gets as far as it can, the master first."""
    pods = host.world.children[POD]
    for name in sorted(pods, key=lambda name: (pods[name]["metadata"]["labels"].get(ROLE) != "master", name)):
        host = boot(host, name)
    return host


def boot(host: Host, name: str) -> Host:
    """The pod gets as far as it can."""
    pod = host.world.children[POD][name]
    if is_terminating(pod) or pod.get("status", {}).get("phase") in ("Failed", "Succeeded"):
        return host
    outcome = _find_outcome(host, pod)
    if outcome == "Ready" and name in host.told:
        stopped = set_pods(host.after(f"{name} stops its kubelet for good"), [name], "not Ready")
        return replace(stopped, dismissed=host.dismissed | {_find_state(host, pod)})
    return host if outcome == "Ready" and is_ready(pod) else set_pods(host, [name], outcome)


def work(host: Host, name: str) -> Host:
    """A Job that takes a worker out gets one stage further."""
    job = host.world.children[JOB].get(name)
    if job is None or NODE not in job["metadata"]["labels"] or not _can_work(host, job):
        return host
    node = job["metadata"]["labels"][NODE]
    pod = host.world.children[POD].get(node)
    if pod is None or not is_ready(pod):
        return replace(set_job(host, name, "Complete"), told=host.told - {node})
    return boot(replace(set_job(host, name, "moving pods"), told=host.told | {node}), node)


def can_start(host: Host, pod: Manifest) -> bool:
    """Whether there is all that the pod, or one of a Job's template, needs to start."""
    return _find_image(pod) != UNPULLABLE and _has_all(host, pod)


def _find_outcome(host: Host, pod: Manifest) -> str:
    is_dismissed = _find_state(host, pod) in host.dismissed
    if is_ready(pod) and not is_dismissed:
        return "Ready"
    if _find_image(pod) == UNPULLABLE:
        return "ImagePullBackOff"
    if not _has_all(host, pod):
        return "nothing said"
    if _has_broken_boot_files(pod):
        return "CrashLoopBackOff"
    return "Ready" if not is_dismissed and (_is_master(pod) or _is_master_ready(host)) else "not Ready"


def _can_work(host: Host, job: Manifest) -> bool:
    """Whether its pod runs, and there is an API server for it to talk to. Caches are not so late that it is not shown.

    That of each version can take a worker out: from a broken one, only its owner could save a Job.
    """
    name, pod = job["metadata"]["name"], job["spec"]["template"]
    is_over = is_terminating(job) or has_condition(job, "Complete") or has_condition(job, "Failed")
    return not is_over and can_start(host, pod) and name in host.shown.children[JOB] and _is_master_ready(host)


def _is_master_ready(host: Host) -> bool:
    return any(_is_master(pod) and is_ready(pod) for pod in host.world.children[POD].values())


def _is_master(pod: Manifest) -> bool:
    return bool(pod["metadata"]["labels"].get(ROLE) == "master")


def _find_image(pod: Manifest) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _has_all(host: Host, pod: Manifest) -> bool:
    return all(name in host.world.children[kind] for kind, name in find_references(pod))


def _has_broken_boot_files(pod: Manifest) -> bool:
    return any(name.endswith(BROKEN_BOOT_FILES) for _, name in find_references(pod))


def _find_state(host: Host, pod: Manifest) -> str:
    """The uid of what holds the node's state: of its claim, or of the pod itself."""
    claim = host.world.children[CLAIM].get(f"{pod['metadata']['name']}-state")
    is_claimed = any(kind == CLAIM for kind, _ in find_references(pod))
    return str((claim if is_claimed and claim else pod)["metadata"]["uid"])
