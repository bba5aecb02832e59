"""Parsing the spec of an IPPool into addresses, or into messages of what is wrong with it.

The CRD rejects all of this at `kubectl apply`. It is checked again because an object may be older than a rule.
"""

from collections.abc import Callable, Iterable, Iterator

from pydantic import ValidationError

from hooks.ippool.addresses import Addresses, Range, parse_hosts, parse_network, parse_range, unite
from hooks.ippool.model import PoolSpec
from hooks.kubernetes.forms import describe_form


def parse_spec(raw: object) -> tuple[PoolSpec | None, list[str]]:
    """The model of `raw` and no problem, or None and every problem: a message each, which says what to write."""
    try:
        spec = PoolSpec.model_validate(raw)
    except ValidationError as error:
        return None, describe_form(error)
    problems = list(_list_problems(spec))
    return (None if problems else spec), problems


def read_addresses(spec: PoolSpec) -> Addresses:
    """The addresses of a valid `spec`."""
    included = [parse_hosts(spec.cidr)] if spec.cidr is not None else map(parse_range, spec.ranges)
    return unite(included).without(unite(map(_parse_excluded, spec.exclude)))


def _list_problems(spec: PoolSpec) -> Iterator[str]:
    if (spec.cidr is None) == (not spec.ranges):
        yield "spec: write either cidr or ranges."
    if spec.cidr is not None:
        yield from _refuse([("cidr", spec.cidr)], parse_network, "an IPv4 network such as 10.0.0.0/24")
    ranges = [(f"ranges[{index}]", text) for index, text in enumerate(spec.ranges)]
    yield from _refuse(ranges, parse_range, "IPv4 addresses such as 10.0.0.10-10.0.0.20, or one address")
    excluded = [(f"exclude[{index}]", text) for index, text in enumerate(spec.exclude)]
    yield from _refuse(excluded, _parse_excluded, "an IPv4 address, a range such as 10.0.0.10-10.0.0.20, or a network")


def _refuse(fields: Iterable[tuple[str, str]], parse: Callable[[str], Range], wanted: str) -> Iterator[str]:
    """A message for each text that `parse` rejects."""
    for path, text in fields:
        try:
            parse(text)
        except ValueError:
            yield f"spec.{path}: write {wanted}."


def _parse_excluded(text: str) -> Range:
    return parse_network(text) if "/" in text else parse_range(text)
