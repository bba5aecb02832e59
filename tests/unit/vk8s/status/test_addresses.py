"""Condition NetworkReady: whether the nodes have the addresses of their pool."""

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.pool_world import pool_manifest
from tests.unit.vk8s.plan.address_world import OLDER, network, pods, related, running, world
from tests.world import ready_status, running_world, spec


@pytest.mark.parametrize(
    ("named", "pool", "reason", "words"),
    [
        (
            None,
            pool_manifest() | {"status": {"free": 0}},
            "PoolExhausted",
            "IPPool default, which has none left, for 2 of 2 nodes: m, w",
        ),
        (
            None,
            pool_manifest() | {"status": {"free": 1}},
            "WaitingForAddress",
            "default yet for 2 of 2 nodes: m, w",
        ),
        (
            None,
            pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
            | {"status": {"free": 0, "namespacesAtShare": ["team-a", "team-b"]}},
            "ShareExhausted",
            "IPPool default, of which namespace team-a has its share of 3, for 2 of 2 nodes: m, w",
        ),
        (
            None,
            pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
            | {"status": {"free": 1, "namespacesAtShare": ["team-b"]}},
            "WaitingForAddress",
            "default yet for 2 of 2 nodes: m, w",
        ),
        (
            None,
            pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
            | {"status": {"free": 1, "namespacesAtShare": "team-a"}},
            "WaitingForAddress",
            "default yet for 2 of 2 nodes: m, w",
        ),
        (None, pool_manifest() | {"status": "odd"}, "WaitingForAddress", "default yet for 2 of 2 nodes: m, w"),
        ("a", pool_manifest(name="b"), "PoolNotFound", "IPPool a, which does not exist, for"),
        ("a", pool_manifest({}, name="a"), "PoolInvalid", "IPPool a, whose spec is invalid, for"),
        (
            "a",
            pool_manifest(name="a", deletionTimestamp=OLDER),
            "PoolTerminating",
            "IPPool a, which is being deleted, for",
        ),
    ],
    ids=[
        "exhausted",
        "not exhausted",
        "share used",
        "share of others used",
        "an odd list",
        "an odd status",
        "no such pool",
        "an invalid pool",
        "a pool that goes",
    ],
)
def test_owner_sees_why_no_address_is_allocated(named: str | None, pool: Manifest, reason: str, words: str) -> None:
    fields = {"ipPool": named} if named else {}
    found = world(spec=spec(**fields), related=related([pool]))
    assert pods(found) == []
    assert network(found)[1] == reason
    assert words in network(found)[2]


def test_condition_is_absent_without_address_pools() -> None:
    assert "NetworkReady" not in [entry["type"] for entry in running_world().sync().status["conditions"]]


def test_status_shows_the_allocated_addresses() -> None:
    status = running().sync().status
    assert [(n["name"], n["address"], n["podIP"]) for n in status["nodes"]] == [
        ("m", "10.0.0.4", "10.0.0.4"),
        ("w", "10.0.0.6", "10.0.0.6"),
    ]
    assert (status["phase"], network(running())) == (
        "Running",
        ("True", "Allocated", "Each node has its address."),
    )


def test_network_that_ignores_the_address_is_reported() -> None:
    found = running().with_pod_status("w", ready_status("10.200.0.9"))
    assert network(found) == (
        "False",
        "AddressIgnored",
        "w has 10.200.0.9 instead of 10.0.0.6: does the network of the host cluster support the pods' annotations?",
    )
