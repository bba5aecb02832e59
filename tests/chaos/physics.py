"""What becomes of pods, Jobs and deletions, within what can be: kubelets, the Job controller, the garbage collector.

A node whose Node says that it has to leave stops its kubelet for good, and what boots from its state never gets Ready;
nor does what was made with one CA and is to live under another.
"""

from typing import Final

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.manifest import Manifest
from hooks.vk8s.labels import NODE, ROLE
from hooks.vk8s.network import ADDRESS
from hooks.vk8s.observed import CHILD_KINDS, CLAIM, JOB, POD, SECRET, SERVICE, is_ready
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.api import NAMESPACE, RefusedError, TakenError, find_owner, is_job_pod
from tests.chaos.calls import BROKEN_DIGEST
from tests.chaos.scene import HOSTS, Scene
from tests.properties.departures import has_condition
from tests.properties.host import Key
from tests.properties.judge import find_references
from tests.properties.statuses import JOB_STATUSES, build_pod_status

# No registry has it.
UNPULLABLE: Final = "registry.example.com/typo"
# How the names of Jobs end that take a worker out.
LEAVE: Final = "-leave"
# A Job tells a node to leave, and deletes the Node; that of Kubeflow starts a pod, and is done.
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
    """Each pod gets as far as it can, masters first."""
    for pod in scene.list_pods():
        boot(scene, pod["metadata"]["name"])


def finish_deletions(scene: Scene) -> None:
    """Pods have stopped, claims that no pod uses are gone, and so is what belonged to something that is gone."""
    _collect_garbage(scene)
    for kind in (POD, *(each for each in CHILD_KINDS if each != POD), ALLOCATION):
        for name, obj in scene.api.list_all(kind).items():
            if is_terminating(obj) and not obj["metadata"].get("finalizers") and _may_end(scene, (kind, name), obj):
                scene.api.remove((kind, name))
    _finish_foreground(scene)


def boot(scene: Scene, name: str) -> None:
    """The pod gets as far as it can."""
    pod = scene.api.get(POD, name)
    if pod is None or is_terminating(pod) or pod.get("status", {}).get("phase") in ("Failed", "Succeeded"):
        return
    host = pod["spec"].get("nodeName") or next(each for each in HOSTS if each not in scene.lost_hosts)
    if host in scene.lost_hosts:
        return
    if "nodeName" not in pod["spec"]:
        scene.change((POD, name), lambda old: {**old, "spec": {**old["spec"], "nodeName": host}})
    outcome = _find_outcome(scene, pod)
    if outcome == "Ready" and (find_owner(pod), name) in scene.told:
        scene.tell(f"{name} stops its kubelet for good")
        scene.dismissed.add(_find_state(scene, pod))
        outcome = "not Ready"
    if outcome == "Ready" and is_ready(pod):
        return
    if outcome == "Ready":
        scene.authorities[_find_state(scene, pod)] = _find_authority(scene, pod) or ""
        node = (find_owner(pod) or "", name)
        scene.down.pop(node, None)
        scene.overtaken.discard(node)
        scene.tell(f"{name} is Ready")
    set_pod(scene, name, outcome)


def set_pod(scene: Scene, name: str, status: str) -> None:
    """The pod has that status, at the address that it was made with, or one that no other has."""
    pod = scene.api.get(POD, name)
    if pod is not None:
        built = build_pod_status(status, scene.api.now)
        address = {"podIP": find_pod_address(pod)} if "podIP" in built else {}
        scene.set_status((POD, name), {**built, **address})


def find_pod_address(pod: Manifest) -> str:
    """The address that the network of the host cluster gives the pod: that with which it was made, or its own."""
    noted: str | None = pod["metadata"].get("annotations", {}).get(ADDRESS)
    number = int(pod["metadata"]["uid"].removeprefix("uid-"))
    return noted or f"192.168.{number // 250}.{number % 250}"


def work(scene: Scene, name: str) -> None:
    """A Job gets one stage further."""
    job = scene.api.get(JOB, name)
    if job is not None and _can_work(scene, job):
        if name.endswith(LEAVE):
            _take_out(scene, name, job)
        else:
            _install(scene, name, job)


def can_start(scene: Scene, pod: Manifest) -> bool:
    """Whether there is all that the pod, or one of a Job's template, needs to start."""
    return _find_image(pod) != UNPULLABLE and _has_all(scene, pod)


def _take_out(scene: Scene, name: str, job: Manifest) -> None:
    node, owner = name.removesuffix(LEAVE), find_owner(job) or ""
    pod = scene.find_child(owner, (POD, node))
    if pod is None or not is_ready(pod):
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
        scene.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
    except (TakenError, RefusedError):
        return
    scene.set_status((JOB, name), JOB_STATUSES["at work"])


def _find_outcome(scene: Scene, pod: Manifest) -> str:
    is_dismissed = _find_state(scene, pod) in scene.dismissed
    if is_ready(pod) and not is_dismissed:
        return "Ready"
    if _find_image(pod) == UNPULLABLE:
        return "ImagePullBackOff"
    if not _has_all(scene, pod):
        return "nothing said"
    if any(name.endswith(BROKEN_DIGEST) for _, name in find_references(pod)):
        return "CrashLoopBackOff"
    if NODE not in pod["metadata"]["labels"]:
        return "Ready"
    return "Ready" if not is_dismissed and _has_cluster(scene, pod) else "not Ready"


def _has_cluster(scene: Scene, pod: Manifest) -> bool:
    """Whether there is a virtual cluster that the node may be one of, under the CA that it has always had."""
    authority = _find_authority(scene, pod)
    if authority is None or scene.authorities.get(_find_state(scene, pod), authority) != authority:
        return False
    if _is_master(pod):
        return True
    owner = find_owner(pod) or ""
    master = next((each for each in scene.list_pods() if find_owner(each) == owner and _is_master(each)), None)
    service = scene.find_child(owner, (SERVICE, f"{pod['metadata']['labels']['vk8s.sktelecom.com/vk8s']}-api"))
    is_served = master is not None and is_ready(master) and service is not None
    return bool(is_served and master and scene.authorities.get(_find_state(scene, master)) == authority)


def _find_authority(scene: Scene, pod: Manifest) -> str | None:
    """The certificate of the CA that is mounted into the pod; of one without any, as the access pod, none matters."""
    secrets = [scene.api.get(*key) for key in find_references(pod) if key[0] == SECRET]
    found = [str(each["data"]["ca.crt"]) for each in secrets if each and "ca.crt" in each.get("data", {})]
    return found[0] if found else None


def _can_work(scene: Scene, job: Manifest) -> bool:
    """Whether its pod runs, and has an API server to talk to. Caches are not so late that it is not shown."""
    name, owner = job["metadata"]["name"], find_owner(job)
    is_over = is_terminating(job) or has_condition(job, "Complete") or has_condition(job, "Failed")
    if is_over or name not in scene.api.kinds[JOB].shown or not can_start(scene, job["spec"]["template"]):
        return False
    return any(_is_master(pod) and is_ready(pod) and find_owner(pod) == owner for pod in scene.list_pods())


def _may_end(scene: Scene, key: Key, obj: Manifest) -> bool:
    if key[0] == POD:
        return obj["spec"].get("nodeName") not in scene.lost_hosts
    pods = scene.api.kinds[POD].now.values() if key[0] == CLAIM else ()
    return not any(key in find_references(pod) for pod in pods)


def _collect_garbage(scene: Scene) -> None:
    parents = {each["metadata"]["uid"] for kind in (VK8S, POOL, JOB) for each in scene.api.kinds[kind].now.values()}
    for kind in (*CHILD_KINDS, ALLOCATION):
        for name, obj in scene.api.list_all(kind).items():
            if find_owner(obj) not in {None, *parents}:
                scene.api.delete((kind, name))


def _finish_foreground(scene: Scene) -> None:
    """Of what is deleted with all that it owns, the children go first."""
    for vk8s in scene.list_vk8s():
        finalizers = vk8s["metadata"].get("finalizers", [])
        if "foregroundDeletion" not in finalizers:
            continue
        children = list(scene.list_children(vk8s["metadata"]["uid"]))
        for key, _ in children:
            scene.api.delete(key)
        rest = [each for each in finalizers if each != "foregroundDeletion"]
        key = (VK8S, vk8s["metadata"]["name"])
        if not children and rest:
            scene.api.edit(key, lambda old, rest=rest: with_metadata(old, finalizers=rest))  # type: ignore[misc]
        elif not children:
            scene.api.remove(key)


def _find_state(scene: Scene, pod: Manifest) -> str:
    """The uid of what holds the node's state: of its claim, or of the pod itself."""
    claim = next((scene.api.get(*key) for key in find_references(pod) if key[0] == CLAIM), None)
    return str((claim or pod)["metadata"]["uid"])


def _has_all(scene: Scene, pod: Manifest) -> bool:
    return all(scene.api.get(*key) is not None for key in find_references(pod))


def _is_master(pod: Manifest) -> bool:
    return bool(pod["metadata"]["labels"].get(ROLE) == "master") and not is_job_pod(pod)


def _find_image(pod: Manifest) -> str:
    return str(pod["spec"]["containers"][0]["image"])
