"""The rules by which a customize hook picks related objects: what they must not combine, and what they select. Pure."""

from collections.abc import Callable

from pydantic import Field

from testbed.metacontroller.errors import NotSyncedError, SyncError
from testbed.metacontroller.label_selector import LabelSelector, build_matcher
from testbed.metacontroller.objects import Manifest, labels, text
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import WatchedCache
from testbed.metacontroller.strict_json import Struct, Text

Selection = Callable[[Manifest], bool]


class RelatedRule(Struct):
    """Which objects of one kind a parent is to be shown. An empty selector is one, an empty text or list is none."""

    api_version: str = ""
    resource: str = ""
    label_selector: LabelSelector | None = None
    namespace: str = ""
    namespace_selector: LabelSelector | None = None
    names: list[Text] = Field(default_factory=list)


def build_selection(rule: RelatedRule, resource: Resource, namespaces: WatchedCache) -> Selection:
    """Whether an object of the rule's kind is selected. Where the parent is does not matter: that is so in hooks v2.

    A rule that is all but empty selects every object. Kinds without namespaces ignore `namespace`. Raises SyncError
    for what can't be combined, and NotSyncedError.
    """
    _check_combination(rule)
    is_in_namespace = _build_namespace_matcher(rule, resource, namespaces)
    has_labels = build_matcher(rule.label_selector)
    names = set(rule.names)
    return lambda obj: (
        (not names or text(obj, "name") in names)
        and has_labels(labels(obj))
        and is_in_namespace(text(obj, "namespace"))
    )


def _check_combination(rule: RelatedRule) -> None:
    where = f"{rule.api_version}/{rule.resource}"
    if rule.names and (rule.label_selector is not None or rule.namespace_selector is not None):
        raise SyncError(f"related rule cannot have both names and labelSelector/namespaceSelector specified: {where}")
    if rule.namespace and rule.namespace_selector is not None:
        raise SyncError(f"related rule cannot have both namespace and namespaceSelector specified: {where}")


def _build_namespace_matcher(rule: RelatedRule, resource: Resource, namespaces: WatchedCache) -> Callable[[str], bool]:
    if rule.namespace_selector is None:
        return lambda namespace: not rule.namespace or not resource.namespaced or namespace == rule.namespace
    if not resource.namespaced:
        raise SyncError("namespaceSelector is only supported for namespaced related resources")
    if not namespaces.synced.is_set():
        raise NotSyncedError("namespaces are not synced yet")
    has_labels = build_matcher(rule.namespace_selector)

    def is_in_selected(namespace: str) -> bool:
        found = namespaces.get(namespace)
        return found is not None and has_labels(labels(found))

    return is_in_selected
