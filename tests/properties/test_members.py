"""Several control-plane nodes under losses, edits and answers from stale caches: the hooks lose no write."""

import re
from copy import deepcopy
from dataclasses import replace
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hooks.vk8s.observed.children import CLAIM, JOB, POD
from hooks.vk8s.plan.losses import QUORUM_LOST, STATE_LOST
from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION, RESTART_ANNOTATION
from tests.properties.member_host import MemberHost, build_spec
from tests.world import Children

NODES = st.sampled_from("abcd")
# The first always stays: it can't be renamed.
MASTERS = st.sampled_from(["a", "abc", "abd", "acd", "abcde"])
ROUNDS = 40


@cache
def build_running() -> MemberHost:
    """Three control-plane nodes and a worker, Running."""
    host = MemberHost()
    for _ in range(6):
        host.apply(host.world.sync(), host.world.children)
        host.boot()
    return host


class Members(RuleBasedStateMachine):
    """Each rule is something that happens. What hooks decide is applied by rule `sync`, and by `sync_late`."""

    def __init__(self) -> None:
        super().__init__()
        self.host = deepcopy(build_running())
        self.shown: list[Children] = [self.host.world.children]

    @rule()
    def sync(self) -> None:
        self._apply(self.host.world.children)
        self.shown = [*self.shown[-3:], self.host.world.children]

    @rule(age=st.integers(1, 4))
    def sync_late(self, age: int) -> None:
        """An answer about children as they were."""
        self._apply(self.shown[-min(age, len(self.shown))])

    @rule()
    def boot(self) -> None:
        self.host.boot()

    @rule()
    def write(self) -> None:
        self.host.etcd.write(self.host.running)

    @rule()
    def complete_jobs(self) -> None:
        self.host.complete_jobs()
        self.host.show()

    @rule(seconds=st.sampled_from([1, 40, 100]))
    def wait(self, seconds: int) -> None:
        self.host.pass_time(seconds)

    @rule(name=NODES)
    def lose_pod(self, name: str) -> None:
        self.host.world = self.host.world.with_child(POD, name, None)
        self.host.show()

    @rule(name=NODES)
    def lose_volume(self, name: str) -> None:
        self.host.world = self.host.world.with_child(CLAIM, f"{name}-state", None)
        self.lose_pod(name)

    @rule(masters=MASTERS)
    def edit(self, masters: str) -> None:
        self._edit(nodes=build_spec(masters)["nodes"])

    @rule(is_paused=st.booleans())
    def pause(self, is_paused: bool) -> None:  # noqa: FBT001 as hypothesis calls it
        self._edit(paused=is_paused)

    @rule(value=st.integers())
    def restart(self, value: int) -> None:
        self._annotate(RESTART_ANNOTATION, str(value))

    @rule()
    def accept_losses(self) -> None:
        """The owner does what the status says."""
        conditions = (self.host.world.status or {}).get("conditions", [])
        found = re.search(f"{ACCEPT_LOSS_ANNOTATION}=([^ ]+)[.]", str([each["message"] for each in conditions]))
        if found:
            self._annotate(ACCEPT_LOSS_ANNOTATION, found[1].split(".")[0])

    @invariant()
    def is_initialized_once_per_generation(self) -> None:
        founded = self.host.etcd.founded
        assert len(founded) == len(set(founded))

    def teardown(self) -> None:
        """When nothing happens any more, all is as the spec says, or the status says what is lost."""
        self._edit(paused=False)
        for _ in range(ROUNDS):
            before = self.host.world.children
            self.sync()
            self.host.boot()
            self.host.complete_jobs()
            self.host.pass_time(35)
            if self.host.world.children == before and self.host.world.status["phase"] == "Running":
                break
        # Two volumes that are lost one after the other may be those of members that were joining.
        if not self._has_most_volumes():
            assert self.host.world.status["phase"] != "Running"
            return
        status, wanted = self.host.world.status, {node["name"] for node in self.host.world.spec["nodes"]}
        reasons = {each["reason"] for each in status["conditions"]}
        if not reasons & {QUORUM_LOST, STATE_LOST, "InvalidSpec"}:
            assert status["phase"] == "Running", status["conditions"]
            assert set(self.host.world.children[POD]) == wanted
            assert self.host.etcd.nodes == wanted - {"w"}
            assert self.host.world.children[JOB] == {}

    def _apply(self, seen: Children) -> None:
        host, etcd = self.host, self.host.etcd
        before, claims = etcd.list_holders(host.existing), dict(host.world.children[CLAIM])
        had_quorum, is_fresh = etcd.has_quorum(host.running), seen is host.world.children
        answer = replace(host.world, children=seen).sync()
        host.apply(answer, seen)
        after = etcd.list_holders(host.existing)
        assert after or not before or not etcd.committed, "the last volume with all writes is gone"
        for name in claims.keys() - host.world.children[CLAIM].keys():
            volume = host.volumes.get(claims[name]["metadata"]["uid"])
            assert volume is None or volume.member not in etcd.members, f"{name} was that of a member"
        is_paused = host.world.spec.get("paused")
        if had_quorum and is_fresh and not is_paused and len(etcd.members) > 1:
            assert etcd.has_quorum(host.running), "the answer takes the quorum away"
        host.show()

    def _has_most_volumes(self) -> bool:
        members, existing = self.host.etcd.members.values(), self.host.existing
        return sum(volume in existing for _, volume in members) > len(members) // 2

    def _edit(self, **fields: object) -> None:
        world = self.host.world
        self.host.world = replace(world, spec={**world.spec, **fields}, generation=world.generation + 1)

    def _annotate(self, name: str, value: str) -> None:
        world = self.host.world
        self.host.world = replace(world, annotations={**world.annotations, name: value})


TestMembers = Members.TestCase
TestMembers.settings = settings(max_examples=30, stateful_step_count=20)
