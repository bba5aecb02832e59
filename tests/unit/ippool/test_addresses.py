"""Sets of addresses: what is in them, in which order, and what is left of them."""

import pytest

from hooks.ippool.addresses import (
    Addresses,
    format_address,
    parse_address,
    parse_hosts,
    parse_network,
    parse_number,
    parse_range,
    unite,
)


def addresses(*ranges: str) -> Addresses:
    return unite(map(parse_range, ranges))


@pytest.mark.parametrize(
    ("ranges", "united"),
    [
        ([], []),
        (["10.0.0.1"], ["10.0.0.1"]),
        (["10.0.0.9", "10.0.0.1-10.0.0.3"], ["10.0.0.1-10.0.0.3", "10.0.0.9"]),
        (["10.0.0.1-10.0.0.5", "10.0.0.3-10.0.0.9"], ["10.0.0.1-10.0.0.9"]),
        (["10.0.0.1-10.0.0.9", "10.0.0.3"], ["10.0.0.1-10.0.0.9"]),
        (["10.0.0.255", "10.0.1.0"], ["10.0.0.255-10.0.1.0"]),
    ],
    ids=repr,
)
def test_ranges_are_put_in_order_and_together(ranges: list[str], united: list[str]) -> None:
    assert addresses(*ranges).describe() == united


@pytest.mark.parametrize(
    ("excluded", "left"),
    [
        ([], ["10.0.0.10-10.0.0.20", "10.0.0.30"]),
        (["10.0.0.10"], ["10.0.0.11-10.0.0.20", "10.0.0.30"]),
        (["10.0.0.20"], ["10.0.0.10-10.0.0.19", "10.0.0.30"]),
        (["10.0.0.15"], ["10.0.0.10-10.0.0.14", "10.0.0.16-10.0.0.20", "10.0.0.30"]),
        (["10.0.0.15-10.0.0.30"], ["10.0.0.10-10.0.0.14"]),
        (["10.0.0.1", "10.0.0.40"], ["10.0.0.10-10.0.0.20", "10.0.0.30"]),
        (["0.0.0.0-255.255.255.255"], []),
    ],
    ids=repr,
)
def test_difference_and_intersection_make_the_whole(excluded: list[str], left: list[str]) -> None:
    whole, other = addresses("10.0.0.10-10.0.0.20", "10.0.0.30"), addresses(*excluded)
    rest = whole.without(other)
    assert rest.describe() == left
    assert unite([*rest.ranges, *whole.common(other).ranges]) == whole
    assert rest.size + whole.common(other).size == whole.size == 12


def test_each_address_has_a_position() -> None:
    some = addresses("10.0.0.254-10.0.1.1", "10.0.0.9")
    listed = [format_address(some.nth(position)) for position in range(some.size)]
    assert listed == ["10.0.0.9", "10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]
    assert all(parse_address(text) in some for text in listed)
    assert not any(parse_address(text) in some for text in ("10.0.0.8", "10.0.0.10", "10.0.0.253", "10.0.1.2"))
    assert parse_address("10.0.0.9") not in Addresses()


@pytest.mark.parametrize(
    ("network", "hosts"),
    [
        ("10.0.0.0/24", ["10.0.0.1-10.0.0.254"]),
        ("10.0.0.0/30", ["10.0.0.1-10.0.0.2"]),
        ("10.0.0.0/31", ["10.0.0.0-10.0.0.1"]),
        ("10.0.0.7/32", ["10.0.0.7"]),
    ],
)
def test_hosts_have_neither_the_networks_own_nor_the_broadcast_address(network: str, hosts: list[str]) -> None:
    assert unite([parse_hosts(network)]).describe() == hosts


@pytest.mark.parametrize("text", ["", "10.0.0.0", "10.0.0.0/", "10.0.0.1/24", "10.0.0.0/255.0.0.0", "fd00::/64", "/24"])
def test_text_that_is_no_network_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_network(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "10.0.0.1-", "-10.0.0.1", "10.0.0.2-10.0.0.1", "10.0.0.1-9", "10.0.0.0/24", "fd00::1", "010.0.0.1"],
)
def test_text_that_is_no_range_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_range(text)


def test_name_that_is_no_address_has_no_number() -> None:
    assert parse_number("10.0.0.7") == parse_address("10.0.0.7")
    assert parse_number("seven") is None
    assert None not in addresses("0.0.0.0-255.255.255.255")
