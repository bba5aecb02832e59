"""The cache of a kind: it follows the API server, lists again after an error, and lags if it is made to."""

import threading
import time

import pytest

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.informer import Informer, Informers
from testbed.metacontroller.objects import Manifest, key, with_metadata
from tests.testbed.bench import PARENT_UID, named, owned
from tests.testbed.eventually import PATIENCE, eventually
from tests.testbed.memory_server import DELETED_AT, PODS, SECRETS, MemoryServer

SECRET = owned(named("Secret", "pki"))


class Listener:
    """Remembers what it is called with."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_add(self, obj: Manifest) -> None:
        self.heard.append(f"add {key(obj)}")

    def on_update(self, old: Manifest, new: Manifest) -> None:
        self.heard.append(f"{'resync' if old is new else 'update'} {key(new)}")

    def on_delete(self, obj: Manifest) -> None:
        self.heard.append(f"delete {key(obj)}")


def started(server: MemoryServer) -> tuple[Informer, Listener]:
    informer, listener = Informer(server, SECRETS, 0), Listener()
    informer.add_handler(listener)
    informer.start()
    assert informer.synced.wait(PATIENCE)
    return informer, listener


def label(server: MemoryServer, value: str) -> Manifest:
    return server.edit(SECRETS, "default/pki", lambda obj: with_metadata(obj, annotations={"a": value}))


def test_informer_lists_and_then_watches() -> None:
    server = MemoryServer()
    server.seed(SECRETS, SECRET)
    informer, listener = started(server)
    label(server, "b")
    server.edit(SECRETS, "default/pki", lambda obj: with_metadata(obj, deletionTimestamp=DELETED_AT))
    eventually(lambda: informer.get("default/pki") is None)
    eventually(lambda: listener.heard == ["add default/pki", "update default/pki", "delete default/pki"])
    informer.stop()


def test_late_handler_gets_every_object_as_a_resync() -> None:
    server = MemoryServer()
    server.seed(SECRETS, SECRET)
    informer, first = started(server)
    eventually(lambda: first.heard == ["add default/pki"])
    late = Listener()
    informer.add_handler(late)
    informer.resync(late)
    assert late.heard == ["resync default/pki", "resync default/pki"]
    label(server, "b")
    eventually(lambda: late.heard[2:] == ["update default/pki"])
    informer.stop()


def test_slow_handler_delays_other_handlers_but_not_the_cache() -> None:
    class Slow(Listener):
        def on_update(self, old: Manifest, new: Manifest) -> None:
            assert let_go.wait(PATIENCE)
            super().on_update(old, new)

    let_go, slow, quick, server = threading.Event(), Slow(), Listener(), MemoryServer()
    server.seed(SECRETS, SECRET)
    informer = Informer(server, SECRETS, 0)
    for handler in (slow, quick):
        informer.add_handler(handler)
    informer.start()
    assert informer.synced.wait(PATIENCE)
    label(server, "b")
    changed = label(server, "c")
    eventually(lambda: informer.get("default/pki") == changed)
    assert "update default/pki" not in quick.heard
    let_go.set()
    eventually(lambda: quick.heard == slow.heard == ["add default/pki", *["update default/pki"] * 2])
    informer.stop()


@pytest.mark.parametrize("reason", ["Expired", ""], ids=["a version too old", "a broken connection"])
def test_after_an_error_it_lists_again_and_learns_what_it_missed(reason: str) -> None:
    server = MemoryServer()
    server.seed(SECRETS, SECRET)
    server.seed(SECRETS, with_metadata(SECRET, name="join"))
    informer, listener = started(server)
    server.fail("WATCH secrets", SyncError("no", reason=reason))
    server.edit(SECRETS, "default/join", lambda obj: with_metadata(obj, deletionTimestamp=DELETED_AT))
    eventually(lambda: informer.get("default/join") is None)
    server.fail("WATCH secrets", None)
    changed = label(server, "b")
    eventually(lambda: informer.get("default/pki") == changed)
    eventually(lambda: "delete default/join" in listener.heard)
    informer.stop()


def test_informer_waits_for_an_api_server_that_starts_later() -> None:
    server = MemoryServer()
    server.fail("LIST secrets", SyncError("no"))
    informer = Informer(server, SECRETS, 0)
    informer.start()
    eventually(lambda: "LIST secrets" in server.requests)
    assert not informer.synced.is_set()
    server.fail("LIST secrets", None)
    assert informer.synced.wait(PATIENCE)
    informer.stop()


def test_cache_may_lag_but_not_in_its_first_list() -> None:
    server = MemoryServer()
    server.seed(SECRETS, SECRET)
    informer = Informers(server, delay=0.2).start(SECRETS)
    assert informer.synced.wait(PATIENCE)
    assert informer.get("default/pki")
    began = time.monotonic()
    changed = label(server, "b")
    eventually(lambda: informer.get("default/pki") == changed)
    assert time.monotonic() - began >= 0.2
    informer.stop()


def test_candidates_are_the_owned_and_then_the_orphans() -> None:
    server = MemoryServer()
    server.seed(SECRETS, with_metadata(SECRET, name="orphan", ownerReferences=[]))
    server.seed(SECRETS, SECRET)
    server.seed(SECRETS, owned(with_metadata(SECRET, name="foreign"), uid="other"))
    server.seed(SECRETS, with_metadata(SECRET, namespace="elsewhere"))
    informer, _ = started(server)
    assert [key(obj) for obj in informer.candidates("default", PARENT_UID)] == ["default/pki", "default/orphan"]
    assert len(informer.candidates("", PARENT_UID)) == 3
    informer.stop()


def test_process_has_one_informer_of_each_kind() -> None:
    server = MemoryServer()
    informers = Informers(server, 0)
    secrets = informers.start(SECRETS)
    assert informers.start(SECRETS) is secrets
    assert informers.start(PODS) is not secrets
    eventually(lambda: sorted(server.requests) == ["LIST pods", "LIST secrets"])
    informers.stop()


def test_threads_of_an_informer_end_with_the_process() -> None:
    informer, _ = started(MemoryServer())
    mine = [thread for thread in threading.enumerate() if thread.name == "informer-secrets"]
    assert mine
    assert all(thread.daemon for thread in mine)
    informer.stop()
