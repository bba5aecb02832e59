"""Sets of IPv4 addresses as ranges of numbers: a network of millions takes as little memory as one address."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from itertools import accumulate

# First and last address, both in it.
Range = tuple[int, int]


@dataclass(frozen=True)
class Addresses:
    """A set of addresses. Its ranges are sorted and disjoint."""

    ranges: tuple[Range, ...] = ()

    @cached_property
    def size(self) -> int:
        """The number of addresses."""
        return sum(last - first + 1 for first, last in self.ranges)

    @cached_property
    def _firsts(self) -> list[int]:
        return [first for first, _ in self.ranges]

    @cached_property
    def _positions(self) -> list[int]:
        """The number of addresses before each range."""
        return [0, *accumulate(last - first + 1 for first, last in self.ranges)]

    def __contains__(self, address: int | None) -> bool:
        """Whether the address is in the set; None never is."""
        if address is None:
            return False
        index = bisect_right(self._firsts, address) - 1
        return index >= 0 and address <= self.ranges[index][1]

    def nth(self, position: int) -> int:
        """The address at `position`, counted from 0. `position` must be less than `size`."""
        index = bisect_right(self._positions, position) - 1
        return self.ranges[index][0] + position - self._positions[index]

    def without(self, other: "Addresses") -> "Addresses":
        """The addresses that are not in `other`."""
        left = list(self.ranges)
        for start, end in other.ranges:
            left = [piece for first, last in left for piece in _cut((first, last), start, end)]
        return Addresses(tuple(left))

    def common(self, other: "Addresses") -> "Addresses":
        """The addresses that are in both."""
        return self.without(self.without(other))

    def describe(self) -> list[str]:
        """The ranges as they are written in a spec."""
        return [_format_range(*each) for each in self.ranges]


def unite(ranges: Iterable[Range]) -> Addresses:
    """All addresses of `ranges`, which may overlap."""
    united: list[Range] = []
    for first, last in sorted(ranges):
        if united and first <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(last, united[-1][1]))
        else:
            united.append((first, last))
    return Addresses(tuple(united))


def parse_address(text: str) -> int:
    """The number of an address such as 10.0.0.7. ValueError if it is none."""
    return int(IPv4Address(text))


def parse_number(text: str) -> int | None:
    """The number of an address; None if it is no IPv4 address."""
    try:
        return parse_address(text)
    except ValueError:
        return None


def parse_range(text: str) -> Range:
    """`10.0.0.10-10.0.0.20`, or one address. ValueError if it is neither."""
    first, dash, last = text.partition("-")
    found = parse_address(first), parse_address(last if dash else first)
    if found[0] > found[1]:
        raise ValueError(text)
    return found


def parse_network(text: str) -> Range:
    """All addresses of a network such as 10.0.0.0/24. ValueError if it is none."""
    if not text.rpartition("/")[2].isdecimal() or "/" not in text:
        raise ValueError(text)
    network = IPv4Network(text)
    return int(network.network_address), int(network.broadcast_address)


def parse_hosts(text: str) -> Range:
    """The addresses of a network that a host may have: all except for the network's own and the broadcast address."""
    first, last = parse_network(text)
    return (first, last) if last - first <= 1 else (first + 1, last - 1)


def format_address(address: int) -> str:
    """The address as it is written."""
    return str(IPv4Address(address))


def _cut(piece: Range, start: int, end: int) -> list[Range]:
    """The parts of `piece` before `start` and after `end`."""
    first, last = piece
    return [(low, high) for low, high in ((first, min(last, start - 1)), (max(first, end + 1), last)) if low <= high]


def _format_range(first: int, last: int) -> str:
    return format_address(first) if first == last else f"{format_address(first)}-{format_address(last)}"
