"""Children whose content can't be changed: Secrets and ConfigMaps that somebody has made immutable.

Returned with other content, they would make every sync of the Vk8s fail. So they keep their content, and the status
says what to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, SECRET, Observed, get_key

_CONTENT = ("data", "binaryData")


@dataclass(frozen=True)
class Kept:
    """The children to return; `frozen`: those whose content should be changed and can't be, as `Kind name`."""

    children: list[Manifest]
    frozen: list[str]


def keep_frozen(children: Iterable[Manifest], observed: Observed) -> Kept:
    """The children, in which those that are immutable have their observed content."""
    pairs = [(child, _get_observed(child, observed)) for child in children]
    return Kept(
        [_hold(child, found) if found else child for child, found in pairs],
        [f"{child['kind']} {child['metadata']['name']}" for child, found in pairs if found and _differs(child, found)],
    )


def _get_observed(child: Manifest, observed: Observed) -> Manifest | None:
    kind, name = get_key(child)
    return observed.find(kind, name) if kind in (SECRET, CONFIG_MAP) else None


def _differs(child: Manifest, found: Manifest) -> bool:
    return _is_immutable(found) and any(child.get(key) != found.get(key) for key in _CONTENT)


def _hold(child: Manifest, found: Manifest) -> Manifest:
    # The type of a Secret can never be changed.
    fixed = ("type", "immutable", *_CONTENT) if _is_immutable(found) else ("type",)
    kept = {key: value for key, value in found.items() if key in fixed}
    return {**{key: value for key, value in child.items() if key not in fixed or key in kept}, **kept}


def _is_immutable(found: Manifest) -> bool:
    return found.get("immutable") is True
