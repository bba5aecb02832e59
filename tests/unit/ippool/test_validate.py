"""What a pool's spec means, and what is wrong with it, with what to write instead."""

from typing import Any

import pytest

from hooks.ippool.validate import parse_spec, read_addresses

NETWORK = {"cidr": "10.0.0.0/29"}


@pytest.mark.parametrize(
    ("spec", "addresses"),
    [
        (NETWORK, ["10.0.0.1-10.0.0.6"]),
        ({"ranges": ["10.0.0.0-10.0.0.3", "10.0.0.9"]}, ["10.0.0.0-10.0.0.3", "10.0.0.9"]),
        ({**NETWORK, "exclude": ["10.0.0.1", "10.0.0.3-10.0.0.4"]}, ["10.0.0.2", "10.0.0.5-10.0.0.6"]),
        ({**NETWORK, "exclude": ["10.0.0.0/30"]}, ["10.0.0.4-10.0.0.6"]),
        ({**NETWORK, "exclude": ["192.168.0.0/16"]}, ["10.0.0.1-10.0.0.6"]),
        ({**NETWORK, "exclude": ["10.0.0.0/8"]}, []),
        ({**NETWORK, "later": "a field of a later version"}, ["10.0.0.1-10.0.0.6"]),
    ],
    ids=repr,
)
def test_spec_means_these_addresses(spec: Any, addresses: list[str]) -> None:
    parsed, problems = parse_spec(spec)
    assert problems == []
    assert parsed is not None
    assert read_addresses(parsed).describe() == addresses


def test_ten_million_addresses_are_counted_in_no_time() -> None:
    parsed, _ = parse_spec({"cidr": "10.0.0.0/8", "exclude": ["10.0.0.0/16"]})
    assert parsed is not None
    assert read_addresses(parsed).size == 2**24 - 2**16 - 1


@pytest.mark.parametrize(
    ("spec", "sentences"),
    [
        ({**NETWORK, "perNamespace": 0}, ["spec.perNamespace: Input should be greater than or equal to 1."]),
        ({**NETWORK, "perNamespace": "3"}, ["spec.perNamespace: Input should be a valid integer."]),
        (None, ["spec: Input should be a valid dictionary or instance of PoolSpec."]),
        ({}, ["spec: write either cidr or ranges."]),
        ({**NETWORK, "ranges": ["10.0.0.1"]}, ["spec: write either cidr or ranges."]),
        ({"cidr": 10}, ["spec.cidr: Input should be a valid string."]),
        ({"cidr": "10.0.0.1/24"}, ["spec.cidr: write an IPv4 network such as 10.0.0.0/24."]),
        (
            {"ranges": ["10.0.0.0/24"]},
            ["spec.ranges[0]: write IPv4 addresses such as 10.0.0.10-10.0.0.20, or one address."],
        ),
        (
            {**NETWORK, "exclude": ["10.0.0.1", "gateway", "10.0.0.1/24"]},
            [
                f"spec.exclude[{index}]: write an IPv4 address, a range such as 10.0.0.10-10.0.0.20, or a network."
                for index in (1, 2)
            ],
        ),
    ],
    ids=repr,
)
def test_all_problems_are_reported_at_once(spec: Any, sentences: list[str]) -> None:
    assert parse_spec(spec) == (None, sentences)


def test_value_is_not_repeated() -> None:
    assert "MARKER" not in "".join(parse_spec({"cidr": "MARKER", "ranges": ["MARKER"], "exclude": ["MARKER"]})[1])
