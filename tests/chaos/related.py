"""Related objects: those that a customize hook asks for, whose answers Metacontroller remembers for a while."""

from datetime import timedelta
from typing import Final, cast

from hooks.ippool.allocation import ALLOCATION, API_VERSION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.rules import RelatedRule, Selection, build_selection
from testbed.metacontroller.server import WatchedCache
from tests.chaos.api import ApiServer
from tests.chaos.calls import Hooks, Version

REMEMBERED: Final = timedelta(minutes=20)
RESOURCES: Final = {
    "pods": (Resource("v1", "pods", "Pod", namespaced=True), POD),
    "vk8s": (Resource(API_VERSION, "vk8s", "Vk8s", namespaced=True), VK8S),
    "ippools": (Resource(API_VERSION, "ippools", "IPPool", namespaced=False), POOL),
    "ipallocations": (Resource(API_VERSION, "ipallocations", "IPAllocation", namespaced=False), ALLOCATION),
}


class Related:
    """What each parent is to be shown, by its uid and generation."""

    def __init__(self, api: ApiServer, hooks: Hooks) -> None:
        self._api, self._hooks = api, hooks
        self._rules: dict[tuple[str, int], tuple[timedelta, list[tuple[str, Selection]]]] = {}

    def forget(self) -> None:
        """Every hook is asked anew."""
        self._rules.clear()

    def find(self, kind: str, parent: Manifest, version: Version) -> dict[str, dict[str, Manifest]]:
        """The related objects as caches show them: one group for each kind that was asked for."""
        question = (parent["metadata"]["uid"], parent["metadata"]["generation"])
        asked, rules = self._rules.get(question, (None, []))
        if asked is None or self._api.elapsed - asked >= REMEMBERED:
            context = self._hooks.build_context(version, self._api.now)
            rules = [_build_selection(rule) for rule in self._hooks.customize(kind, parent, context)]
            self._rules[question] = (self._api.elapsed, rules)
        related: dict[str, dict[str, Manifest]] = {}
        for group, selects in rules:
            found = {name: obj for name, obj in self._api.kinds[group].shown.items() if selects(obj)}
            related[group] = {**related.get(group, {}), **found}
        return related


def _build_selection(rule: Manifest) -> tuple[str, Selection]:
    resource, kind = RESOURCES[rule["resource"]]
    # No rule of ours selects namespaces by their labels.
    return kind, build_selection(RelatedRule.model_validate(rule), resource, cast("WatchedCache", None))
