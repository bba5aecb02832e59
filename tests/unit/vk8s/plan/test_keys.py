"""The Secrets with keys in the life of a virtual cluster: which CA counts, and when certificates change."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml
from cryptography import x509

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import build_pki, encode_data
from hooks.vk8s.spec.cluster import ACCEPT_CA_LOSS_ANNOTATION
from tests.world import CONTEXT, NOW, World, condition, get_child, names, observe, running_world, spec

OTHER = build_pki(b"another entropy of thirty-two byt", NOW, timedelta(days=3650))
PKI, JOIN, KUBECONFIG = "demo-pki", "demo-join", "demo-kubeconfig"
RUNNING = running_world()
PAUSED = replace(RUNNING, spec=spec(paused=True)).steps(2)


def with_data(world: World, name: str, data: Mapping[str, str]) -> World:
    return world.with_child("Secret.v1", name, {**world.children["Secret.v1"][name], "data": dict(data)})


def with_other_pki(world: World) -> World:
    return with_data(world, PKI, encode_data(OTHER))


def without_pki(world: World) -> World:
    return world.with_child("Secret.v1", PKI, None)


def at(world: World, days: float) -> World:
    return replace(world, context=replace(world.context, now=NOW + timedelta(days=days)))


def giving_up(world: World, ca: str) -> World:
    context = replace(world.context, entropy=b"entropy of another call, as always")
    return replace(world, context=context, annotations={**world.annotations, ACCEPT_CA_LOSS_ANNOTATION: ca})


def read_hash(world: World) -> str:
    return b64decode(world.children["Secret.v1"][JOIN]["data"]["ca-hash"]).decode()


def answered(world: World, name: str) -> Manifest:
    return get_child(world.sync(), name)


def data_of(world: World, name: str) -> Manifest:
    data: Manifest = world.children["Secret.v1"][name]["data"]
    return data


def apply(world: World) -> World:
    """The world after one sync in which Metacontroller has also updated Secrets in place."""
    after = world.step()
    for child in world.sync().children:
        if child["kind"] == "Secret":
            after = after.with_child("Secret.v1", child["metadata"]["name"], observe(child))
    return after


def read_cert(world: World) -> x509.Certificate:
    user = yaml.safe_load(b64decode(data_of(world, KUBECONFIG)["config"]))["users"][0]["user"]
    return x509.load_pem_x509_certificate(b64decode(user["client-certificate-data"]))


def read_problem(world: World) -> tuple[str, str]:
    found = condition(world.sync(), "ChildrenObserved")
    return found["reason"], found["message"]


class TestAnotherCa:
    """A PKI under the right name that is not the one that this cluster was made with."""

    @pytest.mark.parametrize("left", [[JOIN, KUBECONFIG], [JOIN], [KUBECONFIG]], ids=" and ".join)
    @pytest.mark.parametrize("world", [RUNNING, PAUSED], ids=["running", "paused"])
    def test_nothing_is_written_with_it_and_all_is_kept(self, world: World, left: list[str]) -> None:
        gone = [name for name in (JOIN, KUBECONFIG) if name not in left]
        for name in gone:
            world = world.with_child("Secret.v1", name, None)
        swapped = with_other_pki(world)
        answer = swapped.sync()
        assert [name for name in names(swapped.sync()) if name.removeprefix("Secret/") in gone] == []
        for name in left:
            assert answered(swapped, name)["data"] == data_of(world, name)
        assert {name for name in names(answer) if "Secret" not in name} == {
            name for name in names(world.sync()) if "Secret" not in name
        }
        reason, message = read_problem(swapped)
        assert reason == "PKIInvalid"
        assert f"another CA than the one that this cluster was created with (Secret {left[0]})" in message

    def test_right_one_ends_it(self) -> None:
        assert read_problem(with_data(with_other_pki(RUNNING), PKI, data_of(RUNNING, PKI)))[0] == "AllObserved"

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"ca.crt": "YQ==", "ca-hash": "YQ=="},
            {"ca.crt": "a"},
            encode_data({"ca.crt": OTHER["ca.crt"], "ca-hash": b"sha256:" + b"0" * 64}),
        ],
        ids=["empty", "no certificate", "no base64", "another CA"],
    )
    @pytest.mark.parametrize("name", [JOIN, KUBECONFIG])
    def test_somebody_who_writes_into_one_of_the_two_stops_nothing(self, name: str, data: dict[str, str]) -> None:
        text = "certificate-authority-data: " + data.get("ca.crt", "%")
        written = data if name == JOIN else {key: b64encode(text.encode()).decode() for key in ("value", "config")}
        world = with_data(RUNNING, name, written)
        assert read_problem(world)[0] == "AllObserved"
        assert read_problem(apply(world))[0] == "AllObserved"
        assert data_of(apply(world), JOIN) == data_of(RUNNING, JOIN)
        assert read_cert(apply(world)).issuer == read_cert(RUNNING).issuer


class TestExchange:
    """Another CA instead of one whose loss its owner explicitly accepts: docs/how-to/renew-ca.md."""

    def test_hooks_create_a_new_one_while_no_pod_lives(self) -> None:
        world = giving_up(without_pki(PAUSED), read_hash(PAUSED))
        for _ in range(3):
            world = apply(world)
        assert read_problem(world)[0] == "AllObserved"
        assert read_hash(world) != read_hash(PAUSED)
        assert data_of(world, PKI)["ca.crt"] == data_of(world, JOIN)["ca.crt"]
        ca = x509.load_pem_x509_certificate(b64decode(data_of(world, PKI)["ca.crt"]))
        read_cert(world).verify_directly_issued_by(ca)
        resumed = replace(world, spec=spec()).steps(2).with_ready_pods().step()
        assert resumed.status["phase"] == "Running"

    def test_earlier_workers_can_join_by_the_token_in_the_virtual_cluster(self) -> None:
        token = data_of(PAUSED, PKI)["token"]
        world = with_data(without_pki(PAUSED), JOIN, {**data_of(PAUSED, JOIN), "token": token})
        assert answered(giving_up(world, read_hash(PAUSED)), PKI)["data"]["token"] == token

    @pytest.mark.parametrize("token", ["", "YQ=="])
    def test_token_that_is_none_is_not_taken_over(self, token: str) -> None:
        ca = read_hash(PAUSED)
        world = with_data(PAUSED, JOIN, {**data_of(PAUSED, JOIN), "token": token})
        made = answered(giving_up(without_pki(world), ca), PKI)["data"]["token"]
        assert made not in (token, "")

    def test_pki_that_its_owner_brings_is_taken(self) -> None:
        world = apply(giving_up(with_other_pki(PAUSED), read_hash(PAUSED)))
        assert b64decode(data_of(world, JOIN)["ca.crt"]) == OTHER["ca.crt"]
        assert read_problem(world)[0] == "AllObserved"

    def test_accepted_loss_is_for_that_ca_alone(self) -> None:
        former = read_hash(PAUSED)
        world = giving_up(without_pki(PAUSED), former)
        for _ in range(3):
            world = apply(world)
        assert read_problem(without_pki(world))[0] == "PKILost"
        assert read_problem(with_data(world, PKI, data_of(PAUSED, PKI)))[0] == "PKIInvalid"

    @pytest.mark.parametrize("ca", ["", "true", "unknown", "sha256:" + "0" * 64])
    def test_nothing_else_is_consent(self, ca: str) -> None:
        assert read_problem(giving_up(without_pki(PAUSED), ca))[0] == "PKILost"
        assert read_problem(giving_up(with_other_pki(PAUSED), ca))[0] == "PKIInvalid"

    @pytest.mark.parametrize("damage", [without_pki, with_other_pki])
    def test_pods_with_the_previous_ca_go_first(self, damage: object) -> None:
        assert callable(damage)
        running = giving_up(damage(RUNNING), read_hash(RUNNING))
        assert read_problem(running)[1].count("pause the Vk8s, delete what is left of pods (m, w) (docs/") == 1
        paused = replace(running, spec=spec(paused=True))
        assert "give up the previous CA: delete what is left of pods (m, w) (docs/" in read_problem(paused)[1]
        assert "Pod/m" in names(paused.sync())

    def test_status_says_what_to_write(self) -> None:
        ca = read_hash(PAUSED)
        assert f"annotate it with {ACCEPT_CA_LOSS_ANNOTATION}={ca} (docs/" in read_problem(without_pki(PAUSED))[1]

    def test_ca_without_a_trace_is_called_unknown(self) -> None:
        world = without_pki(PAUSED).with_child("Secret.v1", JOIN, None).with_child("Secret.v1", KUBECONFIG, None)
        assert f"annotate it with {ACCEPT_CA_LOSS_ANNOTATION}=unknown (docs/" in read_problem(world)[1]
        assert f"Secret/{PKI}" in names(giving_up(world, "unknown").sync())

    @pytest.mark.parametrize("written", [{"token": "a"}, {}])
    def test_unreadable_join_secret_is_no_blocker(self, written: dict[str, str]) -> None:
        world = with_data(without_pki(PAUSED), JOIN, written)
        assert f"Secret/{PKI}" in names(giving_up(world, read_hash(PAUSED)).sync())


class TestTimesOfTheCa:
    """A CA of which the clock says that it can't be used now, or not for much longer."""

    def test_hooks_whose_clock_runs_in_local_time_make_one_that_can_be_used(self) -> None:
        ahead = replace(World(), context=replace(CONTEXT, now=NOW + timedelta(hours=14))).steps(3)
        world = replace(ahead, context=CONTEXT)
        assert read_problem(world)[0] == "AllObserved"
        assert answered(world, KUBECONFIG)["data"] == data_of(ahead, KUBECONFIG)

    def test_future_ca_is_reported_in_the_same_words_until_its_start(self) -> None:
        world = at(at(World(), 400).steps(3), 0)
        reason, message = read_problem(world)
        assert reason == "CANotYetValid"
        assert "2027-02-04T03:04:05Z" in message
        assert read_problem(at(world, 1)) == (reason, message), "a status that changes by itself is written forever"
        assert read_problem(at(world, 398))[0] == "AllObserved"
        assert at(world, 398 - 1 / 86400).sync().resync_after_seconds == 1
        assert answered(world, KUBECONFIG)["data"] == data_of(world, KUBECONFIG)

    @pytest.mark.parametrize(
        ("days", "is_warned", "reason"),
        [
            (3469, False, "AllObserved"),
            (3470, True, "AllObserved"),
            (3649, True, "AllObserved"),
            (3650, False, "CAExpired"),
            (9999, False, "CAExpired"),
        ],
    )
    def test_end_of_the_ca_is_reported_from_half_a_year_before(
        self,
        days: int,
        is_warned: bool,  # noqa: FBT001 a table
        reason: str,
    ) -> None:
        world = at(RUNNING, days)
        warning = "The CAs expire at 2035-12-31T03:04:05Z, and everything stops then"
        assert (warning in condition(world.sync(), "Accepted")["message"]) is is_warned
        assert read_problem(world)[0] == reason
        assert world.sync().status["certificatesExpire"]["ca"] == "2035-12-31T03:04:05Z"

    def test_message_after_its_end_has_it(self) -> None:
        assert "expired at 2035-12-31T03:04:05Z" in read_problem(at(RUNNING, 3651))[1]

    def test_next_call_comes_when_the_warning_is_due(self) -> None:
        renewed = apply(at(RUNNING, 3460))
        assert at(renewed, 3470 - 100 / 86400).sync().resync_after_seconds == 100


def test_secret_without_keys_of_the_cluster_does_not_show_that_it_has_lived() -> None:
    living = running_world(spec=spec(accessPodImage="x"))
    left = World(spec=living.spec).with_child("Secret.v1", "demo-ssh", living.children["Secret.v1"]["demo-ssh"])
    assert "Secret/demo-pki" in names(left.sync())


@pytest.mark.parametrize(
    "left", ["Pod.v1/m", "PersistentVolumeClaim.v1/m-state", "Secret.v1/demo-join", "Secret.v1/demo-kubeconfig"]
)
def test_cluster_that_has_lived_gets_no_second_ca(left: str) -> None:
    kind, name = left.split("/")
    living = running_world()
    world = World(status=living.status).with_child(kind, name, living.children[kind][name])
    answer = world.sync()
    assert "Secret/demo-pki" not in names(answer)
    assert f"{kind.split('.')[0]}/{name}" in names(answer)
    assert condition(answer, "ChildrenObserved")["reason"] == "PKILost"
