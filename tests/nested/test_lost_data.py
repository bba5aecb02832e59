"""A node that lost its data looks like a new one; it is not initialized again, and goes on when the data is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.nested.disk import find_volume
from tests.nested.kept import Kept
from tests.nested.kill import kill_node

SECONDS = 90
FOUNDED = "The state volume has no data of etcd, but this virtual cluster existed before"


@contextmanager
def lost(machine: HostCluster, node: str, folder: str) -> Iterator[Path]:
    """The folder of the node's state volume is not there meanwhile; where it was."""
    volume = find_volume(machine, node)
    assert volume
    place, aside = volume / folder, volume / "aside"
    place.rename(aside)
    try:
        yield place
    finally:
        aside.rename(place)


@pytest.mark.nightly("tests/unit/vk8s/observed/test_pod_state.py")
def test_control_plane_waits_for_its_lost_data_and_boots(kept: Kept, machine: HostCluster) -> None:
    with lost(machine, "local-master", "etcd/member") as place:
        kill_node(kept.virtual, "local-master")
        told = partial(kept.virtual.kubectl.run, "get", "vk8s", "local", "--output=wide")
        wait_for("the sentence", lambda: FOUNDED in told(), SECONDS, kept.virtual.describe)
        assert not list(place.parent.iterdir())
    kept.virtual.wait_for_phase("Running")
    kept.check()


@pytest.mark.nightly("tests/unit/vk8s/observed/test_pod_state.py")
def test_pod_without_its_volume_waits_until_it_is_back(kept: Kept, machine: HostCluster) -> None:
    inside, name = kept.virtual.inside, "keeps-on-local-worker"
    volume = inside.get("persistentvolumeclaim", name)["spec"]["volumeName"]
    with lost(machine, "local-worker", f"vk8s/volumes/{volume}") as place:
        inside.run("delete", "pods", f"--selector=app={name}", "--grace-period=0", "--force")
        told = partial(inside.run, "get", "events", "--output=wide")
        wait_for("the event", lambda: f"{volume} is not a directory" in told(), SECONDS, told)
        assert not place.exists()
    kept.check()
