"""What a valid Vk8s means: facts that follow from its spec, its annotations and the settings."""

from dataclasses import replace

import pytest

from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION, FORCE_REMOVE_ANNOTATION, STOPPED_ANNOTATION, VirtualCluster
from hooks.vk8s.spec.state_note import StateNote
from tests.world import World, node, spec


def annotated(**annotations: str) -> VirtualCluster:
    """A virtual cluster with these annotations."""
    return World(annotations=annotations).cluster


@pytest.mark.parametrize(
    ("text", "nodes"),
    [("true", ["m", "w"]), ("w", ["w"]), (" w , x ", ["w"]), ("true,w", ["w"]), ("", []), ("false", [])],
)
def test_force_remove_is_for_all_nodes_or_those_it_names(text: str, nodes: list[str]) -> None:
    cluster = annotated(**{FORCE_REMOVE_ANNOTATION: text})
    assert [node.name for node in cluster.nodes if cluster.is_forced_out(node.name)] == nodes


def test_accepted_losses_are_the_words_between_commas() -> None:
    assert annotated(**{ACCEPT_LOSS_ANNOTATION: "a, ,b,"}).given_up == ["a", "b"]
    assert annotated().given_up == []


@pytest.mark.parametrize("text", ["", "true", "false"])
def test_annotation_of_the_original_operator_pauses_whatever_it_says(text: str) -> None:
    assert annotated(**{STOPPED_ANNOTATION: text}).paused
    assert not annotated().paused


def test_cluster_is_initialized_only_where_no_volume_is_known() -> None:
    new = World().cluster
    assert new.founder == new.control_plane[0]
    assert replace(new, state=StateNote({"w": "uid"})).founder == new.control_plane[0]
    assert replace(new, state=StateNote({"m": "uid"})).founder is None
    ephemeral = World(spec=spec(storage={"ephemeral": True})).cluster
    assert replace(ephemeral, state=StateNote({"m": "uid"})).founder == new.control_plane[0]


def test_endpoint_is_the_full_name_of_the_api_service() -> None:
    cluster = World().cluster
    assert cluster.api_names == ["demo-api", "demo-api.team-a", "demo-api.team-a.svc", cluster.endpoint]
    assert cluster.endpoint == "demo-api.team-a.svc.cluster.local"


def test_several_control_plane_nodes_find_each_other_by_a_name() -> None:
    several = World(spec=spec(nodes=[node(name, "master") for name in ("m", "n", "o")])).cluster
    assert several.etcd_service == "demo-etcd.team-a.svc.cluster.local"
    assert World().cluster.etcd_service == ""


def test_cluster_without_a_worker_keeps_all_else() -> None:
    cluster = World().cluster
    assert [node.name for node in cluster.without(["w"]).nodes] == ["m"]
    assert cluster.without([]) == cluster
