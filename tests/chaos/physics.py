"""What becomes of pods, Jobs and deletions, within what can be: kubelets, the Job controller, the garbage collector.

A node whose Node says that it has to leave stops its kubelet for good, and what boots from its state never gets Ready;
nor does what was made with one CA and is to live under another, or what has no state and may not found a cluster.
"""

from typing import Final

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, POD, SECRET, SERVICE, is_ready
from hooks.vk8s.spec.network import ADDRESS
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import is_terminating
from tests.chaos.deletions import finish_deletions
from tests.chaos.members import is_master, is_serving, leave, list_masters
from tests.chaos.scene import Scene
from tests.chaos.state import find_master, is_dismissed, is_left_behind, is_stateless, settle
from tests.simulation.answers import list_references
from tests.simulation.hooks import BROKEN_DIGEST
from tests.simulation.host_api import NAMESPACE, find_owner
from tests.simulation.removals import has_condition
from tests.simulation.statuses import (
    JOB_STATUSES,
    NO_LONGER_READY,
    NO_STATE,
    NOT_READY,
    READY,
    build_pod_status,
    get_container,
)

# No registry has it.
UNPULLABLE: Final = "registry.example.com/typo"
# It has no kubectl in it.
PROXY_IMAGE: Final = "registry.example.com/proxy"
UNPULLABLE_OUTCOME: Final = "ImagePullBackOff"
# The end of the names of Jobs that remove a worker.
LEAVE: Final = "-leave"
# A Job asks the node to stop, then deletes its Node; that of Kubeflow starts a pod and is complete.
MOST_STAGES: Final = 3


def go_on(scene: Scene) -> None:
    """Everything gets as far as it can."""
    finish_deletions(scene)
    for name, _ in scene.list_jobs():
        for _ in range(MOST_STAGES):
            work(scene, name)
    come_up(scene)
    finish_deletions(scene)


def come_up(scene: Scene) -> None:
    """Each pod boots as far as it can, those of control-plane nodes first."""
    for pod in scene.list_pods():
        boot(scene, pod["metadata"]["name"])


def boot(scene: Scene, name: str) -> None:
    """The pod gets as far as it can."""
    pod = scene.api.peek(POD, name)
    if pod is None or is_terminating(pod) or pod.get("status", {}).get("phase") in ("Failed", "Succeeded"):
        return
    host = pod["spec"].get("nodeName") or _get_host(scene, pod)
    if host in scene.lost_hosts:
        return
    if "nodeName" not in pod["spec"]:
        scene.change((POD, name), lambda old: {**old, "spec": {**old["spec"], "nodeName": host}})
    outcome = _name_outcome(scene, pod)
    if NODE in pod["metadata"]["labels"] and outcome not in (UNPULLABLE_OUTCOME, "nothing said"):
        scene.volumes.mount(pod)
    if outcome == READY and (find_owner(pod), name) in scene.told and leave(scene, find_owner(pod) or "", name):
        scene.tell(f"{name} stops its kubelet for good")
        scene.dismissed.add(scene.volumes.of_pod(pod).key)
        outcome = NO_LONGER_READY
    if outcome == READY and not is_ready(pod):
        _come_up(scene, name, pod)
    if scene.outcomes.get(pod["metadata"]["uid"]) != outcome:
        set_pod(scene, name, outcome)


def _come_up(scene: Scene, name: str, pod: Manifest) -> None:
    """The node is Ready: it serves, and what it serves is on its volume."""
    node = (find_owner(pod) or "", name)
    if NODE in pod["metadata"]["labels"]:
        settle(scene, node, pod)
        scene.authorities.setdefault(scene.volumes.of_pod(pod).key, _find_authority(scene, pod) or "")
    scene.down.pop(node, None)
    scene.overtaken.discard(node)
    scene.tell(f"{name} is Ready")


def set_pod(scene: Scene, name: str, status: str) -> None:
    """The pod has that status, at the address that it was made with, or one that no other has."""
    pod = scene.api.peek(POD, name)
    if pod is not None:
        built = build_pod_status(status, scene.api.now, pod)
        address = {"podIP": get_pod_address(pod)} if "podIP" in built else {}
        scene.outcomes[pod["metadata"]["uid"]] = status
        scene.set_status((POD, name), {**built, **address})


def get_pod_address(pod: Manifest) -> str:
    """The address that the network of the host cluster gives the pod: that with which it was made, or its own."""
    noted: str | None = pod["metadata"].get("annotations", {}).get(ADDRESS)
    number = int(pod["metadata"]["uid"].removeprefix("uid-"))
    return noted or f"192.168.{number // 250}.{number % 250}"


def work(scene: Scene, name: str) -> None:
    """A Job gets one stage further."""
    job = scene.api.peek(JOB, name)
    if job is not None and _can_work(scene, job):
        if name.endswith(LEAVE):
            _take_out(scene, name, job)
        else:
            _install(scene, name, job)


def can_start(scene: Scene, pod: Manifest) -> bool:
    """Whether there is all that the pod, or one of a Job's template, needs to start."""
    return _get_image(pod) not in (UNPULLABLE, PROXY_IMAGE) and _has_all(scene, pod)


def _take_out(scene: Scene, name: str, job: Manifest) -> None:
    node, owner = name.removesuffix(LEAVE), find_owner(job) or ""
    pod = scene.find_child(owner, (POD, node))
    if pod is None or not is_ready(pod):
        if not leave(scene, owner, node):
            return
        scene.told.discard((owner, node))
        scene.tell(f"Job {name} is done")
        scene.set_status((JOB, name), JOB_STATUSES["Complete"])
        return
    scene.told.add((owner, node))
    scene.set_status((JOB, name), JOB_STATUSES["moving pods"])
    boot(scene, node)


def _install(scene: Scene, name: str, job: Manifest) -> None:
    uid = job["metadata"]["uid"]
    pods = [pod for pod in scene.api.list_all(POD).values() if find_owner(pod) == uid]
    if pods:
        scene.tell(f"Job {name} is done")
        scene.set_status((JOB, name), JOB_STATUSES["Complete"])
        return
    owner = {"kind": "Job", "name": name, "uid": uid, "controller": True}
    template = job["spec"]["template"]
    metadata = {**template["metadata"], "name": f"{name}-{uid}", "namespace": NAMESPACE, "ownerReferences": [owner]}
    try:
        scene.api.make({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
    except SyncError:
        return
    scene.set_status((JOB, name), JOB_STATUSES["at work"])


def _name_outcome(scene: Scene, pod: Manifest) -> str:
    is_node = NODE in pod["metadata"]["labels"]
    if is_ready(pod) or scene.outcomes.get(pod["metadata"]["uid"]) == NO_LONGER_READY:
        return READY if not is_node or _may_stay(scene, pod) else NO_LONGER_READY
    obstacle = _explain_problem(scene, pod)
    if obstacle or not is_node or _has_cluster(scene, pod):
        return obstacle or READY
    if is_stateless(scene, pod):
        return NO_STATE
    return NOT_READY


def _explain_problem(scene: Scene, pod: Manifest) -> str | None:
    """What keeps our container from running."""
    if _get_image(pod) == UNPULLABLE:
        return UNPULLABLE_OUTCOME
    if pod["metadata"]["uid"] not in scene.volumes.of_pods and not _has_all(scene, pod):
        return "nothing said"
    is_broken = any(name.endswith(BROKEN_DIGEST) for _, name in list_references(pod))
    return "CrashLoopBackOff" if is_broken else None


def _get_host(scene: Scene, pod: Manifest) -> str:
    """The host that the scheduler gives a pod to: they are spread."""
    hosts = [each for each in scene.hosts if each not in scene.lost_hosts]
    if scene.has_members and is_master(pod):
        taken = [each["spec"].get("nodeName") for each in list_masters(scene, find_owner(pod) or "")]
        return min(hosts, key=taken.count)
    return hosts[int(pod["metadata"]["uid"].removeprefix("uid-")) % len(hosts)]


def _may_stay(scene: Scene, pod: Manifest) -> bool:
    """Whether a node that is Ready stays so: it is not dismissed, and its cluster is still the one that it joined."""
    is_of_cluster = not is_dismissed(scene, pod) and not is_left_behind(scene, pod)
    return is_of_cluster and (not scene.has_members or not is_master(pod) or is_serving(scene, pod))


def _has_cluster(scene: Scene, pod: Manifest) -> bool:
    """Whether there is a virtual cluster that the node may be one of, under the CA that it has always had."""
    authority, key = _find_authority(scene, pod), scene.volumes.of_pod(pod).key
    if authority is None or is_dismissed(scene, pod) or scene.authorities.get(key, authority) != authority:
        return False
    if is_master(pod):
        return not is_stateless(scene, pod) and (not scene.has_members or is_serving(scene, pod))
    master = find_master(scene, find_owner(pod) or "")
    service = scene.find_child(
        find_owner(pod) or "", (SERVICE, f"{pod['metadata']['labels']['vk8s.sktelecom.com/vk8s']}-api")
    )
    if master is None or not is_ready(master) or service is None or is_left_behind(scene, pod):
        return False
    return scene.authorities.get(scene.volumes.of_pod(master).key) == authority


def _find_authority(scene: Scene, pod: Manifest) -> str | None:
    """The certificate of the CA that is mounted into the pod; of one without any, as the access pod, none matters."""
    secrets = [scene.api.peek(*key) for key in list_references(pod) if key[0] == SECRET]
    found = [str(each["data"]["ca.crt"]) for each in secrets if each and "ca.crt" in each.get("data", {})]
    return found[0] if found else None


def _can_work(scene: Scene, job: Manifest) -> bool:
    """Whether its pod runs, and has an API server to talk to. Caches are not so late that it is not shown."""
    name, owner = job["metadata"]["name"], find_owner(job)
    is_over = is_terminating(job) or has_condition(job, "Complete") or has_condition(job, "Failed")
    if is_over or name not in scene.api.kinds[JOB].shown or not can_start(scene, job["spec"]["template"]):
        return False
    return any(is_master(pod) and is_ready(pod) and find_owner(pod) == owner for pod in scene.list_pods())


def _has_all(scene: Scene, pod: Manifest) -> bool:
    return all(scene.api.peek(*key) is not None for key in list_references(pod))


def _get_image(pod: Manifest) -> str:
    return str(get_container(pod)["image"])
