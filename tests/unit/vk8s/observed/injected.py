"""A pod into which the webhook of a service mesh has put a container before ours."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from tests.world import World

PROXY: Manifest = {"name": "istio-proxy", "image": "istio/proxyv2:1.29", "env": [{"name": "A", "value": "b"}]}
PROXY_STATUS: Manifest = {"name": "istio-proxy", "state": {"running": {}}}
PULLING: Manifest = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}


def injected(world: World, pod: str, **status: object) -> World:
    """The world in which the pod has another container before ours; with `status`, it is not Ready."""
    found = world.children[POD][pod]
    containers = [PROXY, *found["spec"]["containers"]]
    shown = {"conditions": [{"type": "Ready", "status": "False"}], **status} if status else found["status"]
    return world.with_child(POD, pod, {**found, "spec": {**found["spec"], "containers": containers}, "status": shown})


def statuses(ours: str, state: Manifest) -> list[Manifest]:
    return [PROXY_STATUS, {"name": ours, **state}]
