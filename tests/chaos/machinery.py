"""What goes on by itself: calls that are late, lost or doubled, caches that see changes, kubelets and Jobs at work."""

from datetime import timedelta

from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from tests.chaos import hosts, physics
from tests.chaos.deletions import finish_deletions
from tests.chaos.scene import Draw, Scene
from tests.simulation.controller import Asking


def sync(scene: Scene, draw: Draw) -> None:
    """Metacontroller asks for a Vk8s, and does what it is answered, or some of it for now."""
    names = sorted(scene.api.kinds[VK8S].shown)
    if names:
        scene.sync(VK8S, draw.pick(names), draw.pick((None, None, None, 0, 1, 3)))


def sync_and_see(scene: Scene, draw: Draw) -> None:
    """Every cache shows what is, Metacontroller asks for each parent and does what it is answered."""
    scene.api.catch_up()
    for kind in (VK8S, POOL):
        for name in sorted(scene.api.kinds[kind].shown):
            scene.sync(kind, name)
    if draw.chance(0.5):
        physics.come_up(scene)


def sync_pool(scene: Scene, draw: Draw) -> None:
    """Metacontroller asks for a pool."""
    names = sorted(scene.api.kinds[POOL].shown)
    if names:
        scene.sync(POOL, draw.pick(names), draw.pick((None, 0, 1)))


def lose_call(scene: Scene, draw: Draw) -> None:
    """A hook answers, and the answer is lost: nothing of it is done."""
    names = sorted(scene.api.kinds[VK8S].shown)
    if names:
        call = scene.sync(VK8S, draw.pick(names), 0)
        if call is not None:
            scene.controller.lose(call.uid)
            scene.tell(f"the answer for {call.name} is lost")


def ask_ahead(scene: Scene, draw: Draw) -> None:
    """Metacontroller asks hooks whose clock is wrong, this once."""
    names, ahead = sorted(scene.api.kinds[VK8S].shown), draw.pick((timedelta(hours=9), timedelta(days=400)))
    if names:
        scene.tell(f"for one call, the clock of the hooks is {ahead.total_seconds() / 3600:g} h ahead")
        # What is made then may be of use only once it is as late as that.
        scene.api.latest = max(scene.api.latest, scene.api.now + ahead)
        scene.sync(VK8S, draw.pick(names), asking=Asking(ahead=ahead))


def ask_finalize(scene: Scene, draw: Draw) -> None:
    """Metacontroller finalizes a Vk8s that nobody has deleted, as where its labels are not those that it selects."""
    names = sorted(scene.api.kinds[VK8S].shown)
    if names:
        name = draw.pick(names)
        scene.tell(f"{name} is not selected any more, and finalized")
        scene.sync(VK8S, name, asking=Asking(is_finalizing=True))


def act(scene: Scene, draw: Draw) -> None:
    """Some of what syncs have decided is done."""
    at_work = scene.controller.list_pending()
    if at_work:
        scene.act(draw.pick(at_work), draw.pick((1, 2, None)))


def see(scene: Scene, draw: Draw) -> None:
    """A cache sees some changes, or all."""
    behind = [kind for kind, stored in sorted(scene.api.kinds.items()) if stored.delay]
    if behind:
        stored = scene.api.kinds[draw.pick(behind)]
        stored.see(draw.pick((1, 2, 4, stored.delay, stored.delay)))


def catch_up(scene: Scene, _: Draw) -> None:
    """Every cache shows what is."""
    scene.api.catch_up()


def boot(scene: Scene, draw: Draw) -> None:
    """A pod gets as far as it can, or all of them."""
    pods = scene.list_pods()
    if draw.chance(0.5):
        physics.come_up(scene)
    elif pods:
        physics.boot(scene, draw.pick(pods)["metadata"]["name"])


def work(scene: Scene, draw: Draw) -> None:
    """A Job gets one stage further."""
    jobs = scene.list_jobs()
    if jobs:
        physics.work(scene, draw.pick(jobs)[0])


def finish(scene: Scene, _: Draw) -> None:
    """Deletions finish."""
    finish_deletions(scene)


def pass_time(scene: Scene, draw: Draw) -> None:
    """Seconds, or as long as Metacontroller remembers what to send."""
    span = draw.pick((timedelta(seconds=1), timedelta(seconds=31), timedelta(minutes=21)))
    scene.api.pass_time(span)
    hosts.probe(scene)
