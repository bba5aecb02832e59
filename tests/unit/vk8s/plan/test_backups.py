"""Which children backups have, when they run, and that each request of the owner is done once."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.vk8s.keys.pki import encode_data
from hooks.vk8s.observed.children import CRON_JOB, JOB, SECRET
from hooks.wire import CustomizeRequest
from tests.backups_world import (
    BACKED_UP,
    CLAIM,
    COMPLETE,
    FAILED,
    NAME,
    REQUEST,
    STORED,
    backed_up,
    pod,
    read_condition,
    requesting,
    with_job,
    with_pods,
)
from tests.world import World, get_child, names, running_world, spec


def get_cron_job(world: World) -> Manifest:
    (found,) = (child for child in world.sync().children if child["kind"] == "CronJob")
    return found


def test_vk8s_without_backups_has_the_same_answer_as_before() -> None:
    world = running_world(context=BACKED_UP)
    assert world.sync() == running_world().sync()


def test_certificate_comes_first_then_the_cron_job() -> None:
    world = running_world(context=BACKED_UP)
    first = replace(world, spec=spec(backup=CLAIM))
    assert set(names(first.sync())) - set(names(world.sync())) == {f"Secret/{NAME}"}
    assert set(names(first.step().sync())) - set(names(first.sync())) == {f"CronJob/{NAME}"}


def test_no_key_of_a_ca_is_in_its_secret() -> None:
    world = backed_up()
    pki, own = (world.children[SECRET][name]["data"] for name in ("demo-pki", NAME))
    assert own["ca.crt"] == pki["etcd-ca.crt"]
    assert not set(own.values()) & {content for name, content in pki.items() if name.endswith(".key")}


def test_certificate_stays_until_it_is_due_and_is_then_renewed() -> None:
    world = backed_up()
    before = world.children[SECRET][NAME]["data"]
    assert get_child(world.sync(), "demo-pki")
    later = replace(world, context=replace(BACKED_UP, now=BACKED_UP.now + timedelta(days=336), entropy=bytes(32)))
    assert read_secret(world) == before
    assert read_secret(later) != before
    assert read_secret(later)["ca.crt"] == before["ca.crt"]


def read_secret(world: World) -> Manifest:
    (secret,) = (
        child for child in world.sync().children if child["kind"] == "Secret" and child["metadata"]["name"] == NAME
    )
    data: Manifest = secret["data"]
    return data


def test_backups_are_suspended_in_a_pause_and_before_the_first_data() -> None:
    world = backed_up()
    assert get_cron_job(world)["spec"]["suspend"] is False
    assert get_cron_job(replace(world, spec=spec(backup=CLAIM, paused=True)))["spec"]["suspend"] is True
    new = World(spec=spec(backup=CLAIM), context=BACKED_UP).steps(4)
    assert get_cron_job(new)["spec"]["suspend"] is True
    assert get_cron_job(new.with_ready_pods())["spec"]["suspend"] is False


def test_backups_are_tried_while_no_control_plane_node_is_ready() -> None:
    world = backed_up().with_pod_status("m", {"phase": "Running"})
    assert get_cron_job(world)["spec"]["suspend"] is False


def test_cron_job_is_suspended_while_its_certificate_is_missing() -> None:
    assert get_cron_job(backed_up().with_child(SECRET, NAME, None))["spec"]["suspend"] is True


def test_cron_job_that_no_composite_controller_lists_is_not_returned() -> None:
    world = backed_up()
    older = replace(world, children={kind: group for kind, group in world.children.items() if kind != CRON_JOB})
    assert f"CronJob/{NAME}" not in names(older.sync())
    accepted = older.sync().status["conditions"][0]
    assert "backup has no effect: the CompositeController does not list CronJobs" in accepted["message"]


def test_everything_goes_with_the_field_and_nothing_else() -> None:
    world = with_job(requesting(), COMPLETE)
    gone = set(names(world.sync())) - set(names(replace(world, spec=spec()).sync()))
    assert gone == {f"CronJob/{NAME}", f"Job/{NAME}", f"Secret/{NAME}"}


def test_without_an_image_nothing_changes_and_the_status_says_why() -> None:
    world = replace(backed_up(), context=replace(BACKED_UP, settings=Settings()))
    assert f"CronJob/{NAME}" in names(world.sync())
    assert read_condition(world) == (
        "False",
        "BackupImageNotSet",
        "spec.backup has no effect: the hooks need VK8S_SETTING_BACKUP_IMAGE, the image that takes backups.",
    )


def test_ca_that_the_hooks_can_not_sign_with_is_named() -> None:
    world = backed_up()
    pki = world.children[SECRET]["demo-pki"]
    restored = {**pki, "data": {**pki["data"], **build_rsa_authority(pki)}}
    status, reason, message = read_condition(world.with_child(SECRET, "demo-pki", restored))
    assert (status, reason) == ("False", "BackupKeyInvalid")
    assert message.startswith("etcd-ca.key in Secret demo-pki is not an ECDSA key")


def build_rsa_authority(pki: Manifest) -> Manifest:
    """A CA of etcd as kubeadm makes it by default."""
    key = rsa.generate_private_key(65537, 2048)
    old = x509.load_pem_x509_certificate(b64decode(pki["data"]["etcd-ca.crt"]))
    cert = (
        x509.CertificateBuilder()
        .serial_number(1)
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
        .subject_name(old.subject)
        .issuer_name(old.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(encoding, form, serialization.NoEncryption())
    return encode_data({"etcd-ca.crt": cert.public_bytes(encoding), "etcd-ca.key": private})


def test_pods_of_backups_are_asked_for_only_with_the_field_and_an_image() -> None:
    def ask(backup: object, settings: Settings = BACKED_UP.settings) -> list[Manifest]:
        parent = World(spec=spec(backup=backup)).parent()
        return decide_customize(CustomizeRequest.model_validate({"parent": parent}), settings).related_resources

    labels = {"vk8s.sktelecom.com/vk8s": "demo", "vk8s.sktelecom.com/component": "backup"}
    rule = {"apiVersion": "v1", "resource": "pods", "namespace": "team-a", "labelSelector": {"matchLabels": labels}}
    assert ask(CLAIM) == [rule]
    assert ask(None) == ask(CLAIM, Settings()) == []
    broken = {**World().parent(), "spec": "text"}
    request = CustomizeRequest.model_validate({"parent": broken})
    assert decide_customize(request, BACKED_UP.settings).related_resources == []


def test_request_is_done_once_even_if_its_job_is_deleted() -> None:
    world = requesting()
    assert world.status["backup"]["request"] == {"value": "one", "phase": "Running"}
    done = with_pods(with_job(world, COMPLETE), pod(STORED, request="one")).step()
    assert f"Job/{NAME}" in names(done.sync())
    deleted = with_pods(done.with_child(JOB, NAME, None))
    assert f"Job/{NAME}" not in names(deleted.sync())


def test_request_whose_job_is_deleted_before_its_end_is_done_again() -> None:
    assert f"Job/{NAME}" in names(requesting().with_child(JOB, NAME, None).sync())


@pytest.mark.parametrize("end", [COMPLETE, FAILED], ids=["complete", "failed"])
def test_another_value_replaces_the_job_that_has_ended(end: Manifest) -> None:
    world = replace(with_job(requesting(), end), annotations={REQUEST: "two"})
    assert f"Job/{NAME}" not in names(world.sync())
    assert get_job(world.step())["metadata"]["annotations"][REQUEST] == "two"


def get_job(world: World) -> Manifest:
    (job,) = (child for child in world.sync().children if child["kind"] == "Job")
    return job


def test_another_value_waits_for_the_job_that_runs() -> None:
    world = replace(requesting(), annotations={REQUEST: "two"})
    assert get_job(world)["metadata"]["annotations"][REQUEST] == "one"


def test_job_that_is_being_deleted_is_waited_for() -> None:
    world = replace(with_job(requesting(), COMPLETE).with_deleted(JOB, NAME), annotations={REQUEST: "two"})
    assert f"Job/{NAME}" in names(world.sync())


def test_request_waits_for_the_end_of_a_pause() -> None:
    world = replace(backed_up(), annotations={REQUEST: "one"}, spec=spec(backup=CLAIM, paused=True))
    assert f"Job/{NAME}" not in names(world.sync())
    assert world.sync().status["backup"]["request"] == {"value": "one", "phase": "Running"}
