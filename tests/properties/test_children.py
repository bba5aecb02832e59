"""Which children an answer holds, and what each of them is like."""

import re
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.labels import CONTROLLER_UID, NODE, PREFIX, VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, NETWORK_POLICY, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS, Data
from hooks.vk8s.spec.cluster import FORCE_REMOVE_ANNOTATION
from hooks.vk8s.spec.labels import COMPONENT, ROLE, is_steering
from testbed.metacontroller.objects import with_metadata
from tests.namespace_world import quota, related
from tests.properties.host import Host
from tests.properties.specs import PLAIN_LABELS
from tests.properties.walks import STEPS_TO_ALL_PODS, changed_hosts, hidden_hosts, hosts, new_hosts, settled_hosts
from tests.simulation.answers import (
    DNS_1123_SUBDOMAIN,
    NAMES,
    find_selector,
    index,
    list_empty,
    list_references,
    list_selected,
)
from tests.simulation.keys import get_key, group_children, list_children, list_keys, without
from tests.simulation.pruned import list_pruned
from tests.simulation.reasons import list_unexplained
from tests.simulation.removals import list_removed
from tests.simulation.risks import list_given_up
from tests.world import UID

FULL = quota(used={"limits.cpu": "8", "limits.memory": "8Gi"}, limits_cpu="8", limits_memory="8Gi")
POD_COUNTS = ("active", "succeeded", "uncountedTerminatedPods")
IDENTITY_LABELS = {VK8S, NODE, ROLE, COMPONENT}
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


@given(hidden_hosts())
def test_child_that_is_shown_stays_whatever_is_hidden(host: Host) -> None:
    assert list_unexplained(host.shown) == set()


@given(changed_hosts())
def test_no_child_is_left_out_without_a_reason(host: Host) -> None:
    assert list_unexplained(host.shown) == set()


@given(hosts())
def test_quota_that_is_full_costs_nobody_a_child_that_it_counts(host: Host) -> None:
    """It may be full with just these. A pod that is forced out makes room for its Job, though."""
    world = host.shown
    forced = FORCE_REMOVE_ANNOTATION in world.annotations
    # Without a pod, a Job may be recreated with smaller resources.
    bare = {(JOB, name) for name, job in world.children[JOB].items() if not _may_have_pod(job)}
    kept = index(world.sync()).keys() & list_children(world).keys() - bare
    crowded = index(replace(world, related=related(FULL)).sync()).keys()
    assert {key for key in kept - crowded if not (forced and key[0] == "Pod.v1")} == set()


def _may_have_pod(job: Manifest) -> bool:
    status = job.get("status") or {}
    return not status.get("startTime") or any(status.get(count) for count in POD_COUNTS)


@given(changed_hosts())
def test_children_that_the_spec_no_longer_asks_for_are_left_out(host: Host) -> None:
    assert index(host.shown.sync()).keys() & list_pruned(host.shown) == set()


@given(hosts())
def test_keys_stay_and_data_goes_only_with_a_worker_that_has_left(host: Host) -> None:
    shown = host.shown
    left_out = set(list_keys(shown)) - index(shown.sync()).keys()
    held = {data: {key for key in left_out if CHILD_KINDS[key[0]].data is data} for data in Data}
    assert held[Data.KEYS] == set()
    assert held[Data.USER] <= (list_removed(shown) | {*list_given_up(shown)} if held[Data.USER] else set())


@given(hosts())
def test_each_child_is_answered_once_with_a_name_valid_for_its_kind(host: Host) -> None:
    children = host.shown.sync().children
    assert [key for key, count in Counter(map(get_key, children)).items() if count > 1] == []
    for child in children:
        assert NAMES.get(child["kind"], DNS_1123_SUBDOMAIN).fullmatch(child["metadata"]["name"]), get_key(child)


@given(hosts())
def test_every_child_says_what_it_is_in_the_namespace_of_its_vk8s(host: Host) -> None:
    for child in host.shown.sync().children:
        assert group_key(child) in CHILD_KINDS
        metadata = child["metadata"]
        assert set(metadata) <= {"name", "namespace", "labels", "annotations"}
        assert metadata["namespace"] == "team-a"
        values = [*metadata["labels"].values(), *metadata.get("annotations", {}).values()]
        assert all(isinstance(value, str) for value in values)
        assert all(LABEL_VALUE.fullmatch(value) for value in metadata["labels"].values())


@given(new_hosts())
def test_a_child_that_is_made_holds_nothing_empty(host: Host) -> None:
    for count in range(STEPS_TO_ALL_PODS):
        world = host.steps(count).world
        made = {key: child for key, child in index(world.sync()).items() if key not in list_children(world)}
        assert {key: list_empty(child) for key, child in made.items() if list_empty(child)} == {}
    assert host.steps(STEPS_TO_ALL_PODS).world.children["Pod.v1"]


@given(settled_hosts(), st.data())
def test_a_pod_is_made_exactly_when_all_that_it_mounts_is_shown_to_stay(host: Host, data: st.DataObject) -> None:
    pods = host.world.children["Pod.v1"]
    others = {key: child for key, child in list_children(host.world).items() if key[0] != "Pod.v1"}
    fates = data.draw(
        st.dictionaries(st.sampled_from(sorted(others)), st.sampled_from(["hidden", "going"]), max_size=2)
    )
    going = [
        with_metadata(child, deletionTimestamp="2026-01-02T03:04:05Z") if fates.get(key) == "going" else child
        for key, child in others.items()
    ]
    hidden = [key for key, fate in fates.items() if fate == "hidden"]
    shown = without(replace(host.world, children=group_children(going)), hidden)
    made = {name for kind, name in index(shown.sync()) if kind == "Pod.v1"}
    ready = {name for name, pod in pods.items() if not fates.keys() & set(list_references(pod))}
    assert made == (set() if ("Secret.v1", f"{shown.name}-pki") in hidden else ready)


@given(settled_hosts())
def test_services_lead_to_the_pods_that_they_are_for(host: Host) -> None:
    world, answer = host.world, host.world.sync()
    answered = index(answer)
    nodes = [node["name"] for node in world.spec["nodes"]]
    assert list_selected(answered["Service.v1", f"{world.name}-api"], answer) == {nodes[0]}
    if world.spec.get("ports"):
        # Not to the control-plane node, as soon as a worker can serve.
        assert list_selected(answered["Service.v1", world.name], answer) in (set(nodes), set(nodes[1:]))
    if world.spec.get("accessPodImage") and world.spec.get("accessPodPort"):
        service = answered["Service.v1", f"{world.name}-access-svc"]
        assert list_selected(service, answer) == {f"{world.name}-access-pod"}


@given(settled_hosts())
def test_policy_covers_every_pod_and_opens_declared_ports_to_all(host: Host) -> None:
    world, answer = host.world, host.world.sync()
    policy = index(answer)[NETWORK_POLICY, world.name]
    assert list_selected(policy, answer) == world.children["Pod.v1"].keys()
    rules = policy["spec"]["ingress"]
    opened = {port["port"] for rule in rules if "from" not in rule for port in rule["ports"]}
    declared = {port["targetPort"] for port in world.spec.get("ports", [])}
    assert opened == declared | ({22} if world.spec.get("accessPodImage") else set())


@given(hosts())
def test_labels_of_the_owner_never_say_whose_child_it_is_and_select_nothing(host: Host) -> None:
    shown = host.shown
    for key, child in index(shown.sync()).items():
        labels = child["metadata"]["labels"]
        assert labels.get(CONTROLLER_UID, UID) == UID
        if key not in list_children(shown):
            assert labels.items() >= {(name, shown.labels[name]) for name in shown.labels.keys() & PLAIN_LABELS}
            assert (labels[VK8S], labels["app.kubernetes.io/managed-by"]) == (shown.name, "vk8s-metacontroller")
            assert {name for name in labels if name.startswith(PREFIX)} <= IDENTITY_LABELS
            assert not any(map(is_steering, labels))
            selector = find_selector(child) or {VK8S: shown.name}
            assert selector.keys() <= IDENTITY_LABELS
            assert selector[VK8S] == shown.name


@given(settled_hosts(), st.sampled_from(sorted(IDENTITY_LABELS)), st.sampled_from([None, "other", "worker"]))
def test_labels_of_ours_that_somebody_changed_are_restored(host: Host, label: str, value: str | None) -> None:
    pod = host.world.children["Pod.v1"]["m"]
    rest = {name: text for name, text in pod["metadata"]["labels"].items() if name != label}
    changed = with_metadata(pod, labels={**rest, **({label: value} if value is not None else {})})
    after = replace(host, world=host.world.with_child("Pod.v1", "m", changed)).step().world
    assert after.children["Pod.v1"]["m"]["metadata"]["labels"] == pod["metadata"]["labels"]
