"""Rules for where the pods of nodes may run, and for their annotations: messages of what no pod can have."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from hooks.kubernetes.labels import PREFIX
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.placement import Affinity, SpreadConstraint, Toleration, is_label_key, is_label_value

# Annotations of these domains and their subdomains identify a pod, or set its address.
_RESERVED_DOMAINS: Final = (
    PREFIX.rstrip("/"),
    "cni.projectcalico.org",
    "ovn.kubernetes.io",
    "metacontroller.io",
    "metacontroller.k8s.io",
    # Of these the API server reads the values: by a wrong one, it rejects the pod. Fields have replaced the first two.
    "alpha.kubernetes.io",
    "beta.kubernetes.io",
    "controller.kubernetes.io",
)
# Kubernetes' own annotations may make a pod look like another kind of pod. These only limit its network.
_KUBERNETES: Final = "kubernetes.io"
_OPEN: Final = frozenset(["kubernetes.io/egress-bandwidth", "kubernetes.io/ingress-bandwidth"])
# The API server's limit for all annotations of an object is 256 KiB. Metacontroller adds one that has the whole pod as
# JSON, and so the others a second time.
_MOST_BYTES: Final = 96 * 1024
_FORMS: Final[Mapping[str, TypeAdapter[object]]] = {
    "tolerations": TypeAdapter(list[Toleration]),
    "affinity": TypeAdapter(Affinity),
    "topologySpreadConstraints": TypeAdapter(list[SpreadConstraint]),
}


def list_placement_problems(nodes: Iterable[NodeSpec]) -> Iterator[str]:
    """Messages of what the selectors, tolerations, affinities, constraints and annotations of nodes can't have."""
    for index, node in enumerate(nodes):
        path = f"spec.nodes[{index}]"
        yield from (f"{path}.{problem}" for problem in _list_problems(node))


def _list_problems(node: NodeSpec) -> Iterator[str]:
    if not all(map(is_label_key, node.node_selector)) or not all(map(is_label_value, node.node_selector.values())):
        yield "nodeSelector: write labels, such as disk: ssd."
    yield from _list_form_problems("tolerations", node.tolerations)
    yield from _list_form_problems("affinity", node.affinity)
    yield from _list_form_problems("topologySpreadConstraints", node.topology_spread_constraints)
    yield from _list_double_constraints(node)
    yield from _list_annotation_problems(node.annotations)
    if _measure([node.annotations, node.affinity, node.topology_spread_constraints]) > _MOST_BYTES:
        yield "annotations: write less than 96 KiB in all, together with affinity and topologySpreadConstraints."


def _list_form_problems(field: str, value: object) -> Iterator[str]:
    try:
        _FORMS[field].validate_python(value)
    except ValidationError as error:
        for details in error.errors(include_input=False):
            yield f"{field}{_write_path(details['loc'])}: {details['msg']}."


def _write_path(location: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)


def _list_double_constraints(node: NodeSpec) -> Iterator[str]:
    pairs = [(each.get("topologyKey"), each.get("whenUnsatisfiable")) for each in node.topology_spread_constraints]
    if any(pair in pairs[:place] for place, pair in enumerate(pairs)):
        yield "topologySpreadConstraints: write one entry for each topologyKey and whenUnsatisfiable."


def _list_annotation_problems(annotations: Mapping[str, str]) -> Iterator[str]:
    if not all(map(is_label_key, annotations)):
        yield "annotations: write keys such as example.com/team."
    if any(map(_is_reserved, annotations)):
        domains = f"{', '.join(_RESERVED_DOMAINS)} and {_KUBERNETES}"
        yield f"annotations: leave out those of {domains}: they are not for owners of pods."


def _measure(fields: object) -> int:
    """At least as many bytes as they take in JSON that Go writes, which has a longer form of `<`, `>` and `&`."""
    text = json.dumps(fields)
    return len(text) + 5 * sum(map(text.count, "<>&"))


def _is_reserved(key: str) -> bool:
    """Whether the annotation is for those to write who run pods, not for those who own them."""
    domain = key.rpartition("/")[0]
    is_ours = any(domain == reserved or domain.endswith(f".{reserved}") for reserved in _RESERVED_DOMAINS)
    return is_ours or (domain == _KUBERNETES and key not in _OPEN)
