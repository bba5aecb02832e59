"""Edits of a Vk8s whose pods run: what is replaced, in which order, and what stays."""

import pytest

from testbed.waiting import wait_for
from tests.cluster.owner import Owner, build_vk8s
from tests.cluster.test_status import set_container_state
from tests.world import IMAGE, node

SECONDS = 60
OTHER = f"{IMAGE}-next"


def read_images(owner: Owner) -> dict[str, str]:
    """Image of each pod that is there and not on its way out."""
    pods = {name: child for name, child in owner.children().items() if name.startswith("Pod/")}
    return {
        name: pod["spec"]["containers"][0]["image"]
        for name, pod in pods.items()
        if "deletionTimestamp" not in pod["metadata"]
    }


def wait_for_image(owner: Owner, pod: str, image: str) -> None:
    wait_for(f"{pod} with {image}", lambda: read_images(owner).get(f"Pod/{pod}") == image, SECONDS)


def test_another_image_rolls_through_the_nodes_and_keeps_their_volumes(owner: Owner) -> None:
    owner.run_cluster()
    before = owner.children()
    owner.kubectl.apply(build_vk8s(nodes=[node("m", "master", image=OTHER), node("w", "worker", image=OTHER)]))
    wait_for_image(owner, "m", OTHER)
    assert read_images(owner)["Pod/w"] == IMAGE
    owner.play_kubelet("m")
    wait_for_image(owner, "w", OTHER)
    owner.play_kubelet("w")
    wait_for("Running", lambda: owner.status()["phase"] == "Running", SECONDS)
    after = owner.children()
    for name in set(before) - {"Pod/m", "Pod/w"}:
        assert after[name]["metadata"]["uid"] == before[name]["metadata"]["uid"]


def test_two_nodes_without_an_image_are_fixed_at_once(owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s(nodes=[node("m", "master", image=OTHER), node("w", "worker", image=OTHER)]))
    owner.wait_for_children("Pod/m", "Pod/w")
    for pod in ("m", "w"):
        set_container_state(owner, pod, {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}})
    owner.kubectl.apply(build_vk8s())
    for pod in ("m", "w"):
        wait_for_image(owner, pod, IMAGE)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_replacements.py")
def test_pod_that_its_host_ended_is_recreated_after_30_seconds(owner: Owner) -> None:
    owner.run_cluster()
    before = owner.children()["Pod/w"]["metadata"]["uid"]
    owner.kubectl.run(
        "patch", "pod", "w", "--subresource=status", "--type=merge", '--patch={"status": {"phase": "Failed"}}'
    )
    wait_for("another pod", lambda: owner.children().get("Pod/w", {}).get("metadata", {}).get("uid") != before, SECONDS)
    owner.wait_for_children("Pod/w")


def test_new_image_replaces_the_access_pod_and_keeps_its_host_key(owner: Owner) -> None:
    owner.run_cluster(build_vk8s(accessPodImage="a"))
    keys = owner.wait_for_children("Pod/demo-access-pod")["Secret/demo-ssh"]["data"]
    owner.kubectl.apply(build_vk8s(accessPodImage="b"))
    wait_for_image(owner, "demo-access-pod", "b")
    assert owner.children()["Secret/demo-ssh"]["data"] == keys


def test_pause_takes_the_pods_and_a_resume_makes_them_again(owner: Owner) -> None:
    owner.run_cluster()
    before = owner.children()
    owner.kubectl.run("annotate", "vk8s", "demo", "vk8s-resource-stopped=true")
    wait_for("no pods", lambda: not read_images(owner), SECONDS)
    assert set(before) - set(owner.children()) == {"Pod/m", "Pod/w"}
    wait_for("Paused", lambda: owner.status()["phase"] == "Paused", SECONDS)
    owner.kubectl.run("annotate", "vk8s", "demo", "vk8s-resource-stopped-")
    owner.wait_for_children("Pod/m", "Pod/w")
