"""Equal input, equal bytes; and where nothing happens, nothing is done."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

from hypothesis import given

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.decide import decide_finalize, decide_sync
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.merge import LAST_APPLIED, merge_update
from testbed.metacontroller.objects import deep_equal, is_terminating
from tests.properties.host import Host, list_desired, update
from tests.properties.others import FOREIGN, add_foreign
from tests.properties.specs import LABELS
from tests.properties.walks import hosts, settled_hosts
from tests.simulation.answers import has_usable_pki, is_accepted, is_paused
from tests.simulation.keys import group_children, list_children
from tests.simulation.note import STATE
from tests.simulation.removals import list_leaving
from tests.simulation.risks import is_at_risk, is_lost
from tests.world import Children, World

KEPT_KINDS = {"Pod.v1", "PersistentVolumeClaim.v1"}
# The removal of a worker: pod and claim, Job. Then PKI, what is made from it, pods, access pod, and the status.
MOST_STEPS = 7


@given(hosts())
def test_the_same_call_is_answered_with_the_same_bytes_and_changes_nothing(host: Host) -> None:
    shown, request = host.shown, host.shown.request()
    before = deepcopy(request)
    for decide in (decide_sync, decide_finalize):
        answer = decide(request, shown.context).model_dump_json(by_alias=True)
        assert request == before
        assert decide(shown.request(), shown.context).model_dump_json(by_alias=True) == answer
        assert decide(_reversed(shown).request(), shown.context).model_dump_json(by_alias=True) == answer


@given(hosts())
def test_applied_child_is_not_applied_again(host: Host) -> None:
    there = list_children(host.shown)
    for key, desired in list_desired(host.shown.sync()).items():
        if key in there and not is_terminating(there[key]) and CHILD_KINDS[key[0]].update_strategy == "InPlace":
            applied = update(there[key], desired)
            assert deep_equal(merge_update(applied, desired), applied), key


@given(hosts())
def test_kept_child_keeps_everything_but_its_labels(host: Host) -> None:
    there, name = list_children(host.shown), host.world.name
    for key, desired in list_desired(host.shown.sync()).items():
        if key in there and (key[0] in KEPT_KINDS or key[1] in (f"{name}-pki", f"{name}-ssh")):
            applied = merge_update(there[key], desired)
            assert deep_equal(_without_metadata(applied), _without_metadata(there[key])), key
            assert _foreign_annotations(applied) == _foreign_annotations(there[key]), key


@given(settled_hosts(), LABELS)
def test_labels_and_annotations_of_others_stay_theirs(host: Host, labels: dict[str, str]) -> None:
    check_foreign(
        write_everywhere(host).after("other labels", labels=labels).steps(2).after("none", labels={}).steps(2)
    )


@given(settled_hosts())
def test_labels_of_others_stay_theirs_when_a_broken_spec_is_fixed(host: Host) -> None:
    broken = write_everywhere(host).after("broken", spec=None).step()
    check_foreign(broken.after("fixed", spec=host.valid_spec).step())


@given(hosts())
def test_where_nothing_happens_answers_come_to_rest(host: Host) -> None:
    settled = host.caught_up().steps(MOST_STEPS)
    clock = settled.world.context.now + timedelta(seconds=1)
    later = settled.after("a second later", context=replace(settled.world.context, now=clock)).step()
    assert later.world.children == settled.world.children
    assert later.world.status == settled.world.status
    assert later.world.sync() == later.step().world.sync()
    check_complete(later.world)


def check_foreign(host: Host) -> None:
    """Fails where a child has lost what others wrote into its metadata."""
    for key, child in list_children(host.world).items():
        assert child["metadata"]["labels"].get(FOREIGN) == "b", key
        assert child["metadata"]["annotations"].get(FOREIGN) == "a", key


def write_everywhere(host: Host) -> Host:
    """The host cluster in which others have written into every child."""
    children = [add_foreign(child) for child in list_children(host.world).values()]
    return host.after("others write everywhere", children=group_children(children))


def check_complete(world: World) -> None:
    """Fails where a node has no pod although nothing prevents one, or has one in a pause that would lose no state."""
    going = [key for key, child in list_children(world).items() if is_terminating(child)]
    if is_accepted(world) and has_usable_pki(world) and not going:
        nodes = {node["name"] for node in world.spec["nodes"]}
        there = nodes & world.children["Pod.v1"].keys()
        lost = {name for name in nodes if is_lost(world, name)}
        at_risk = {name for name in there if is_at_risk(world, world.children["Pod.v1"][name])}
        assert there == at_risk if is_paused(world) else there >= nodes - list_leaving(world) - lost


def _reversed(world: World) -> World:
    """The same children in another order: that of a JSON object means nothing."""
    groups: Children = {kind: dict(reversed(group.items())) for kind, group in reversed(world.children.items())}
    return replace(world, children=groups)


def _without_metadata(child: Manifest) -> Manifest:
    return {key: value for key, value in child.items() if key != "metadata"}


def _foreign_annotations(child: Manifest) -> Manifest:
    return {key: value for key, value in child["metadata"]["annotations"].items() if key not in (LAST_APPLIED, STATE)}
