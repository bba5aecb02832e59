"""The end of an installation: not before that of its virtual clusters."""

from collections.abc import Callable

import pytest

from hooks.setup.api import Api
from hooks.setup.guard import Clock, check_nothing_lives, delete_all
from hooks.setup.objects import SetupProblem
from tests.unit.setup.fake_api import FakeApi

GROUP = "/apis/vk8s.sktelecom.com/v1alpha1"
VK8S, POOL = f"{GROUP}/namespaces/team-a/vk8s/demo", f"{GROUP}/ippools/rack"


class FakeClock:
    """Time that passes only while somebody sleeps; then, something may happen."""

    def __init__(self, happen: Callable[[], object] = lambda: None) -> None:
        self.now = 0.0
        self._happen = happen

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self._happen()

    def build(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


def keep(server: FakeApi, path: str) -> None:
    """Makes the deletion of an object wait for a finalizer."""
    server.instead[f"DELETE {path}"] = lambda: (200, b"{}")


def test_nothing_lives_where_nothing_is_served(api: Api) -> None:
    check_nothing_lives(api)


@pytest.mark.parametrize(("path", "name"), [(VK8S, "vk8s team-a/demo"), (POOL, "ippools rack")])
def test_living_object_is_named_and_nothing_is_deleted(server: FakeApi, api: Api, path: str, name: str) -> None:
    server.put(path)
    with pytest.raises(SetupProblem) as problem:
        check_nothing_lives(api)
    assert str(problem.value).startswith(f"These still exist: {name}. ")
    assert "uninstall.deleteVirtualClusters=true" in str(problem.value)
    assert server.list_writes() == []


def test_only_the_first_of_very_many_are_named(server: FakeApi, api: Api) -> None:
    for number in range(12):
        server.put(f"{GROUP}/namespaces/team-a/vk8s/{number}")
    with pytest.raises(SetupProblem, match=r"vk8s team-a/9, and 2 more\."):
        check_nothing_lives(api)


def test_virtual_clusters_are_deleted_before_pools(server: FakeApi, api: Api) -> None:
    server.put(POOL)
    server.put(VK8S)
    delete_all(api, 60, FakeClock().build(), print)
    assert server.list_writes() == [f"DELETE {VK8S}", f"DELETE {POOL}"]
    assert server.objects == {}


def test_deletion_waits_for_the_end_and_says_for_what(server: FakeApi, api: Api) -> None:
    conditions = [{"type": "Accepted", "message": "fine"}, {"type": "Ready", "message": "waits for its pods"}]
    server.put(VK8S, status={"conditions": conditions})
    server.put(POOL)
    keep(server, VK8S)
    messages: list[str] = []
    ends = iter([False, False, True])
    delete_all(api, 60, FakeClock(lambda: next(ends) and server.objects.pop(VK8S)).build(), messages.append)
    assert messages == ["Waiting for the end of team-a/demo: waits for its pods"]
    assert server.list_writes() == [f"DELETE {VK8S}", f"DELETE {POOL}"]


def test_deletion_gives_up_and_leaves_the_rest(server: FakeApi, api: Api) -> None:
    for path in (VK8S, POOL):
        server.put(path)
    keep(server, VK8S)
    clock = FakeClock()
    with pytest.raises(SetupProblem, match=r"These still exist: team-a/demo\. Nothing else has been removed\."):
        delete_all(api, 60, clock.build(), print)
    assert clock.now == 60
    assert POOL in server.objects
