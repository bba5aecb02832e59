"""Children whose content the API server refuses to change: Secrets and ConfigMaps that somebody has made immutable.

Answered with another content, they would fail each sync of the Vk8s. So it stays, and the status says what to do.
"""

from collections.abc import Iterable, Iterator

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, SECRET, Observed, group_key

_CONTENT = ("data", "binaryData")


def keep_frozen(children: Iterable[Manifest], observed: Observed) -> list[Manifest]:
    """The children, in which what can't be changed has the content that it is observed with."""
    return [_hold(child, found) if (found := _find_observed(child, observed)) else child for child in children]


def list_frozen(children: Iterable[Manifest], observed: Observed) -> Iterator[str]:
    """`Kind name` of the children whose content would have to be changed, and can't be."""
    for child in children:
        found = _find_observed(child, observed)
        if found and _is_immutable(found) and any(child.get(key) != found.get(key) for key in _CONTENT):
            yield f"{child['kind']} {child['metadata']['name']}"


def _find_observed(child: Manifest, observed: Observed) -> Manifest | None:
    key = group_key(child)
    return observed.find(key, child["metadata"]["name"]) if key in (SECRET, CONFIG_MAP) else None


def _hold(child: Manifest, found: Manifest) -> Manifest:
    # The type of a Secret can never be changed.
    fixed = ("type", "immutable", *_CONTENT) if _is_immutable(found) else ("type",)
    kept = {key: value for key, value in found.items() if key in fixed}
    return {**{key: value for key, value in child.items() if key not in fixed or key in kept}, **kept}


def _is_immutable(found: Manifest) -> bool:
    return found.get("immutable") is True
