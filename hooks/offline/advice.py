"""What is said of a Vk8s before it is applied: what would be refused, and what would be accepted and not work."""

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

# The first minor version of Kubernetes that there are node images of; later ones follow one after the other.
OLDEST_MINOR: Final = 34
# What a node's boot asks for (hooks/vk8s/bootstrap/preflight.sh; a test holds one against the other), in MiB.
LEAST_MEMORY: Final = {"master": 768, "worker": 256}
# What is observed of a Vk8s that is not applied yet.
_NOTHING: Final = Observed({})
_VERSION: Final = re.compile(r"v1\.(\d+)\.\d+(-.+)?")
_VALID: Final = "The spec is valid."
# Reasons of conditions that no waiting changes.
_LASTING: Final = frozenset({"InstallerNotSet"})


def list_refusals(vk8s: Manifest, resource: Resource) -> list[str]:
    """What the API server would refuse of a Vk8s, whatever the settings of the hooks are; a sentence each."""
    if vk8s["apiVersion"] != resource.api_version:
        return [f"apiVersion: write {resource.api_version}."]
    faults = list(check_value(vk8s, resource.schema))
    spec, malformed = parse_spec(vk8s.get("spec"))
    if spec is None:
        return faults or malformed
    name = vk8s["metadata"]["name"]
    return [*faults, *check_spec(name, spec), *check_newer_rules(name, spec, _NOTHING, lives=False).problems]


def list_warnings(vk8s: Manifest, status: Manifest) -> list[str]:
    """What of a Vk8s that is accepted won't work; `status`: what the hooks say of it."""
    spec = Spec.model_validate(vk8s["spec"])
    return [*_list_told(status), *(warning for node in enumerate(spec.nodes) for warning in _check_node(*node))]


def _list_told(status: Manifest) -> Iterator[str]:
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
        yield f"{path}: write {least}Mi or more; a {node.role} with less gives up when it starts."


def _read_tag(image: str) -> str | None:
    """The tag of an image, empty where it has none; None where a digest says what it is."""
    return None if "@" in image else image.rpartition("/")[2].partition(":")[2]
