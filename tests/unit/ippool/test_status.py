"""What the owner of a pool sees."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.pool_world import PoolWorld, allocation_manifest, pool_manifest, vk8s_manifest

OLDER: Manifest = {"creationTimestamp": "2025-01-01T00:00:00Z"}
GOING: Manifest = {"deletionTimestamp": "2026-01-01T00:00:01Z"}
TEN = {"ranges": ["10.0.0.1-10.0.0.10"]}
M, W = allocation_manifest("10.0.0.3", "m"), allocation_manifest("10.0.0.4", "w")
DELETED = "0 of 10 addresses are free. It is being deleted: it allocates no more addresses"
FIVE = ", ".join(f"team-a/demo n{number}" for number in range(5))
NEXT_FIVE = f"{', '.join(f'team-a/demo n{number}' for number in range(1, 6))} and 1 more"
SEVEN = [f"n{number}" for number in range(7)]


def world(spec: Manifest, own: Iterable[Manifest] = (), vk8s: Iterable[Manifest] = (), **metadata: str) -> PoolWorld:
    return PoolWorld(pool=pool_manifest(spec, **metadata), vk8s=tuple(vk8s)).with_own(*own)


def other(spec: Manifest, name: str = "other") -> Manifest:
    return pool_manifest(spec, name, **{**OLDER, "uid": f"0{name}"})


READY: dict[str, tuple[PoolWorld, str, str, str]] = {
    "all is well": (world(TEN, [M, W], [vk8s_manifest()]), "True", "AllServed", "8 of 10 addresses are free."),
    "nodes go without": (
        world({"ranges": ["10.0.0.3"], "default": True}, [M], [vk8s_manifest(nodes=["m", *SEVEN])]),
        "False",
        "Exhausted",
        f"0 of 1 addresses are free. No address is left for these nodes: {FIVE} and 2 more.",
    ),
    "a namespace has its share": (
        world({**TEN, "default": True, "perNamespace": 2}, [M], [vk8s_manifest(nodes=["m", *SEVEN])]),
        "False",
        "ShareExhausted",
        f"8 of 10 addresses are free. Each namespace may have 2 addresses, and these nodes exceed that: {NEXT_FIVE}.",
    ),
    "an older pool has a part": (
        replace(world(TEN), others=(other({"cidr": "10.0.0.0/30"}), other({"cidr": "10.9.0.0/30"}, "third"))),
        "True",
        "Overlap",
        "8 of 10 addresses are free. Pool other, which is older, also has 10.0.0.1-10.0.0.2; it alone allocates them.",
    ),
    "the range has shrunk": (
        world({"ranges": ["10.0.0.3"]}, [M, W], [vk8s_manifest()]),
        "True",
        "OutsideRange",
        "0 of 1 addresses are free. Not in the spec, and kept until their nodes are gone: 10.0.0.4.",
    ),
    "another pool is the default": (
        replace(world({**TEN, "default": True}), others=(other({"cidr": "10.9.0.0/24", "default": True}),)),
        "True",
        "AnotherDefault",
        "10 of 10 addresses are free. default has no effect: pool other, which is older, is the default.",
    ),
    "it is being deleted and in use": (
        world(
            {**TEN, "default": True},
            [M, {**W, "spec": "later"}],
            [vk8s_manifest(nodes=["m"])],
            **GOING,
        ),
        "False",
        "Terminating",
        f"{DELETED}, and waits until these nodes are gone: 10.0.0.4, team-a/demo m.",
    ),
    "it is being deleted and not in use": (
        world(TEN, **GOING),
        "False",
        "Terminating",
        f"{DELETED}.",
    ),
    "the spec is invalid": (
        world({"default": True}, [M], [vk8s_manifest()]),
        "False",
        "InvalidSpec",
        "0 of 0 addresses are free. The spec is invalid, see condition Accepted.",
    ),
}


@pytest.mark.parametrize(("inputs", "status", "reason", "message"), READY.values(), ids=READY)
def test_condition_ready_describes_the_pool(inputs: PoolWorld, status: str, reason: str, message: str) -> None:
    ready = inputs.sync().status["conditions"][1]
    assert (ready["type"], ready["status"], ready["reason"], ready["message"]) == ("Ready", status, reason, message)


@pytest.mark.parametrize(
    ("inputs", "counts"),
    [
        (world(TEN), (10, 0, 10, 0)),
        (world({**TEN, "default": True}, vk8s=[vk8s_manifest()]), (10, 0, 8, 0)),
        (world({**TEN, "default": True}, [M], [vk8s_manifest()]), (10, 1, 8, 0)),
        (world({"ranges": ["10.0.0.9"], "default": True}, [M], [vk8s_manifest(nodes=["m", *SEVEN])]), (1, 1, 0, 6)),
        (replace(world(TEN), foreign=(W,)), (10, 0, 9, 0)),
    ],
    ids=["nobody needs one", "not seen yet", "one is seen", "one outside, six missing", "set aside by hand"],
)
def test_addresses_are_counted(inputs: PoolWorld, counts: tuple[int, int, int, int]) -> None:
    status = inputs.sync().status
    assert (status["capacity"], status["used"], status["free"], status["missing"]) == counts


def test_namespaces_that_have_their_share_and_need_more_are_listed() -> None:
    crowd = [vk8s_manifest("a"), vk8s_manifest("b", namespace="team-b"), vk8s_manifest("c", ["m"], namespace="team-c")]
    status = world({**TEN, "default": True, "perNamespace": 1}, vk8s=crowd).sync().status
    assert (status["namespacesAtShare"], status["missing"], status["free"]) == (["team-a", "team-b"], 2, 7)
    assert "namespacesAtShare" not in world({**TEN, "default": True, "perNamespace": 2}, vk8s=crowd).sync().status


def test_invalid_spec_is_reported_with_all_its_problems() -> None:
    accepted = world({"cidr": "x", "exclude": ["y"]}).sync().status["conditions"][0]
    assert (accepted["type"], accepted["status"], accepted["reason"]) == ("Accepted", "False", "InvalidSpec")
    assert accepted["message"] == (
        "spec.cidr: write an IPv4 network such as 10.0.0.0/24. spec.exclude[0]: write an IPv4 address, a range such as "
        "10.0.0.10-10.0.0.20, or a network. No address is allocated until this is fixed; those in use stay."
    )


@pytest.mark.parametrize(
    ("spec", "stalls"), [({"cidr": "x"}, True), ({"ranges": ["10.0.0.3"], "default": True}, False)]
)
def test_pool_stalls_while_its_spec_is_invalid_and_not_when_exhausted(spec: Manifest, *, stalls: bool) -> None:
    accepted, ready, *stalled = world(spec, vk8s=[vk8s_manifest()]).sync().status["conditions"]
    assert ready["status"] == "False"
    assert stalled == ([{**accepted, "type": "Stalled", "status": "True"}] if stalls else [])


def test_times_stay_while_nothing_changes() -> None:
    before = {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2025-01-01T00:00:00Z"}]}
    inputs = replace(world(TEN), pool={**pool_manifest(TEN), "status": before})
    times = [entry["lastTransitionTime"] for entry in inputs.sync().status["conditions"]]
    assert times == ["2026-01-02T03:04:05Z", "2025-01-01T00:00:00Z"]
