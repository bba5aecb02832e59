"""Over a whole history: never two nodes down by our own doing, no data lost, and every rollout and leave ends."""

from collections.abc import Iterator

from hypothesis import given

from hooks.vk8s.labels import NODE
from hooks.vk8s.observed import CLAIM, JOB, POD, is_ready
from tests.properties.departures import TAKES, find_leaving, has_condition
from tests.properties.histories import History, histories, mend, peaceful_histories
from tests.properties.host import Host, Key, list_keys
from tests.properties.judge import index, is_paused
from tests.properties.kubelets import go_well
from tests.properties.owner import write_spec
from tests.properties.reasons import find_unexplained, is_outdated
from tests.world import World

MOST_ROUNDS = 40


@given(histories())
def test_at_no_moment_is_anything_left_out_without_a_reason(history: History) -> None:
    for host in history.moments:
        assert find_unexplained(host.shown) == set(), host


@given(histories())
def test_at_no_moment_is_data_dropped_but_that_of_a_worker_that_has_left(history: History) -> None:
    for host in history.moments:
        dropped = set(list_keys(host.shown)) - index(host.shown.sync()).keys()
        assert dropped & set(_list_data(host.shown)) == set(), host


@given(peaceful_histories())
def test_never_are_two_nodes_down_by_our_own_doing(history: History) -> None:
    lived: set[str] = set()
    for host in history.moments:
        world = host.world
        ready = {name for name, pod in world.children[POD].items() if is_ready(pod)}
        staying = {node["name"] for node in world.spec["nodes"]} - find_leaving(world)
        lived = (lived | ready) & staying
        assert len(lived - ready) <= 1, host


@given(histories())
def test_when_all_goes_well_every_rollout_and_every_leave_ends_and_then_all_is_still(history: History) -> None:
    host = mend(history.moments[-1]).caught_up()
    if is_paused(host.world):
        host = come_to_rest(host)
        assert host.world.status["phase"] == "Paused", host
        assert [name for name, pod in host.world.children[POD].items() if NODE in pod["metadata"]["labels"]] == []
        host = write_spec(host, {**host.valid_spec, "paused": False}).after("no annotations", annotations={})
    host = come_to_rest(host)
    check_complete(host)
    assert host.steps(2).world.children == host.world.children, host
    assert host.steps(2).world.status == host.world.status, host


def come_to_rest(host: Host) -> Host:
    """The host cluster once nothing changes any more; fails where that is never so."""
    for _ in range(MOST_ROUNDS):
        after = go_well(host)
        if after.world.children == host.world.children and after.world.status == host.world.status:
            return after
        host = after
    raise AssertionError(f"no rest: {host}")


def check_complete(host: Host) -> None:
    """Fails where a node is not as it is wanted, or anything is left of one that is not wanted."""
    world = host.world
    nodes = {node["name"]: node for node in world.spec["nodes"]}
    assert world.status["phase"] == "Running", host
    pods = {name: pod for name, pod in world.children[POD].items() if NODE in pod["metadata"]["labels"]}
    assert pods.keys() == nodes.keys(), host
    assert [name for name, pod in pods.items() if is_outdated(world, pod, nodes[name])] == [], host
    claims = set() if world.spec.get("storage", {}).get("ephemeral") else {f"{name}-state" for name in nodes}
    assert set(world.children[CLAIM]) == claims, host
    assert world.children[JOB] == {}, host
    # A leave once begun ends with the Node deleted.
    assert host.told == set(), host


def _list_data(world: World) -> Iterator[Key]:
    """Claims, CA and ssh keys; but not the claims that a Job has taken out."""
    yield from (("Secret.v1", f"{world.name}-{name}") for name in ("pki", "ssh"))
    done = [job for job in world.children[JOB].values() if has_condition(job, "Complete")]
    taken = {uid for job in done for uid in job["metadata"]["annotations"][TAKES].split(",")}
    yield from ((CLAIM, name) for name, claim in world.children[CLAIM].items() if claim["metadata"]["uid"] not in taken)
