"""No two virtual clusters of a namespace want an object of the same kind and name, whatever they are called."""

import inspect
from collections.abc import Callable
from itertools import permutations
from typing import Final

import pytest

from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec import naming
from tests.world import World, condition, node, spec

# What each function of the module names, and after what: an object of a Vk8s, or of a node.
NAMED: Final = {
    "pki_secret_name": ("Secret", "vk8s"),
    "join_secret_name": ("Secret", "vk8s"),
    "kubeconfig_secret_name": ("Secret", "vk8s"),
    "ssh_secret_name": ("Secret", "vk8s"),
    "kubeflow_secret_name": ("Secret", "vk8s"),
    "backup_secret_name": ("Secret", "vk8s"),
    "bootstrap_config_map_name": ("ConfigMap", "vk8s"),
    "access_config_map_name": ("ConfigMap", "vk8s"),
    "api_service_name": ("Service", "vk8s"),
    "etcd_service_name": ("Service", "vk8s"),
    "ports_service_name": ("Service", "vk8s"),
    "access_service_name": ("Service", "vk8s"),
    "network_policy_name": ("NetworkPolicy", "vk8s"),
    "disruption_budget_name": ("PodDisruptionBudget", "vk8s"),
    "etcd_budget_name": ("PodDisruptionBudget", "vk8s"),
    "kubeflow_job_name": ("Job", "vk8s"),
    "backup_job_name": ("Job", "vk8s"),
    "backup_cron_job_name": ("CronJob", "vk8s"),
    "leave_job_name": ("Job", "node"),
    "volumes_job_name": ("Job", "node"),
    "access_pod_name": ("Pod", "vk8s"),
    "spare_access_pod_name": ("Pod", "vk8s"),
    "state_claim_name": ("PersistentVolumeClaim", "node"),
    # A node's pod has the node's own name.
    "node": ("Pod", "node"),
}
Name = Callable[..., str]
FUNCTIONS: Final[dict[str, Name]] = {
    **{name: function for name, function in inspect.getmembers(naming, inspect.isfunction) if name.endswith("_name")},
    "node": lambda node: node,
}


def read_ending(function: str) -> str:
    """What the function puts behind the name of the Vk8s or node."""
    return FUNCTIONS[function](*["", "0c9e17ad"][: len(inspect.signature(FUNCTIONS[function]).parameters)])


def is_rejected(kind: str, name: str) -> bool:
    if kind == "vk8s":
        return bool(condition(World(name=name).sync(), "Accepted")["status"] == "False")
    world = World(spec=spec(nodes=[node("m", "master"), node(name, "worker")]))
    return bool(condition(world.sync(), "Accepted")["status"] == "False")


def test_every_name_is_looked_at() -> None:
    assert set(FUNCTIONS) == set(NAMED)


def test_table_of_kinds_has_every_name_that_the_vk8s_determines() -> None:
    listed = {(name.__name__, kind.kind) for kind in CHILD_KINDS.values() for name in kind.names}
    # A Vk8s may have several ConfigMaps of bootstrap files.
    fixed = {name for name in NAMED if NAMED[name][1] == "vk8s"} - {"bootstrap_config_map_name"}
    assert listed == {(name, NAMED[name][0]) for name in fixed}


@pytest.mark.parametrize(
    ("one", "other"),
    [pair for pair in permutations(NAMED, 2) if NAMED[pair[0]][0] == NAMED[pair[1]][0]],
    ids=str,
)
def test_name_that_collides_with_another_vk8s_is_rejected(one: str, other: str) -> None:
    ending, shorter = read_ending(one), read_ending(other)
    assert ending != shorter
    if ending.endswith(shorter):
        assert is_rejected(NAMED[other][1], f"x{ending.removesuffix(shorter)}")
