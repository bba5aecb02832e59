"""Which pool serves a Vk8s."""

from typing import Any

import pytest

from hooks.ippool.pools import find_pool, parse_pools
from tests.pool_world import pool_manifest

DEFAULT = {"cidr": "10.0.0.0/24", "default": True}
OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"


def pool(name: str, spec: Any = None, **metadata: Any) -> Any:
    return pool_manifest({"cidr": "10.0.0.0/24"} if spec is None else spec, name, uid=f"uid-of-{name}", **metadata)


@pytest.mark.parametrize(
    ("wanted", "pools", "found"),
    [
        (None, [], None),
        (None, [pool("a")], None),
        (None, [pool("a"), pool("b", DEFAULT)], "b"),
        (None, [pool("a", DEFAULT, creationTimestamp=YOUNG), pool("b", DEFAULT, creationTimestamp=OLD)], "b"),
        (None, [pool("b", DEFAULT), pool("a", DEFAULT)], "a"),
        (None, [pool("a", DEFAULT, deletionTimestamp=OLD), pool("b", DEFAULT)], "b"),
        (None, [pool("a", {"default": True})], None),
        ("a", [pool("a"), pool("b", DEFAULT)], "a"),
        ("a", [pool("a", deletionTimestamp=OLD), pool("b", DEFAULT)], "a"),
        ("c", [pool("a"), pool("b", DEFAULT)], None),
    ],
    ids=[
        "there is none",
        "none is the default",
        "the default",
        "the oldest of two defaults",
        "of two of one second, that of the lower uid",
        "one that is being deleted is the default no more",
        "one with an invalid spec is no default",
        "the one that is named",
        "the one that is named, though it is being deleted",
        "the one that is named does not exist",
    ],
)
def test_pool_is_chosen_by_name_or_default(wanted: str | None, pools: list[Any], found: str | None) -> None:
    chosen = find_pool(wanted, parse_pools(pools))
    assert (chosen.name if chosen else None) == found


def test_pool_whose_spec_is_invalid_has_no_addresses() -> None:
    (broken,) = parse_pools([pool_manifest({"cidr": "none"})])
    assert broken.addresses.size == 0
    assert broken.problems == ("spec.cidr: write an IPv4 network such as 10.0.0.0/24.",)
