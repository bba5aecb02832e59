"""Checking a Vk8s before it is applied: what would be rejected, and what would be accepted but not work."""

import re
from collections.abc import Iterator
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.kubernetes.schema import Resource, check_value
from hooks.vk8s.observed.children import Observed
from hooks.vk8s.plan.newer_rules import check_newer_rules
from hooks.vk8s.spec.model import NodeSpec, Spec
from hooks.vk8s.spec.validate import check_spec, parse_spec

# The first minor version of Kubernetes for which there are node images.
OLDEST_MINOR: Final = 34
# What a node needs to boot (hooks/vk8s/bootstrap/preflight.sh; a test compares the two), in MiB.
LEAST_MEMORY: Final = {"master": 768, "worker": 256}
# What is observed of a Vk8s that is not applied yet.
_NOTHING: Final = Observed({})
_VERSION: Final = re.compile(r"v1\.(\d+)\.\d+(-.+)?")
_VALID: Final = "The spec is valid."
# Reasons of conditions that don't change with time.
_LASTING: Final = frozenset({"InstallerNotSet"})


def list_refusals(vk8s: Manifest, resource: Resource) -> list[str]:
    """Messages of what the API server would reject, whatever the settings of the hooks are."""
    if vk8s["apiVersion"] != resource.api_version:
        return [f"apiVersion: write {resource.api_version}."]
    faults = list(check_value(vk8s, resource.schema))
    spec, malformed = parse_spec(vk8s.get("spec"))
    if spec is None:
        return faults or malformed
    name = vk8s["metadata"]["name"]
    return [*faults, *check_spec(name, spec), *check_newer_rules(name, spec, _NOTHING, lives=False).problems]


def list_warnings(vk8s: Manifest, status: Manifest) -> list[str]:
    """Messages of what won't work although it is accepted. `status`: the one that the hooks return."""
    spec = Spec.model_validate(vk8s["spec"])
    return [*_list_reported(status), *(warning for node in enumerate(spec.nodes) for warning in _check_node(*node))]


def _list_reported(status: Manifest) -> Iterator[str]:
    for condition in status["conditions"]:
        if condition["type"] == "Accepted" and condition["message"] != _VALID:
            yield condition["message"].removeprefix(_VALID).strip()
        if condition["reason"] in _LASTING:
            yield condition["message"]


def _check_node(index: int, node: NodeSpec) -> Iterator[str]:
    tag = _read_tag(node.image)
    version = _VERSION.fullmatch(tag) if tag else None
    if tag is not None and not (version and int(version[1]) >= OLDEST_MINOR):
        yield (
            f"spec.nodes[{index}].image: {tag or 'no tag'} does not look like a node image; the tag of one is a "
            f"version of Kubernetes from v1.{OLDEST_MINOR} on, such as v1.{OLDEST_MINOR}.4."
        )
    limit, least = node.resources.limits.get("memory"), LEAST_MEMORY[node.role]
    if limit is not None and parse_quantity(limit) < least << 20:
        path = f"spec.nodes[{index}].resources.limits.memory"
        yield f"{path}: write {least}Mi or more; a {node.role} with less fails to start."


def _read_tag(image: str) -> str | None:
    """The tag of an image, empty if it has none; None if it has a digest."""
    return None if "@" in image else image.rpartition("/")[2].partition(":")[2]
