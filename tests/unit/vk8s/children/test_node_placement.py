"""Where the pods of nodes run: apart by default, and otherwise as their owner has written."""

from typing import Any

from hooks.kubernetes.manifest import Manifest
from tests.world import World, node, spec

HOST = "kubernetes.io/hostname"
VK8S, ROLE, COMPONENT = (f"vk8s.sktelecom.com/{name}" for name in ("vk8s", "role", "component"))
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NEAR = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST, "labelSelector": {}}]}
ZONE = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}


def pods(**of_worker: Any) -> dict[str, Manifest]:
    """The pods of a control-plane node, and of a worker with those fields."""
    nodes = [node("m", "master"), node("w", "worker", **of_worker)]
    return World(spec=spec(nodes=nodes)).steps(3).children["Pod.v1"]


def list_weights(pod: Manifest) -> list[tuple[int, Manifest, str]]:
    """How much which pods on the same host count."""
    terms = pod["spec"]["affinity"]["podAntiAffinity"][PREFERRED]
    return [
        (term["weight"], each["labelSelector"]["matchLabels"], each["topologyKey"])
        for term in terms
        for each in [term["podAffinityTerm"]]
    ]


def test_nodes_prefer_other_hosts_than_that_of_the_control_plane() -> None:
    made = pods()
    assert list_weights(made["m"]) == [(100, {VK8S: "demo", COMPONENT: "node"}, HOST)]
    assert list_weights(made["w"]) == [
        (100, {VK8S: "demo", ROLE: "master"}, HOST),
        (50, {VK8S: "demo", ROLE: "worker"}, HOST),
    ]


def test_labels_of_the_default_are_on_every_node_pod() -> None:
    for pod in pods().values():
        for _, labels, _ in list_weights(pod):
            assert labels.keys() <= pod["metadata"]["labels"].keys()


def test_default_is_added_to_other_affinities() -> None:
    affinity = pods(affinity={"podAffinity": NEAR})["w"]["spec"]["affinity"]
    assert affinity["podAffinity"] == NEAR
    assert PREFERRED in affinity["podAntiAffinity"]


def test_owner_replaces_the_default_or_switches_it_off() -> None:
    assert pods(affinity={"podAntiAffinity": NEAR})["w"]["spec"]["affinity"] == {"podAntiAffinity": NEAR}
    assert "affinity" not in pods(affinity={"podAntiAffinity": {}})["w"]["spec"]


def test_constraint_without_a_selector_counts_nodes_of_the_vk8s() -> None:
    own = {**ZONE, "topologyKey": "a", "labelSelector": {"matchLabels": {"a": "b"}}}
    constraints = pods(topologySpreadConstraints=[ZONE, own])["w"]["spec"]["topologySpreadConstraints"]
    ours = {"labelSelector": {"matchLabels": {VK8S: "demo", COMPONENT: "node"}}}
    assert constraints == [{**ZONE, **ours}, own]


def test_priority_class_is_that_of_the_pod() -> None:
    assert pods(priorityClassName="high")["w"]["spec"]["priorityClassName"] == "high"
    assert "priorityClassName" not in pods()["w"]["spec"]


def test_annotations_are_on_the_pod_and_can_let_a_mesh_in() -> None:
    noted = pods(annotations={"example.com/a": "b", "linkerd.io/inject": "enabled"})["w"]["metadata"]["annotations"]
    assert noted["example.com/a"] == "b"
    assert noted["linkerd.io/inject"] == "enabled"
    assert noted["vk8s.sktelecom.com/hash"].startswith("node-v2.")
