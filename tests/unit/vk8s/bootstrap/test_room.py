"""hooks/vk8s/bootstrap/room.sh: what a node does when pods inside have filled its state volume."""

import pytest

from tests.unit.vk8s.bootstrap.bench import ENDED_BY_BENCH, Node
from tests.unit.vk8s.bootstrap.watched import IS_READY, make_ready, watch

RESERVE, NODE_IMAGES = "var/lib/vk8s/reserve", "opt/vk8s/store/images"
RELEASED = (
    "The state volume is full: {} MiB of 20480 MiB are free. The node's reserve of 128 MiB is released. Delete what is "
    "not needed inside."
)
FORM = "REF TYPE DIGEST SIZE PLATFORMS LABELS"
# As ctr lists them: those of the node, one that a container uses under another name, one that is pinned, two more, and
# two that were imported.
IMAGES = f"""{FORM}
registry.k8s.io/etcd:3.6.5-0 any/type sha256:e 1.2 MiB linux/amd64 io.cri-containerd.image=managed
sha256:abc any/type sha256:e 1.2 MiB linux/amd64 io.cri-containerd.image=managed
docker.io/library/used:1 any/type sha256:u 1.2 MiB linux/amd64 -
docker.io/library/used@sha256:u any/type sha256:u 1.2 MiB linux/amd64 -
example.com/pinned:1 any/type sha256:p 9 B linux/amd64 io.cri-containerd.image=managed,io.cri-containerd.pinned=pinned
example.com/unused:1 any/type sha256:n 1.2 MiB linux/amd64 io.cri-containerd.image=managed
example.com/unused@sha256:n any/type sha256:n 1.2 MiB linux/amd64 io.cri-containerd.image=managed
example.com/other:1 any/type sha256:o 1.2 MiB linux/amd64 -
example.com/other@sha256:o any/type sha256:o 1.2 MiB linux/amd64 -
example.com/imported:1 any/type sha256:i 1.2 MiB linux/amd64 io.cri-containerd.image=managed
sha256:def any/type sha256:i 1.2 MiB linux/amd64 io.cri-containerd.image=managed
import-2026-11-30@sha256:j any/type sha256:j 1.2 MiB linux/amd64 -
"""
CONTAINERS = "CONTAINER IMAGE RUNTIME\n1 docker.io/library/used@sha256:u io.containerd.runc.v2\n2 - any\n"
CTR = """
case $* in
  *' images ls') cat bench/images ;;
  *' containers ls') cat bench/containers ;;
esac
"""


def room(mebibytes: int, available: int | None = None) -> str:
    """What `stat` says of a volume of 20 GiB on which root can write so much; others less, if it is `available`.

    Then it is of ext4, where 16 MiB more are free, and nobody can write them.
    """
    free, left = (mebibytes, mebibytes) if available is None else (mebibytes + 16, available)
    return f"1048576 20480 {free} {left}\n"


def leave(mebibytes: int, available: int | None = None) -> str:
    """Commands that leave the volume so much room from then on."""
    return f"echo '{room(mebibytes, available)}' >$BENCH/room"


@pytest.fixture
def node(node: Node) -> Node:
    """A node that is ready, on a volume of 20 GiB with much room and a reserve."""
    node.program("stat", "cat bench/room")
    node.program("fallocate", 'touch "${@: -1}"')
    node.program("ctr", CTR)
    node.write("bench/room", room(9000))
    node.write("bench/images", IMAGES)
    node.write("bench/containers", CONTAINERS)
    node.write(NODE_IMAGES, "registry.k8s.io/etcd:3.6.5-0\nsha256:abc\n")
    node.write(RESERVE)
    return make_ready(node)


def boot(node: Node) -> list[str]:
    """What a node says before it checks and writes anything."""
    return node.source("sentences.sh room.sh", "make_room_to_boot").said


# The reserve


def test_reserve_is_made_where_there_is_room(node: Node) -> None:
    (node.root / RESERVE).unlink()
    ended = watch(node, {0: leave(1279), 10: leave(1280)}, limit=9)
    assert not ended.calls_of("fallocate")
    ended = watch(node, {0: leave(1280)})
    assert ended.calls_of("fallocate") == [f"fallocate --length 128MiB {node.root}/{RESERVE}.partial"]
    assert node.has(RESERVE)


def test_file_system_that_cant_allocate_files_has_no_reserve(node: Node) -> None:
    (node.root / RESERVE).unlink()
    node.program("fallocate", 'touch "${@: -1}"; exit 1')
    ended = watch(node)
    assert (ended.said, len(ended.calls_of("fallocate"))) == ([IS_READY], 1)
    assert not node.has(RESERVE)
    assert not node.has(f"{RESERVE}.partial")


def test_reserve_is_released_when_the_volume_is_full(node: Node) -> None:
    ended = watch(node, {10: leave(16), 20: leave(15), 25: leave(143)})
    assert [sentence for sentence in ended.said if "reserve" in sentence] == [RELEASED.format(15)]
    assert not node.has(RESERVE)


def test_boot_releases_the_reserve_before_it_writes_anything(node: Node) -> None:
    node.program("stat", f"if [[ -e {RESERVE} ]]; then echo '{room(31)}'; else echo '{room(159)}'; fi")
    assert boot(node) == [RELEASED.format(31)]
    assert boot(node) == []


def test_boot_on_a_full_volume_says_what_to_do(node: Node) -> None:
    (node.root / RESERVE).unlink()
    node.write("bench/room", room(3))
    node.write("dev/termination-log")
    boot(node)
    said = node.read("dev/termination-log")
    assert said.startswith(
        "The state volume is full (3 MiB of 20480 MiB are free), and the node can't boot: expand claim "
    )
    assert "demo-worker-state, if its storage class allows that, or delete files" in said


@pytest.mark.parametrize("mebibytes", [4, 9000])
def test_boot_with_some_room_says_nothing(node: Node, mebibytes: int) -> None:
    (node.root / RESERVE).unlink()
    node.write("bench/room", room(mebibytes, 0))
    assert boot(node) == []


@pytest.mark.parametrize("commands", ["exit 1", "echo 4096 0 0 0"])
def test_volume_of_unknown_size_is_left_alone(node: Node, commands: str) -> None:
    node.program("stat", commands)
    assert boot(node) == []
    ended = watch(node, limit=200)
    assert (ended.said, ended.calls_of("ctr", "fallocate")) == ([IS_READY], [])
    assert node.has(RESERVE)


def test_reserve_stays_while_root_can_write(node: Node) -> None:
    """The kubelet evicts pods by what is left to others: less, on ext4."""
    assert boot(node) == []
    ended = watch(node, {10: leave(16, 0)})
    assert ended.said == [IS_READY]
    assert node.has(RESERVE)


def test_boot_removes_a_reserve_that_is_not_complete(node: Node) -> None:
    node.write(f"{RESERVE}.partial")
    assert boot(node) == []
    assert not node.has(f"{RESERVE}.partial")


def test_ephemeral_storage_has_no_reserve(node: Node) -> None:
    """The host evicts a node that writes more than it may, and counts the reserve."""
    (node.root / RESERVE).unlink()
    assert not watch(node.given(EPHEMERAL="true")).calls_of("fallocate")


# Images


def removals(node: Node, seconds: float, limit: float) -> tuple[list[str], list[str]]:
    """What is removed, and said of it, if room becomes scarce after so many seconds."""
    ended = watch(node, {seconds: leave(1023), seconds + 59: "wait"}, limit)
    said = [sentence for sentence in ended.said if "images" in sentence]
    return [call for call in ended.calls_of("ctr") if " rm " in call], said


def test_images_that_nobody_uses_are_removed_at_the_second_look(node: Node) -> None:
    calls, said = removals(node, 10, 90)
    (call,) = calls
    names = "example.com/unused:1 example.com/unused@sha256:n example.com/other:1 example.com/other@sha256:o"
    assert sorted(call.split()[6:]) == sorted(names.split())
    assert call.startswith("ctr --namespace k8s.io images rm --sync ")
    (sentence,) = said
    assert sentence.startswith("2 images that no container uses are removed, as only 1023 MiB of 20480 MiB ")


def test_images_are_removed_by_one_process_at_a_time(node: Node) -> None:
    node.program("ctr", "until [[ -e bench/go ]]; do /bin/sleep 0.01; done")
    ended = watch(node, {10: leave(1023), 190: f"touch $BENCH/go; wait; exit {ENDED_BY_BENCH}"}, limit=200)
    assert len(ended.calls_of("ctr")) == len(["images", "containers"])


def test_image_that_was_just_pulled_is_not_removed(node: Node) -> None:
    assert removals(node, 10, 60) == ([], [])


def test_images_stay_where_there_is_room(node: Node) -> None:
    assert not watch(node, {10: leave(1024)}, limit=200).calls_of("ctr")


def test_images_stay_if_an_older_node_image_has_no_list(node: Node) -> None:
    (node.root / NODE_IMAGES).unlink()
    assert removals(node, 10, 200) == ([], [])


def test_images_stay_if_containerd_does_not_answer(node: Node) -> None:
    node.program("ctr", "[[ $* != *containers* ]] || exit 1; cat bench/images")
    assert removals(node, 10, 200) == ([], [])


def test_reserve_is_released_on_ext4_that_is_full_to_the_last_byte(node: Node) -> None:
    """Its statistics then have 16 MiB that are free, and none that are available."""
    ended = watch(node, {10: leave(0, 0)})
    assert RELEASED.format(0) in ended.said
    assert not node.has(RESERVE)
