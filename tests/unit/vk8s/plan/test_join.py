"""The Secret with which workers join: whose certificates are in it, and when they change."""

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import replace

import pytest
from cryptography import x509

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.spec.model import MAX_NODES
from tests.unit.vk8s.plan.test_keys import JOIN, OTHER, PAUSED, RUNNING, answered, apply, at, data_of, with_data
from tests.world import World, condition, get_child, names, node, spec

CLIENT = "kubelet-w.pem"
MORE = spec(nodes=[node("m", "master"), node("w", "worker"), node("x", "worker")])


def read_subject(data: Manifest, name: str) -> str:
    return x509.load_pem_x509_certificate(b64decode(data[name])).subject.rfc4514_string()


def credentials(pod: Manifest) -> Manifest:
    found: Manifest = next(volume for volume in pod["spec"]["volumes"] if volume["name"] == "credentials")["secret"]
    return found


def as_earlier(world: World, pods: Iterable[str] = ("w",)) -> World:
    """The same, whose workers mount the whole Secret, as those of earlier versions do."""
    for name in pods:
        pod = world.children["Pod.v1"][name]
        volumes = [
            {**volume, "secret": {"secretName": JOIN}} if volume["name"] == "credentials" else volume
            for volume in pod["spec"]["volumes"]
        ]
        world = world.with_child("Pod.v1", name, {**pod, "spec": {**pod["spec"], "volumes": volumes}})
    return world


def environment(pod: Manifest) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in pod["spec"]["containers"][0]["env"]}


def test_worker_becomes_itself_and_nobody_else() -> None:
    assert read_subject(data_of(RUNNING, JOIN), CLIENT) == "CN=system:node:w,O=system:nodes"
    mounted = credentials(get_child(RUNNING.sync(), "w"))
    assert mounted["secretName"] == JOIN
    assert {item["key"]: item["path"] for item in mounted["items"]} == {
        "ca.crt": "ca.crt", CLIENT: "client.pem",
    }  # fmt: skip


def test_nothing_in_it_lets_workers_join_under_any_name() -> None:
    assert set(data_of(RUNNING, JOIN)) == {"ca.crt", "ca-hash", CLIENT}


def test_certificates_stay_the_same() -> None:
    later = replace(at(RUNNING, 300), context=replace(at(RUNNING, 300).context, entropy=b"another" * 6))
    assert answered(later, JOIN)["data"] == data_of(RUNNING, JOIN)


def test_certificate_is_renewed_a_month_before_its_end() -> None:
    later = replace(at(RUNNING, 336), context=replace(at(RUNNING, 336).context, entropy=b"another" * 6))
    assert answered(later, JOIN)["data"][CLIENT] != data_of(RUNNING, JOIN)[CLIENT]
    assert at(apply(later), 336).sync().resync_after_seconds == 3600


@pytest.mark.parametrize(
    "damage",
    [b"", b"a", OTHER["ca.crt"] + OTHER["ca.key"], OTHER["ca.key"]],
    ids=["nothing", "unreadable", "of another CA", "no certificate"],
)
def test_certificate_that_is_damaged_is_replaced(damage: bytes) -> None:
    world = apply(with_data(RUNNING, JOIN, {**data_of(RUNNING, JOIN), **encode_data({CLIENT: damage})}))
    assert read_subject(data_of(world, JOIN), CLIENT) == "CN=system:node:w,O=system:nodes"
    assert answered(world, JOIN)["data"] == data_of(world, JOIN)


def test_new_worker_waits_for_its_certificate() -> None:
    made = replace(RUNNING, spec=MORE).step()
    world = with_data(made, JOIN, data_of(RUNNING, JOIN))
    answer = world.sync()
    assert "Pod/x" not in names(answer)
    assert condition(answer, "WorkersReady")["message"] == "x waits for its certificate in Secret demo-join."
    assert get_child(answer, JOIN)["data"][CLIENT] == data_of(RUNNING, JOIN)[CLIENT]
    assert "Pod/x" in names(apply(world).sync())


def test_worker_that_is_being_removed_keeps_its_certificate_until_it_is_gone() -> None:
    more = apply(replace(RUNNING, spec=MORE)).steps(2).with_ready_pods()
    leaving = apply(replace(more, spec=RUNNING.spec))
    assert "kubelet-x.pem" in data_of(leaving, JOIN)
    gone = leaving.with_child("Pod.v1", "x", None).with_child("PersistentVolumeClaim.v1", "x-state", None)
    assert "kubelet-x.pem" not in answered(gone, JOIN)["data"]


def test_token_stays_while_a_pod_of_an_earlier_version_needs_it() -> None:
    world = as_earlier(RUNNING)
    assert answered(world, JOIN)["data"]["token"] == data_of(RUNNING, "demo-pki")["token"]
    assert "token" not in answered(apply(world).with_child("Pod.v1", "w", None), JOIN)["data"]


def test_control_plane_learns_whether_the_token_is_needed() -> None:
    assert environment(get_child(RUNNING.sync(), "m"))["ADMITS_TOKEN"] == "false"
    assert "ADMITS_TOKEN" not in environment(get_child(RUNNING.sync(), "w"))
    recreated = as_earlier(RUNNING).with_child("Pod.v1", "m", None)
    assert environment(get_child(recreated.sync(), "m"))["ADMITS_TOKEN"] == "true"


def test_worker_that_can_join_neither_way_is_recreated() -> None:
    """Two versions of the hooks answered: one created the control plane, which admits no token, and one the worker."""
    world = as_earlier(RUNNING)
    assert "Pod/w" in names(world.sync()), "it is Ready: it has joined before"
    booting = world.with_child("Pod.v1", "w", {**world.children["Pod.v1"]["w"], "status": {"phase": "Pending"}})
    assert "Pod/w" not in names(booting.sync())
    assert credentials(get_child(booting.step().sync(), "w"))["items"]


def test_worker_of_an_earlier_cluster_boots_on() -> None:
    world = as_earlier(RUNNING)
    master = world.children["Pod.v1"]["m"]
    (container,) = master["spec"]["containers"]
    env = [each for each in container["env"] if each["name"] != "ADMITS_TOKEN"]
    former = {**master, "spec": {**master["spec"], "containers": [{**container, "env": env}]}}
    booting = {**world.children["Pod.v1"]["w"], "status": {"phase": "Pending"}}
    assert "Pod/w" in names(world.with_child("Pod.v1", "m", former).with_child("Pod.v1", "w", booting).sync())


def test_worker_is_not_replaced_before_it_has_a_certificate() -> None:
    """The Secret may be one that nobody can update: the next pod would wait forever."""
    edited = replace(RUNNING, spec=spec(nodes=[node("m", "master"), node("w", "worker", image="another")]))
    assert "Pod/w" not in names(edited.sync())
    data = {name: value for name, value in data_of(RUNNING, JOIN).items() if name != CLIENT}
    assert "Pod/w" in names(with_data(edited, JOIN, data).sync())


def test_certificates_of_removed_workers_have_only_the_room_that_is_left() -> None:
    """What Metacontroller records of a Secret is limited to 256 KiB."""
    count = MAX_NODES - 2
    first = [node("m", "master"), *(node(f"w{number}", "worker") for number in range(count))]
    world = replace(World(), spec=spec(nodes=first)).steps(3).with_ready_pods()
    renamed = [node("m", "master"), *(node(f"x{number}", "worker") for number in range(count))]
    data = answered(replace(world, spec=spec(nodes=renamed)), JOIN)["data"]
    assert len([name for name in data if name.endswith(".pem")]) == MAX_NODES
    assert {f"kubelet-x{number}.pem" for number in range(count)} <= set(data)


def test_pause_changes_no_certificate() -> None:
    assert data_of(PAUSED, JOIN) == data_of(RUNNING, JOIN)
