"""Metacontroller's role holds what the CompositeControllers make it do, right by right, and nothing else."""

from collections import Counter

import yaml

from hooks.ippool.decide import decide_customize as decide_pool_customize
from hooks.ippool.request import PoolCustomizeRequest
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.wire import CustomizeRequest
from tests.pool_world import pool_manifest
from tests.shared_material import ROOT
from tests.world import IDENTITY

# Group, resource and verb.
Right = tuple[str, str, str]

ROLE: Manifest = yaml.safe_load((ROOT / "metacontroller" / "metacontroller-role.yaml").read_text())
CONTROLLERS = [yaml.safe_load((ROOT / "metacontroller" / f"{name}.yaml").read_text()) for name in ("vk8s", "ippool")]

PARENT = ("get", "list", "watch", "update")
CHILD = ("get", "list", "watch", "create", "update", "delete")
RELATED = ("list", "watch")
# Whatever the controllers are.
ALWAYS: set[Right] = {
    *(
        (group, resource, verb)
        for group, resource in (
            ("", "namespaces"),
            ("apiextensions.k8s.io", "customresourcedefinitions"),
            ("metacontroller.k8s.io", "compositecontrollers"),
            ("metacontroller.k8s.io", "controllerrevisions"),
            ("metacontroller.k8s.io", "decoratorcontrollers"),
        )
        for verb in ("list", "watch")
    ),
    ("", "events", "create"),
    ("", "events", "patch"),
}


def build_rights(kind: Manifest, verbs: tuple[str, ...], subresource: str = "") -> set[Right]:
    group = kind["apiVersion"].rpartition("/")[0]
    return {(group, kind["resource"] + subresource, verb) for verb in verbs}


def list_related() -> list[Manifest]:
    """The kinds that both customize hooks ask for."""
    parent = {**IDENTITY, "metadata": {"name": "demo", "namespace": "default", "uid": "u"}, "spec": {}}
    of_vk8s = decide_customize(
        CustomizeRequest.model_validate({"parent": parent}), Settings(ip_manager=True, namespace_rules=True)
    )
    of_pools = decide_pool_customize(PoolCustomizeRequest.model_validate({"parent": pool_manifest()}))
    return [*of_vk8s.related_resources, *of_pools.related_resources]


def list_needed() -> set[Right]:
    needed = set(ALWAYS)
    for spec in (controller["spec"] for controller in CONTROLLERS):
        parent = spec["parentResource"]
        needed |= build_rights(parent, PARENT)
        needed |= build_rights(parent, ("update",), "/status") | build_rights(parent, ("update",), "/finalizers")
        needed |= {right for child in spec["childResources"] for right in build_rights(child, CHILD)}
    return needed | {right for kind in list_related() for right in build_rights(kind, RELATED)}


def granted() -> Counter[Right]:
    return Counter(
        (group, resource, verb)
        for rule in ROLE["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def test_role_has_the_rights_that_are_needed_and_no_more() -> None:
    assert set(granted()) == list_needed(), "edit metacontroller/metacontroller-role.yaml"


def test_each_right_is_given_once() -> None:
    assert [right for right, times in granted().items() if times > 1] == [], (
        "remove the second of these from metacontroller/metacontroller-role.yaml"
    )


def test_nothing_is_a_wildcard_and_no_subresource_is_another_one() -> None:
    assert [right for right in granted() if "*" in "".join(right)] == []
    assert {resource.partition("/")[2] for _, resource, _ in granted()} == {"", "status", "finalizers"}
    assert {frozenset(rule) for rule in ROLE["rules"]} == {frozenset({"apiGroups", "resources", "verbs"})}


def test_each_rule_says_why() -> None:
    lines = (ROOT / "metacontroller" / "metacontroller-role.yaml").read_text().splitlines()
    before = [lines[number - 1] for number, line in enumerate(lines) if line.startswith("- apiGroups")]
    assert len(before) == len(ROLE["rules"])
    assert [line for line in before if not line.startswith("#")] == [], (
        "write above each rule of metacontroller/metacontroller-role.yaml what it is for"
    )
