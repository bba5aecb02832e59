"""Several hosts: what a fault does to them, and what must not come at the same time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import KIND
from tests.kind.machines import Machine
from tests.nested.host import build_testbed_host
from tests.nested.virtual import VirtualCluster
from tests.soak.faults import HOST_KINDS, NETWORK, POWER, RESTART, TIME, VOLUME, Fault, Kind, Place
from tests.soak.hosts import HostsWorld
from tests.soak.hosts_site import build_vk8s

HOSTS = ("host-1", "host-2")


@dataclass(frozen=True)
class Told(Machine):
    """A host that remembers its orders."""

    story: list[str] = field(default_factory=list)

    def fail(self) -> None:
        self.story.append("fail")

    def turn_on(self) -> None:
        self.story.append("turn_on")

    def unplug(self) -> None:
        self.story.append("unplug")

    def plug_in(self) -> None:
        self.story.append("plug_in")

    def freeze(self) -> None:
        self.story.append("freeze")

    def thaw(self) -> None:
        self.story.append("thaw")


@pytest.fixture
def machines() -> Mapping[str, Told]:
    return {name: Told(name, Kubectl([])) for name in HOSTS}


@pytest.fixture
def world(machines: Mapping[str, Told], tmp_path: Path) -> HostsWorld:
    """One whose kubectl writes each command to a file, and knows the members of etcd that are in another."""
    program = tmp_path / "kubectl"
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/commands\ncase "$*" in *exec*) cat {tmp_path}/members; esac\n'
    )
    program.chmod(0o755)
    host = build_testbed_host(HostCluster(KIND, tmp_path))
    return HostsWorld(VirtualCluster(host, build_vk8s(), tmp_path), host.kubectl, machines, {})


def write_members(directory: Path, *roles: str) -> None:
    """So many members, and those roles."""
    members = [
        {"name": f"soak-{letter}", "role": role, "answers": True} for letter, role in zip("abc", roles, strict=False)
    ]
    (directory / "members").write_text(json.dumps({"members": members}))


def build_fault(kind: Kind, target: str = "") -> Fault:
    return Fault(kind, target, 1, 1)


def strike(world: HostsWorld, kind: Kind, target: str) -> bool:
    """Whether the fault hits something at this moment, and has been injected."""
    fault = build_fault(kind, target)
    victims = world.look()(fault)
    return bool(victims) and world.strike(fault, victims)


@pytest.mark.parametrize(
    ("kind", "story"),
    [
        pytest.param(POWER, ["fail", "turn_on"], id="power"),
        pytest.param(NETWORK, ["unplug", "plug_in"], id="network"),
        pytest.param(TIME, ["freeze", "thaw"], id="time"),
    ],
)
def test_host_comes_back_with_what_it_was_without(
    world: HostsWorld, machines: Mapping[str, Told], kind: Kind, story: list[str]
) -> None:
    fault = build_fault(kind, "host-1")
    before = world.look()(fault)
    assert world.strike(fault, before)
    assert world.look()(fault) == frozenset()
    world.restore(fault)
    after = world.look()(fault)
    assert after
    assert not after & before
    assert (machines["host-1"].story, machines["host-2"].story) == (story, [])


def test_host_that_is_away_is_not_hit_again(world: HostsWorld, machines: Mapping[str, Told]) -> None:
    assert strike(world, TIME, "host-1")
    assert not strike(world, POWER, "host-1")
    assert machines["host-1"].story == ["freeze"]


def test_hosts_do_not_lose_their_power_at_the_same_time(world: HostsWorld, machines: Mapping[str, Told]) -> None:
    assert strike(world, POWER, "host-1")
    assert not strike(world, POWER, "host-2")
    assert machines["host-2"].story == []
    # Any other loss may come at the same time.
    assert strike(world, NETWORK, "host-2")


def read_commands(directory: Path) -> list[str]:
    return (directory / "commands").read_text().splitlines()


@pytest.mark.parametrize("roles", [["voter", "leader"], ["voter", "leader", "learner"]])
def test_volume_stays_while_a_member_has_no_vote(world: HostsWorld, tmp_path: Path, roles: list[str]) -> None:
    write_members(tmp_path, *roles)
    assert not world.strike(build_fault(VOLUME, "soak-a"), frozenset({1}))
    assert [command for command in read_commands(tmp_path) if "delete" in command] == []


def test_volume_stays_while_a_host_is_away(world: HostsWorld, tmp_path: Path) -> None:
    write_members(tmp_path, "voter", "leader", "voter")
    assert strike(world, TIME, "host-1")
    assert not world.strike(build_fault(VOLUME, "soak-a"), frozenset({1}))


def test_volume_goes_with_its_pod_while_all_members_vote(world: HostsWorld, tmp_path: Path) -> None:
    write_members(tmp_path, "voter", "leader", "voter")
    assert world.strike(build_fault(VOLUME, "soak-a"), frozenset({1}))
    deleted = [command for command in read_commands(tmp_path) if "delete" in command]
    assert len(deleted) == 2
    assert "delete persistentvolumeclaim soak-a-state" in deleted[0]
    assert "delete pod soak-a" in deleted[1]


def test_restart_is_asked_for_by_another_value_each_time(world: HostsWorld, tmp_path: Path) -> None:
    for _ in range(2):
        assert world.strike(build_fault(RESTART), frozenset({1}))
    first, second = read_commands(tmp_path)
    assert first != second
    assert "annotate vk8s soak" in first


def test_faults_hit_all_nodes_and_only_workers_carry_the_workload(world: HostsWorld) -> None:
    faults = world.draw(0)
    drawn = [next(faults) for _ in range(3000)]
    targets = {place: {fault.target for fault in drawn if fault.kind.place is place} for place in Place}
    assert targets[Place.NODE] == {"soak-a", "soak-b", "soak-c", "soak-worker"}
    assert targets[Place.MASTER] == {"soak-a", "soak-b", "soak-c"}
    assert targets[Place.WORKLOAD] == {"soak-worker"}
    assert targets[Place.HOST] == set(HOSTS)
    assert {fault.kind for fault in drawn} == set(HOST_KINDS)
