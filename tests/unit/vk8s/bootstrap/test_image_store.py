"""hooks/vk8s/bootstrap/image-store.sh: containerd's store gets the images that are in the node image."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Ended, Node

SOURCE, STORE = "opt/vk8s/store", "var/lib/containerd"
SNAPSHOTS = "io.containerd.snapshotter.v1.overlayfs/snapshots"
# What containerd writes to, and what it only reads.
WRITTEN = [
    "io.containerd.metadata.v1.bolt/meta.db",
    "io.containerd.content.v1.content/blobs/sha256/1",
    "io.containerd.snapshotter.v1.overlayfs/metadata.db",
]
SYSTEM_FILE = f"{SNAPSHOTS}/1/fs/bin/etcd"
LINKED = "The images of the node are linked into its store."
COPIED = "The images of the node are copied into its store, as overlayfs can't be stacked on this host."
CAN_NOT_STACK = "case $* in -t*overlay*) exit 32 ;; esac"


@pytest.fixture
def node(node: Node) -> Node:
    """A node image with one image in its store, whose id is `one`."""
    for path in [*WRITTEN, SYSTEM_FILE]:
        node.write(f"{SOURCE}/{path}", "of the node image")
    (node.root / SOURCE / SNAPSHOTS / "1" / "work").mkdir()
    node.write(f"{SOURCE}/id", "one\n")
    (node.root / STORE).mkdir(parents=True)
    return node


def prepare(node: Node) -> Ended:
    return node.source("sentences.sh state-volume.sh host.sh image-store.sh", "prepare_image_store")


@pytest.mark.parametrize(("mount", "sentence"), [("", LINKED), (CAN_NOT_STACK, COPIED)], ids=["linked", "copied"])
def test_store_has_the_images_and_what_is_written_to_is_its_own(node: Node, mount: str, sentence: str) -> None:
    node.program("mount", mount)
    assert prepare(node).said == [sentence]
    for path in [*WRITTEN, SYSTEM_FILE]:
        assert node.read(f"{STORE}/{path}") == "of the node image"
    assert not any((node.root / STORE / path).is_symlink() for path in WRITTEN)
    fs = node.root / STORE / SNAPSHOTS / "1" / "fs"
    assert fs.is_symlink() is (sentence == LINKED)
    assert fs.resolve() == (node.root / (SOURCE if sentence == LINKED else STORE) / SNAPSHOTS / "1" / "fs")
    assert node.read(f"{STORE}/.seeded") == "one\n"


@pytest.mark.parametrize("mount", ["", CAN_NOT_STACK], ids=["linked", "copied"])
def test_store_of_this_node_image_is_left_as_it_is(node: Node, mount: str) -> None:
    node.program("mount", mount)
    prepare(node)
    node.write(f"{STORE}/{WRITTEN[0]}", "of a user")
    assert prepare(node).said == []
    assert node.read(f"{STORE}/{WRITTEN[0]}") == "of a user"


@pytest.mark.parametrize("left", [{"pulled": "x", ".seeded": "another\n"}, {"pulled": "x"}], ids=["other", "partial"])
def test_store_of_another_node_image_or_a_partial_one_is_replaced(node: Node, left: dict[str, str]) -> None:
    for name, content in left.items():
        node.write(f"{STORE}/{name}", content)
    assert prepare(node).said == [LINKED]
    assert not node.has(f"{STORE}/pulled")
    assert node.read(f"{STORE}/.seeded") == "one\n"
