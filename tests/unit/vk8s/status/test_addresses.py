"""Condition NetworkReady: whether the nodes have the addresses of their pool."""

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.pool_world import pool_manifest
from tests.unit.vk8s.plan.address_world import OLDER, network, pods, related, running, world
from tests.world import ready_status, running_world, spec

YET = "default yet for 2 of 2 nodes: m, w"


def used(free: int, at_share: object = None) -> Manifest:
    """The default pool, whose status says how many addresses are free; with a share of three where it is used up."""
    if at_share is None:
        return pool_manifest() | {"status": {"free": free}}
    shared = pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
    return shared | {"status": {"free": free, "namespacesAtShare": at_share}}


@pytest.mark.parametrize(
    ("named", "pool", "reason", "words"),
    [
        pytest.param(None, used(0), "PoolExhausted", "IPPool default, which has none left, for 2 of 2 nodes: m, w",
                     id="exhausted"),
        pytest.param(None, used(1), "WaitingForAddress", YET, id="not exhausted"),
        pytest.param(None, used(0, ["team-a", "team-b"]), "ShareExhausted",
                     "IPPool default, of which namespace team-a has its share of 3, for 2 of 2 nodes: m, w",
                     id="share used"),
        pytest.param(None, used(1, ["team-b"]), "WaitingForAddress", YET, id="share of others used"),
        pytest.param(None, used(1, "team-a"), "WaitingForAddress", YET, id="an odd list"),
        pytest.param(None, pool_manifest() | {"status": "odd"}, "WaitingForAddress", YET, id="an odd status"),
        pytest.param("a", pool_manifest(name="b"), "PoolNotFound", "IPPool a, which does not exist, for",
                     id="no such pool"),
        pytest.param("a", pool_manifest({}, name="a"), "PoolInvalid", "IPPool a, whose spec is invalid, for",
                     id="an invalid pool"),
        pytest.param("a", pool_manifest(name="a", deletionTimestamp=OLDER), "PoolTerminating",
                     "IPPool a, which is being deleted, for", id="a pool that is being deleted"),
    ],
)  # fmt: skip
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
