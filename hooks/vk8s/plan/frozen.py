"""Children whose content the API server refuses to change: Secrets and ConfigMaps that somebody has made immutable.

Answered with another content, they would fail each sync of the Vk8s. So it stays, and the status says what to do.
"""

from collections.abc import Sequence
from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP, SECRET, Observed, group_key
from hooks.vk8s.plan.assemble import Plan

_CONTENT = ("data", "binaryData")


def keep_frozen(plan: Plan, observed: Observed) -> Plan:
    """The plan, in which what can't be changed has the content that it is observed with; `frozen` names it."""
    pairs = [(child, _find_observed(child, observed)) for child in plan.children]
    frozen = [_name(child) for child, found in pairs if found and _is_immutable(found) and _differs(child, found)]
    return replace(plan, children=[_hold(child, found) if found else child for child, found in pairs], frozen=frozen)


def describe_frozen(frozen: Sequence[str]) -> list[str]:
    """A part of a sentence for each."""
    return [
        f"{name} is immutable, so what is in it can't be renewed or changed: delete it, and it is made again"
        for name in frozen
    ]


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


def _differs(child: Manifest, found: Manifest) -> bool:
    return any(child.get(key) != found.get(key) for key in _CONTENT)


def _name(child: Manifest) -> str:
    return f"{child['kind']} {child['metadata']['name']}"
