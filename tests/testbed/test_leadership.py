"""Leader election of the fake Metacontroller: one works, and another takes over when that one has ended."""

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.leadership import LEASES, Leadership, Lease
from tests.testbed.clock import Clock
from tests.testbed.eventually import eventually
from tests.testbed.memory_server import MemoryServer

KEY = ("vk8s-system", "metacontroller")


class Candidates:
    """Two processes that want the same Lease, and a clock that moves while one waits."""

    def __init__(self) -> None:
        self.server, self.clock = MemoryServer(), Clock()
        self.first, self.second = (self.stand(name) for name in ("first", "second"))

    def stand(self, holder: str) -> Leadership:
        return Leadership(self.server, Lease(*KEY, holder), self.clock, self.pass_time)

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @property
    def spec(self) -> dict[str, object]:
        spec: dict[str, object] = self.server.get(LEASES, *KEY)["spec"]
        return spec


def test_lease_is_held_by_the_first_that_asks() -> None:
    both = Candidates()
    assert [both.first.try_hold(), both.second.try_hold(), both.first.try_hold()] == [True, False, True]
    assert both.spec["holderIdentity"] == "first"
    assert both.spec["leaseTransitions"] == 0


def test_lease_that_is_renewed_is_never_taken() -> None:
    both = Candidates()
    assert both.first.try_hold()
    for _ in range(20):
        both.pass_time(2)
        assert both.first.try_hold()
        assert not both.second.try_hold()


def test_lease_of_a_candidate_that_has_ended_is_taken_after_15_seconds() -> None:
    both = Candidates()
    assert both.first.try_hold()
    both.second.wait()
    assert both.clock.now == 16
    assert both.spec["holderIdentity"] == "second"
    assert both.spec["leaseTransitions"] == 1
    assert not both.first.try_hold()


def test_conflict_and_failure_are_no_lease() -> None:
    both = Candidates()
    both.server.failures["POST leases vk8s-system/metacontroller"] = SyncError("no")
    assert not both.first.try_hold()
    both.server.failures.clear()
    assert both.first.try_hold()
    both.server.failures["GET leases vk8s-system/metacontroller"] = SyncError("no")
    assert not both.first.try_hold()


def test_leader_that_can_not_renew_gives_up_after_10_seconds() -> None:
    both, said = Candidates(), list[str]()
    assert both.first.try_hold()
    both.server.failures["PUT leases vk8s-system/metacontroller"] = SyncError("no")
    both.first.keep(said.append)
    eventually(lambda: said == ["leader election lost"])
    assert both.clock.now == 10
