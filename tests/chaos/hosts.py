"""What becomes of the hosts that pods run on: lost, found again, or their kubelets restarted."""

from datetime import timedelta
from typing import Final

from hooks.vk8s.observed.children import is_ready
from testbed.metacontroller.objects import is_terminating
from tests.chaos import physics
from tests.chaos.scene import Draw, Scene
from tests.simulation.statuses import NO_LONGER_READY

# So long after its restart, a kubelet has probed all its pods again.
PROBED: Final = timedelta(seconds=10)


def lose_host(scene: Scene, draw: Draw) -> None:
    """A node of the host cluster is lost: its pods are not Ready, and those that are deleted stay Terminating."""
    if scene.lost_hosts:
        return
    host = draw.pick(scene.hosts)
    scene.lost_hosts.add(host)
    scene.tell(f"{host} is lost")
    _flap(scene, host)


def find_host(scene: Scene, _: Draw) -> None:
    """It is back."""
    if scene.lost_hosts:
        scene.tell(f"{', '.join(scene.lost_hosts)} is back")
        scene.lost_hosts.clear()


def restart_kubelet(scene: Scene, draw: Draw) -> None:
    """The kubelet of a host restarts: all its pods are not Ready until they are probed, and their containers run on."""
    host = draw.pick(scene.hosts)
    if host in scene.lost_hosts or not any(pod["spec"].get("nodeName") == host for pod in scene.list_pods()):
        return
    scene.api.pass_time(timedelta(seconds=1))
    scene.tell(f"the kubelet of {host} restarts")
    _flap(scene, host)
    scene.flaps[host] = scene.api.elapsed + PROBED


def probe(scene: Scene) -> None:
    """Kubelets that restarted have probed their pods, once there was time for that."""
    for host in [host for host, end in scene.flaps.items() if end <= scene.api.elapsed]:
        del scene.flaps[host]
        for pod in scene.list_pods():
            name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
            if pod["spec"].get("nodeName") == host and scene.outcomes.get(uid) == NO_LONGER_READY:
                physics.boot(scene, name)


def _flap(scene: Scene, host: str) -> None:
    for pod in scene.list_pods():
        if pod["spec"].get("nodeName") == host and is_ready(pod) and not is_terminating(pod):
            physics.set_pod(scene, pod["metadata"]["name"], NO_LONGER_READY)
