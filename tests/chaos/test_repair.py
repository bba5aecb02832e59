"""What is beyond repair by the hooks: the owner's own mistakes, and what caches showed too late."""

from datetime import timedelta

from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, SECRET, is_ready
from tests.chaos import physics
from tests.chaos.edits import build_node
from tests.chaos.faults import lose_pki
from tests.chaos.judge import Judge
from tests.chaos.losses import bind
from tests.chaos.owner import create
from tests.chaos.rest import come_to_rest, end
from tests.chaos.scene import Draw, Scene
from tests.simulation.hooks import Hooks
from tests.simulation.note import read_note

MASTER, WORKER = build_node("a-m", "master"), build_node("a-w1", "worker")
CLAIM_OF_MASTER, CLAIM_OF_WORKER = (CLAIM, "a-m-state"), (CLAIM, "a-w1-state")


def test_volume_of_a_removed_worker_never_makes_a_node_ready_again() -> None:
    scene = _create_scene()
    come_to_rest(scene)
    node, volume = (_get_uid(scene), "a-w1"), scene.volumes.last[_get_uid(scene), "a-w1"]
    scene.write_spec("a", {"nodes": [MASTER]})
    come_to_rest(scene)
    scene.write_spec("a", {"nodes": [MASTER, WORKER]})
    bind(scene, node, volume)
    come_to_rest(scene)
    assert not is_ready(_get(scene, POD, "a-w1"))
    end(scene)
    assert is_ready(_get(scene, POD, "a-w1"))
    assert _get(scene, *CLAIM_OF_WORKER)["metadata"]["uid"] not in scene.volumes.copies


def test_lost_worker_that_was_leaving_gets_an_empty_volume() -> None:
    scene = _create_scene()
    come_to_rest(scene)
    scene.write_spec("a", {"nodes": [MASTER]})
    while scene.api.peek(JOB, "a-w1-leave") is None:
        _sync(scene)
    scene.api.catch_up()
    physics.work(scene, "a-w1-leave")
    for key in ((JOB, "a-w1-leave"), (POD, "a-w1"), CLAIM_OF_WORKER):
        scene.api.remove(key)
    scene.told.clear()
    scene.write_spec("a", {"nodes": [MASTER, WORKER]})
    end(scene)
    assert "a has annotation vk8s.sktelecom.com/accept-state-loss" in " ".join(scene.story)
    assert is_ready(_get(scene, POD, "a-w1"))


def test_loss_is_accepted_by_the_uid_of_a_pod_that_is_older_than_its_claim() -> None:
    scene = _create_scene()
    while scene.api.peek(POD, "a-m") is None:
        _sync(scene)
    scene.api.remove(CLAIM_OF_MASTER)
    scene.api.pass_time(timedelta(seconds=1))
    _sync(scene)
    come_to_rest(scene)
    recorded = read_note(scene.look(_get(scene, VK8S, "a")))[0]["a-m"]
    assert recorded == _get(scene, POD, "a-m")["metadata"]["uid"]
    scene.api.drop(CLAIM_OF_MASTER)
    end(scene)
    assert scene.volumes.accepted == {_get_uid(scene): {recorded}}


def test_vk8s_of_two_cas_is_deleted_if_caches_showed_the_lost_one() -> None:
    scene = _create_scene()
    scene.api.kinds[VK8S].see(1)
    scene.sync(VK8S, "a")
    lose_pki(scene, Draw(0))
    scene.sync(VK8S, "a")
    # The cache now shows the PKI that was deleted.
    scene.api.kinds[SECRET].see(1)
    scene.sync(VK8S, "a")
    assert scene.ruined == {_get_uid(scene)}
    end(scene)
    assert scene.list_vk8s() == []


def _create_scene() -> Scene:
    judge = Judge()
    judge.scene = scene = Scene(Hooks(), judge)
    create(scene, "a", {"nodes": [MASTER, WORKER]})
    return scene


def _sync(scene: Scene) -> None:
    scene.api.catch_up()
    scene.sync(VK8S, "a")


def _get_uid(scene: Scene) -> str:
    return str(_get(scene, VK8S, "a")["metadata"]["uid"])


def _get(scene: Scene, kind: str, name: str) -> Manifest:
    found = scene.api.peek(kind, name)
    assert found is not None
    return found
