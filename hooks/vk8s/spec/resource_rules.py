"""Rules for the resources of a node: without them, the host cluster's API server would reject its pod.

Source: validateResourceRequirements in https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go.
`validate` checks that requests are not above limits, and are equal to them for devices.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.model import NodeSpec, Resources
from hooks.vk8s.spec.network_rules import Fault

_BASIC: Final = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES: Final = re.compile(r"hugepages-([1-9][0-9]{0,5}[KMG]i)")
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DEVICE: Final = re.compile(rf"(?!requests\.){_LABEL}(\.{_LABEL})*/[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
# A quota's name for it has a prefix, and at most 253 characters.
_MAX_DEVICE: Final = 244


def check_resources(nodes: list[NodeSpec]) -> Iterator[tuple[NodeSpec, Fault]]:
    """What is wrong with the resources of nodes, by node."""
    for index, node in enumerate(nodes):
        path = f"spec.nodes[{index}].resources"
        for kind, amounts in (("requests", node.resources.requests), ("limits", node.resources.limits)):
            for place, advice in _check_amounts(amounts):
                yield node, (f"{path}.{kind}{place}", advice)
        for advice in _check_pages(node.resources):
            yield node, (path, advice)


def _check_amounts(amounts: Mapping[str, str]) -> Iterator[Fault]:
    quantities = {name: parse_quantity(amount) for name, amount in sorted(amounts.items())}
    if not all(name in _BASIC or _HUGE_PAGES.fullmatch(name) or _is_device(name) for name in quantities):
        known = "cpu, memory, ephemeral-storage, huge pages such as hugepages-2Mi"
        yield "", f"write {known}, or a device such as nvidia.com/gpu"
    yield from ((f"[{name}]", "write 0 or more") for name, quantity in quantities.items() if quantity < 0)
    if any(quantity.denominator != 1 for name, quantity in quantities.items() if "/" in name):
        yield "", "write a whole number of each device"
    pages = {name: parse_quantity(found[1]) for name in quantities if (found := _HUGE_PAGES.fullmatch(name))}
    if any(quantities[name] % size for name, size in pages.items()):
        yield "", "write a multiple of the page's size for huge pages, such as 4Mi for hugepages-2Mi"


def _is_device(name: str) -> bool:
    return len(name) <= _MAX_DEVICE and _DEVICE.fullmatch(name) is not None


def _check_pages(resources: Resources) -> Iterator[str]:
    requests, limits = resources.requests, resources.limits
    names = {*requests, *limits}
    pages = {name for name in names if _HUGE_PAGES.fullmatch(name)}
    asked = pages & requests.keys()
    if any(name not in limits or parse_quantity(requests[name]) != parse_quantity(limits[name]) for name in asked):
        yield "write the same request as limit for huge pages, or only limits"
    if pages and not names & {"cpu", "memory"}:
        yield "write cpu or memory, too: with huge pages, one of the two is needed"
