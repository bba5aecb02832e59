"""Faults that occur by themselves or are caused by other people. Each event chooses among the objects that exist."""

from datetime import timedelta
from typing import Any, Final

from hooks.ippool.allocation import ALLOCATION, API_VERSION, VK8S_UID
from hooks.ippool.pools import POOL
from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, DISRUPTION_BUDGET, JOB, POD, SECRET, SERVICE, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.physics import LEAVE, PROXY_IMAGE, set_pod
from tests.chaos.scene import HOLD, Draw, Scene
from tests.simulation.host_api import NAMESPACE, find_owner
from tests.simulation.keys import describe_key
from tests.simulation.kinds import Key
from tests.simulation.removals import LEAVING
from tests.simulation.statuses import JOB_STATUSES, POD_STATUSES

POD_FAULTS: Final = tuple(sorted(set(POD_STATUSES) - {"Ready", "bound elsewhere"}))
# What somebody else may make under a name that a Vk8s wants.
SQUATS: Final[tuple[tuple[str, str, Manifest], ...]] = (
    ("Secret", "a-join", {"type": "Opaque", "data": {}}),
    ("Secret", "b-pki", {"type": "Opaque", "data": {}}),
    ("ConfigMap", "a-access", {"data": {}}),
    ("PersistentVolumeClaim", "a-w1-state", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
    ("Pod", "b-m", {"spec": {"containers": [{"name": "x", "image": "x", "resources": {}}]}}),
    ("Service", "other", {"spec": {"type": "NodePort", "ports": [{"port": 1, "nodePort": 30080}]}}),
    ("Service", "other-ssh", {"spec": {"type": "NodePort", "ports": [{"port": 1, "nodePort": 30022}]}}),
)
SIDECAR: Final[Manifest] = {"name": "a-proxy", "image": PROXY_IMAGE, "resources": {}}
POOL_SPECS: Final[tuple[Manifest, ...]] = (
    {"ranges": ["10.0.0.1-10.0.0.4"]},
    {"cidr": "10.0.0.0/28"},
    {"ranges": ["10.0.0.3-10.0.0.9"]},
)


def break_pod(scene: Scene, draw: Draw) -> None:
    """Something happens to a pod."""
    pods = [pod for pod in scene.list_pods() if not is_terminating(pod)]
    if pods:
        name, fault = draw.pick(pods)["metadata"]["name"], draw.pick(POD_FAULTS)
        scene.tell(f"pod {name}: {fault}")
        set_pod(scene, name, fault)


def delete_child(scene: Scene, draw: Draw) -> None:
    """Somebody deletes a child, except for a PKI or a Job, for which there are other events."""
    keys = [key for key in _list_children(scene) if key[0] != JOB and not key[1].endswith("-pki")]
    # Nobody can say what a drain takes without a budget.
    keys = [key for key in keys if not scene.has_members or key[0] != DISRUPTION_BUDGET]
    if keys:
        key = draw.pick(keys)
        scene.api.drop(key)
        scene.tell(f"{describe_key(key)} is deleted by hand")


def lose_pki(scene: Scene, draw: Draw) -> None:
    """Somebody deletes the PKI of a Vk8s."""
    uids = {each["metadata"]["uid"]: each["metadata"]["name"] for each in scene.list_vk8s()}
    there = [uid for uid, name in uids.items() if scene.find_child(uid, (SECRET, f"{name}-pki"))]
    if there:
        uid = draw.pick(there)
        scene.lost_pki.add(uid)
        scene.back_up(scene.api.kinds[SECRET].now[f"{uids[uid]}-pki"])
        scene.api.drop((SECRET, f"{uids[uid]}-pki"))
        scene.tell(f"Secret {uids[uid]}-pki is deleted by hand")


def inject(scene: Scene, _: Draw) -> None:
    """A webhook puts a container into each pod that is made from now on, before all others, or no longer."""
    scene.api.injected = () if scene.api.injected else (SIDECAR,)
    scene.tell(f"a webhook injects {'a container' if scene.api.injected else 'nothing'} into new pods")


def restore_pki(scene: Scene, draw: Draw) -> None:
    """The owner of a Vk8s restores its PKI."""
    for vk8s in scene.list_vk8s():
        uid, key = vk8s["metadata"]["uid"], (SECRET, f"{vk8s['metadata']['name']}-pki")
        if uid in scene.vault and scene.api.peek(*key) is None and not is_terminating(vk8s):
            scene.restore_pki(vk8s, is_bare=draw.chance(0.3))


def scribble(scene: Scene, draw: Draw) -> None:
    """Somebody writes other content into a Secret or ConfigMap that can be changed."""
    keys = [key for key in _list_children(scene) if key[0] in (SECRET, CONFIG_MAP) and not key[1].endswith("-pki")]
    if keys:
        key = draw.pick(keys)
        scene.change(key, lambda old: {**old, "data": {"config": "YQ==", "foreign": "YQ=="}})
        scene.tell(f"somebody writes into {describe_key(key)}")


def release(scene: Scene, draw: Draw) -> None:
    """Somebody removes the label by which Metacontroller recognizes a child, or one of ours."""
    keys = [key for key in _list_children(scene) if key not in scene.released]
    if not keys:
        return
    key, label = draw.pick(keys), "controller-uid" if draw.chance(0.6) else NODE
    if label == "controller-uid":
        scene.released[key] = find_owner(scene.api.kinds[key[0]].now[key[1]]) or ""
    scene.change(key, lambda old: with_metadata(old, labels=_without(old["metadata"]["labels"], label)))
    scene.tell(f"somebody removes label {label} from {describe_key(key)}")


def mark_master(scene: Scene, draw: Draw) -> None:
    """Somebody marks the pod or claim of a control-plane node as a hook marks those of a worker that it removes."""
    names = {scene.written[each["metadata"]["name"]]["nodes"][0]["name"] for each in scene.list_vk8s()}
    keys = [key for key in _list_children(scene) if key[0] in (POD, CLAIM) and key[1].removesuffix("-state") in names]
    if keys:
        key = draw.pick(keys)
        marked = {LEAVING: "true"}
        scene.change(
            key, lambda old: with_metadata(old, annotations={**old["metadata"].get("annotations", {}), **marked})
        )
        scene.tell(f"somebody marks {describe_key(key)} as removed")


def hold(scene: Scene, draw: Draw) -> None:
    """Somebody puts a finalizer on a child."""
    keys = [key for key in _list_children(scene) if not is_terminating(scene.api.kinds[key[0]].now[key[1]])]
    if keys:
        key = draw.pick(keys)
        scene.change(key, lambda old: with_metadata(old, finalizers=[HOLD]))
        scene.tell(f"{describe_key(key)} is held by a finalizer")


def squat(scene: Scene, draw: Draw) -> None:
    """Somebody else makes an object under a name, or with a port, that a Vk8s wants or will want."""
    kind, name, content = draw.pick(SQUATS)
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app": "other"}}
    try:
        scene.api.make({"apiVersion": "v1", "kind": kind, "metadata": metadata, **content})
    except SyncError:
        return
    scene.tell(f"somebody else makes {kind} {name}")


def set_quota(scene: Scene, draw: Draw) -> None:
    """A quota allows no more pods, or claims, or Services."""
    scene.api.quota = frozenset() if scene.api.quota else frozenset([draw.pick((POD, CLAIM, SERVICE))])
    scene.tell(f"the quota allows no more: {', '.join(scene.api.quota) or 'nothing that is wanted'}")


def jump(scene: Scene, draw: Draw) -> None:
    """The clock of the hooks jumps, forward or backward."""
    span = draw.pick((timedelta(hours=-3), timedelta(seconds=-40), timedelta(hours=5), timedelta(days=340)))
    scene.api.jump(span)
    scene.tell(f"the clock jumps by {span.total_seconds() / 3600:g} h: it is {scene.api.now}")


def lose_job(scene: Scene, draw: Draw) -> None:
    """A Job fails, or somebody deletes it together with the Node that it was about."""
    jobs = scene.list_jobs()
    if not jobs:
        return
    name, job = draw.pick(jobs)
    scene.told.discard((find_owner(job) or "", name.removesuffix(LEAVE)))
    if draw.chance(0.5):
        scene.set_status((JOB, name), JOB_STATUSES["Failed"])
        scene.tell(f"Job {name} gives up")
    else:
        scene.api.drop((JOB, name))
        scene.tell(f"Job {name} is deleted by hand")


def deploy(scene: Scene, draw: Draw) -> None:
    """Another version of the hooks answers from now on, or two alternately."""
    scene.answering = [draw.pick(list(scene.versions.values())) for _ in range(2 if draw.chance(0.3) else 1)]
    scene.tell(f"hooks {' and '.join(version.name for version in scene.answering)} answer")


def restart_controller(scene: Scene, _: Draw) -> None:
    """Metacontroller is restarted; requests that were pending are never made."""
    scene.controller.restart()
    scene.tell("Metacontroller is restarted")


def put_pool(scene: Scene, draw: Draw) -> None:
    """Somebody creates a pool, or writes other addresses into it."""
    name, spec = draw.pick(("p", "q")), {**draw.pick(POOL_SPECS), "default": draw.chance(0.7)}
    write_pool(scene, name, spec)


def write_pool(scene: Scene, name: str, spec: Manifest) -> None:
    """The pool has that spec."""
    if scene.api.peek(POOL, name) is None:
        identity: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "IPPool"}
        scene.api.make({**identity, "metadata": {"name": name, "labels": {}}, "spec": spec})
    else:
        scene.change((POOL, name), lambda old: {**old, "spec": spec})
    scene.tell(f"pool {name} has {spec}")


def delete_pool(scene: Scene, draw: Draw) -> None:
    """Somebody deletes a pool."""
    pools = sorted(scene.api.kinds[POOL].now)
    if pools:
        name = draw.pick(pools)
        scene.api.drop((POOL, name))
        scene.tell(f"pool {name} is deleted")


def rob(scene: Scene, draw: Draw) -> None:
    """Somebody deletes the allocation of a node."""
    there = sorted(scene.api.kinds[ALLOCATION].now)
    if there:
        name = draw.pick(there)
        labels = scene.api.kinds[ALLOCATION].now[name]["metadata"]["labels"]
        scene.robbed.add((labels.get(VK8S_UID, ""), labels.get(NODE, "")))
        scene.api.drop((ALLOCATION, name))
        scene.tell(f"allocation {name} is deleted by hand")


def _list_children(scene: Scene) -> list[Key]:
    """The children of all Vk8s, as they are."""
    owners = {each["metadata"]["uid"] for each in scene.list_vk8s()}
    return sorted(
        (group_key(obj), name)
        for kind in CHILD_KINDS
        for name, obj in scene.api.kinds[kind].now.items()
        if find_owner(obj) in owners
    )


def _without(labels: Manifest, name: str) -> Manifest:
    return {key: value for key, value in labels.items() if key != name}
