"""What is said of volumes that are gone."""

from dataclasses import replace

from hooks.vk8s.plan.losses import QUORUM_LOST, STATE_LOST, choose_reason, describe_loss, describe_ways_out
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.state_note import StateNote
from tests.world import World, node, spec


def build_three() -> VirtualCluster:
    several = World(spec=spec(nodes=[*(node(name, "master") for name in "abc"), node("w", "worker")])).cluster
    return replace(several, state=StateNote({name: f"uid-{name}" for name in "abcw"}))


def test_quorum_is_lost_where_some_hold_their_data() -> None:
    assert (choose_reason([]), choose_reason(["a"])) == (STATE_LOST, QUORUM_LOST)


def test_loss_is_that_of_a_copy_if_there_are_several() -> None:
    cluster, single = build_three(), World().cluster
    assert "with it a copy of the data of the whole virtual cluster" in describe_loss(cluster, cluster.nodes[0])
    assert "with it the data of the whole virtual cluster" in describe_loss(single, single.nodes[0])
    assert "with it the volumes of the pods on it" in describe_loss(cluster, cluster.nodes[3])


def test_owner_learns_whose_data_the_cluster_goes_on_with() -> None:
    cluster = build_three()
    assert "go on with the data of b, without what it has not" in describe_ways_out(
        cluster, {"a": "1", "c": "3"}, ["b"]
    )
    assert "and start with an empty volume" in describe_ways_out(cluster, {"a": "1"}, [])
    assert describe_ways_out(cluster, {"a": "1", "c": "3"}, ["b"]).endswith("accept-state-loss=1,3.")
