"""The rights that the original needs for itself, used by the fake, too."""

import pytest

from testbed.metacontroller.errors import FORBIDDEN, NOT_FOUND, RefusedError, SyncError
from testbed.metacontroller.informer import MOST_REFUSALS, Informer, Informers
from testbed.metacontroller.own_kinds import OWN_KINDS, OwnKinds
from tests.testbed.eventually import PATIENCE
from tests.testbed.memory_server import PODS, MemoryServer

KIND = OWN_KINDS[1]
FORBIDS = SyncError("no", reason=FORBIDDEN)
MISSING = SyncError("there is none", reason=NOT_FOUND)


def follow(server: MemoryServer) -> Informers:
    informers = Informers(server, 0)
    OwnKinds(server, informers, pause=0).follow(KIND)
    return informers


def test_kind_that_is_there_is_watched() -> None:
    server = MemoryServer()
    informers = follow(server)
    assert informers.start(KIND).synced.wait(PATIENCE)
    informers.stop()


def test_missing_kind_is_skipped_after_both_rights_were_used() -> None:
    server = MemoryServer()
    server.fail(f"LIST {KIND.plural}", MISSING)
    server.fail(f"WATCH {KIND.plural}", MISSING)
    follow(server)
    assert server.requests == [f"LIST {KIND.plural}"]


@pytest.mark.parametrize(
    "failures",
    [{"LIST": FORBIDS, "WATCH": MISSING}, {"LIST": MISSING, "WATCH": FORBIDS}],
    ids=["it may not be listed", "it may not be watched"],
)
def test_right_that_is_missing_ends_the_process(failures: dict[str, SyncError]) -> None:
    server = MemoryServer()
    for verb, error in failures.items():
        server.fail(f"{verb} {KIND.plural}", error)
    with pytest.raises(RefusedError, match="decoratorcontrollers: no: the original needs that right"):
        follow(server)
    assert server.requests == [f"LIST {KIND.plural}"] * MOST_REFUSALS


def test_api_server_that_is_not_there_yet_is_waited_for() -> None:
    server, errors = MemoryServer(), [FORBIDS, SyncError("connection refused"), FORBIDS] * MOST_REFUSALS

    def answer() -> None:
        server.fail(f"LIST {KIND.plural}", errors.pop() if errors else None)
        server.before[f"LIST {KIND.plural}"] = answer

    answer()
    informers = follow(server)
    assert informers.start(KIND).synced.wait(PATIENCE)
    informers.stop()


@pytest.mark.parametrize("verb", ["LIST", "WATCH"])
def test_cache_without_the_right_to_fill_it_ends_the_process(verb: str) -> None:
    server = MemoryServer()
    server.fail(f"{verb} pods", FORBIDS)
    with pytest.raises(RefusedError, match="pods: no: it needs that right"):
        Informer(server, PODS, 0, pause=0).follow()
    assert server.requests == ["LIST pods"] * MOST_REFUSALS
