"""hooks/vk8s/bootstrap/state-volume.sh: of which generation of its cluster a volume is, and who wrote it."""

import pytest

from hooks.vk8s.children.node_pod import STATE_PATHS
from tests.unit.vk8s.bootstrap.bench import Node

STATE = "var/lib/vk8s"


def run(node: Node, commands: str) -> str:
    return node.source("sentences.sh state-volume.sh", commands).output


@pytest.mark.parametrize(
    ("stamp", "generation", "expected"),
    [(None, 1, "same"), (None, 2, "other"), ("1\n", 1, "same"), ("1\n", 2, "other"), ("2\n", 2, "same")],
)
def test_volume_is_of_the_generation_of_its_last_boot(
    node: Node, stamp: str | None, generation: int, expected: str
) -> None:
    """One that an earlier version has written has no stamp, and is of the first."""
    if stamp:
        node.write(f"{STATE}/generation", stamp)
    assert (
        run(node.given(GENERATION=str(generation)), "is_same_generation && echo same || echo other") == f"{expected}\n"
    )


def boot(node: Node, image: str, commands: str) -> str:
    """Why a node with an image of that version gives up, if it does; otherwise it runs `commands`."""
    node.write("etc/vk8s/versions", f"KUBERNETES_VERSION={image}\n")
    node.write("dev/termination-log")
    node.given(KUBERNETES_VERSION=image).source("sentences.sh state-volume.sh", f"refuse_version_jump; {commands}")
    return node.read("dev/termination-log")


COMPLETE, FAILED_BEFORE, FAILED_AFTER = "stamp_upgrade; stamp_volume", "true", "stamp_upgrade"


def test_failed_upgrade_can_be_undone_before_it_has_written(node: Node) -> None:
    boot(node, "v1.34.4", COMPLETE)
    assert boot(node, "v1.35.4", FAILED_BEFORE) == ""
    assert boot(node, "v1.34.4", COMPLETE) == ""


def test_upgrade_that_has_begun_to_write_can_only_go_on(node: Node) -> None:
    boot(node, "v1.34.4", COMPLETE)
    assert boot(node, "v1.35.4", FAILED_AFTER) == ""
    assert boot(node, "v1.34.4", COMPLETE) == (
        "The upgrade of this node to Kubernetes v1.35.4 has already written data, and its image has v1.34.4: a "
        "downgrade is not possible. Write an image with v1.35.4 or a newer patch of it."
    )
    assert "one minor version at a time" in boot(node, "v1.36.0", COMPLETE)
    assert boot(node, "v1.35.5", FAILED_AFTER) == ""
    assert boot(node, "v1.35.4", COMPLETE) == ""
    assert "This node ran Kubernetes v1.35.4 and its image has v1.34.4" in boot(node, "v1.34.4", COMPLETE)
    assert boot(node, "v1.36.0", COMPLETE) == ""


def test_upgrade_of_the_patch_can_always_be_undone(node: Node) -> None:
    boot(node, "v1.34.3", COMPLETE)
    boot(node, "v1.34.4", FAILED_AFTER)
    assert boot(node, "v1.34.3", COMPLETE) == ""
    assert not node.has(f"{STATE}/kubernetes-upgrade")


def test_boot_of_the_same_version_is_no_upgrade(node: Node) -> None:
    assert boot(node, "v1.34.4", FAILED_AFTER) == ""
    boot(node, "v1.34.4", COMPLETE)
    boot(node, "v1.34.4", FAILED_AFTER)
    assert not node.has(f"{STATE}/kubernetes-upgrade")


def test_complete_boot_stamps_the_volume(node: Node) -> None:
    run(node.given(GENERATION="3"), "stamp_volume")
    assert node.read(f"{STATE}/generation") == "3\n"
    assert node.read(f"{STATE}/kubernetes-version") == "v1.34.4\n"


def claim(node: Node) -> str:
    """Why a node gives up, if the volume is of another Vk8s; otherwise it takes the volume."""
    node.write("dev/termination-log")
    node.source(
        "sentences.sh state-volume.sh", "refuse_version_jump() { :; }; refuse_empty_volume() { :; }; claim_state_volume"
    )
    return node.read("dev/termination-log")


def test_volume_of_another_vk8s_is_not_used(node: Node) -> None:
    node.write(f"{STATE}/owner", "earlier\n")
    for adopts in ("", "another", "ear"):
        sentence = claim(node.given(ADOPTS=adopts))
        assert "The state volume belongs to another Vk8s (uid earlier, this one is 1f6b1f0c-" in sentence
        assert sentence.endswith("annotate this one with vk8s.sktelecom.com/adopt=earlier.")
    assert node.read(f"{STATE}/owner") == "earlier\n"


@pytest.mark.parametrize("adopts", ["earlier", "first,earlier"])
def test_volume_of_a_vk8s_that_is_adopted_is_taken_over(node: Node, adopts: str) -> None:
    node.write(f"{STATE}/owner", "earlier\n")
    assert claim(node.given(ADOPTS=adopts)) == ""
    assert node.read(f"{STATE}/owner") == "1f6b1f0c-0000-4000-8000-000000000000\n"


def test_folders_of_the_state_belong_to_root_alone(node: Node) -> None:
    """Whatever mode the storage of the host gives to volumes, and with every boot: for some, everybody may write."""
    folders = {path: node.root / path.lstrip("/") for path in STATE_PATHS}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
    assert run(node, "close_state_folders") == ""
    modes = {path: f"{folder.stat().st_mode & 0o777:o}" for path, folder in folders.items()}
    assert modes == {path: "700" if path == "/var/lib/etcd" else "755" for path in STATE_PATHS}
