"""`restore`: the Vk8s that it creates, what it changes in one that exists, and what it refuses to do."""

import io
import json
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD
from kubectl_vk8s.problems import Exit
from tests.backups_world import BACKED_UP
from tests.backups_world import CLAIM as BACKUP
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import build_object, running
from tests.cli.test_change import GET, read_patch
from tests.unit.vk8s.plan.test_members import three_world
from tests.world import World, node, running_world, spec

ACCEPT = "vk8s.sktelecom.com/accept-state-loss"
READ_FILE = "create --dry-run=client --filename=demo.yaml --output=json"
READ_PLACE = "create --dry-run=client --filename=- --output=json"
CREATE = "create --filename=- --output=json"
RESTORED = {"snapshot": "5fd3658b", "time": "2026-01-02T02:00:02Z", "name": "demo"}
S3 = ("--s3-endpoint", "https://s3.example.com", "--s3-bucket", "backups", "--s3-credentials", "keys")


def in_store(vk8s: Manifest, **fields: object) -> Manifest:
    """The Vk8s with backups into a claim."""
    return {**vk8s, "spec": {**vk8s["spec"], "backup": BACKUP, **fields}}


def lose(world: World, *nodes: str) -> Manifest:
    """The Vk8s whose nodes have lost their volumes, as the hooks have seen it."""
    for name in nodes:
        world = world.with_child(POD, name, None).with_child(CLAIM, f"{name}-state", None)
    return build_object(world.step())


def lost(*nodes: str) -> Manifest:
    """One with backups whose nodes have lost their volumes."""
    return lose(running_world(spec=spec(backup=BACKUP), context=BACKED_UP).step(), *(nodes or ("m",)))


def restored(vk8s: Manifest) -> Manifest:
    """The same when it is Running with its snapshot."""
    status = {**running()["status"], "observedGeneration": vk8s["metadata"]["generation"], "restoredFrom": RESTORED}
    return {**vk8s, "status": status}


def give_up(vk8s: Manifest, claims: str) -> Manifest:
    """The same when its owner has given up these claims."""
    return {**vk8s, "metadata": {**vk8s["metadata"], "annotations": {ACCEPT: claims}}}


def wait_for_snapshot(vk8s: Manifest, name: str) -> Manifest:
    """The same when that node waits for a snapshot which it can't have."""
    failed = {"ready": False, "reason": "RestoreFailed"}
    nodes = [{**each, **failed} if each["name"] == name else each for each in vk8s["status"]["nodes"]]
    return {**vk8s, "status": {**vk8s["status"], "nodes": nodes}}


def with_no_pods() -> World:
    """The world in which the pods of two of three members are gone for the moment; their volumes are there."""
    world = three_world()
    for name in "ac":
        world = world.with_child(POD, name, None)
    return world


def read_created(kubectl: FakeKubectl) -> Manifest:
    created: Manifest = json.loads(kubectl.stdin)
    return created


@pytest.fixture
def absent(kubectl: FakeKubectl) -> FakeKubectl:
    """A host cluster that has what the snapshot is read with, and no Vk8s of the new name."""
    kubectl.refuse("get vk8s demo", "NotFound", 'vk8s.vk8s.sktelecom.com "demo" not found')
    kubectl.refuse("get vk8s back", "NotFound", 'vk8s.vk8s.sktelecom.com "back" not found')
    kubectl.answer("get PersistentVolumeClaim backups")
    return kubectl


def with_file(kubectl: FakeKubectl, vk8s: Manifest) -> None:
    """The file that a user has kept, and what is created from it."""
    kubectl.answer(READ_FILE, vk8s)
    kubectl.answer(CREATE, vk8s)


def test_vk8s_that_is_gone_is_created_from_its_manifest(absent: FakeKubectl, run: Run) -> None:
    noted = {"example.com/owner": "me", ACCEPT: "x", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
    kept = in_store(running(annotations=noted, labels={"team": "a"}), paused=True)
    with_file(absent, kept)
    ended = run("restore", "-f", "demo.yaml", "--no-wait")
    assert ended.code == Exit.DONE, ended.err
    assert "team-a/demo begins with the latest snapshot of team-a/demo, from claim backups." in ended.err
    created = read_created(absent)
    assert created["metadata"] == {
        "name": "demo", "namespace": "team-a", "labels": {"team": "a"}, "annotations": {"example.com/owner": "me"},
    }  # fmt: skip
    assert "status" not in created
    before = {key: value for key, value in kept["spec"].items() if key != "paused"}
    assert created["spec"] == {**before, "restoreFrom": {"claim": {"name": "backups"}}}


def test_another_name_and_snapshot_are_written_into_the_spec(absent: FakeKubectl, run: Run) -> None:
    with_file(absent, in_store(running()))
    assert run("restore", "team-b/back", "-f", "demo.yaml", "--snapshot", "5fd3658b", "--no-wait").code == Exit.DONE
    created = read_created(absent)
    assert created["metadata"] == {"name": "back", "namespace": "team-b"}
    assert created["spec"]["restoreFrom"] == {
        "snapshot": "5fd3658b", "name": "demo", "namespace": "team-a", "claim": {"name": "backups"},
    }  # fmt: skip


def test_options_replace_the_store_of_the_manifest(absent: FakeKubectl, run: Run) -> None:
    with_file(absent, in_store(running()))
    for kind in ("Secret keys", "Secret words", "ConfigMap ca"):
        absent.answer(f"get {kind}")
    more = ("--s3-prefix", "p", "--s3-region", "r", "--s3-ca", "ca", "--password-secret", "words")
    ended = run("restore", "-f", "demo.yaml", *S3, *more, "--of", "team-b/prod", "--no-wait")
    assert ended.code == Exit.DONE, ended.err
    assert "of team-b/prod, from bucket backups at https://s3.example.com." in ended.err
    assert read_created(absent)["spec"]["restoreFrom"] == {
        "name": "prod",
        "namespace": "team-b",
        "s3": {
            "endpoint": "https://s3.example.com",
            "bucket": "backups",
            "prefix": "p",
            "region": "r",
            "credentialsSecretRef": {"name": "keys"},
            "caConfigMapRef": {"name": "ca"},
        },
        "passwordSecretRef": {"name": "words"},
    }


def test_copy_of_a_living_vk8s_has_own_nodes_and_no_fixed_ports(kubectl: FakeKubectl, run: Run) -> None:
    nodes = [node("demo-master", "master"), node("w", "worker")]
    ports = [{"name": name, "port": port, "targetPort": port} for name, port in (("web", 30000), ("low", 8080))]
    living = in_store(running(), nodes=nodes, ports=ports, accessPodPort=30022)
    kubectl.refuse("get vk8s copy", "NotFound", 'vk8s.vk8s.sktelecom.com "copy" not found')
    kubectl.answer("get vk8s demo", living)
    kubectl.answer(READ_PLACE, {"metadata": {"namespace": "team-a"}})
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.answer(CREATE, living)
    ended = run("restore", "copy", "--of", "demo", "--no-wait")
    assert ended.code == Exit.DONE, ended.err
    assert "Without ports 30000 and accessPodPort, which demo has on the hosts." in ended.err
    assert "Without the volumes of a cold backup, as its nodes can't have the names of those of demo" in ended.err
    spec = read_created(kubectl)["spec"]
    assert [each["name"] for each in spec["nodes"]] == ["copy-master", "copy-w"]
    assert [port["port"] for port in spec["ports"]] == [8080]
    assert "accessPodPort" not in spec
    assert spec["restoreFrom"] == {"name": "demo", "claim": {"name": "backups"}}


def test_copy_in_another_namespace_keeps_the_names_of_nodes(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.refuse("--namespace=team-b get vk8s demo", "NotFound", 'vk8s.vk8s.sktelecom.com "demo" not found')
    kubectl.answer("--namespace=team-a get vk8s demo", in_store(running()))
    kubectl.answer("create --dry-run=client --filename=- --output=yaml", "kind: Vk8s")
    ended = run("restore", "team-b/demo", "--of", "team-a/demo", "--dry-run")
    assert (ended.code, ended.out) == (Exit.DONE, "kind: Vk8s\n")
    assert [each["name"] for each in read_created(kubectl)["spec"]["nodes"]] == ["m", "w"]
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.answer(CREATE, in_store(running()))
    assert "cold backup" not in run("restore", "team-b/demo", "--of", "team-a/demo", "--no-wait").err


def test_restore_waits_and_names_the_snapshot(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = in_store(running())
    with_file(kubectl, {**vk8s, "status": {}})
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.watch(restored(vk8s))
    kubectl.answer(GET, restored(vk8s))
    ended = run("restore", "-f", "demo.yaml", "--timeout", "30s")
    assert ended.code == Exit.DONE, ended.err
    assert ended.out.splitlines()[-1] == "It has the data of snapshot 5fd3658b, of 2026-01-02T02:00:02Z."


def test_restore_from_an_incomplete_cold_backup_says_what_is_missing(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = restored(in_store(running()))
    vk8s["status"]["restoredFrom"] = {**RESTORED, "volumes": "m", "missing": "1 of 2 nodes"}
    with_file(kubectl, {**vk8s, "status": {}})
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.watch(vk8s)
    kubectl.answer(GET, vk8s)
    ended = run("restore", "-f", "demo.yaml", "--timeout", "30s")
    assert "That cold backup was not completed: it has no volumes of 1 of 2 nodes." in ended.err


# In place


def test_loss_is_given_up_together_with_the_restore(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = lost()
    kubectl.answer(GET, vk8s)
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.answer("patch vk8s demo", vk8s)
    # The first that is seen is the failure of before.
    kubectl.watch(vk8s, restored(vk8s))
    ended = run("restore", "demo", "--yes", "--timeout", "30s")
    assert ended.code == Exit.DONE, ended.err
    assert "Given up: the lost volumes of m, and whatever was written after the snapshot." in ended.err
    test, field, no_annotations, annotations = read_patch(kubectl)
    assert test == {"op": "test", "path": "/metadata/uid", "value": vk8s["metadata"]["uid"]}
    assert (field["path"], field["value"]) == ("/spec/restoreFrom", {"claim": {"name": "backups"}})
    assert no_annotations == {"op": "test", "path": "/metadata/annotations", "value": None}
    assert annotations["value"] == {ACCEPT: "uid-of-m-state"}


def test_annotations_of_others_are_left_alone(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = lost()
    vk8s["metadata"]["annotations"] = {"vk8s.sktelecom.com/stopped": "true"}
    kubectl.answer(GET, vk8s)
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.answer("patch vk8s demo", vk8s)
    assert run("restore", "demo", "--yes", "--no-wait").code == Exit.DONE
    key = "/metadata/annotations/vk8s.sktelecom.com~1accept-state-loss"
    assert read_patch(kubectl)[2:] == [{"op": "add", "path": key, "value": "uid-of-m-state"}]


def test_vk8s_that_was_edited_during_the_question_is_not_restored(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, lost())
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.refuse("patch vk8s demo", "Invalid", "testing value /metadata/annotations failed: test failed")
    ended = run("restore", "demo", "--yes")
    assert ended.code == Exit.FAILED
    assert "Somebody has edited demo meanwhile" in ended.err


def test_loss_is_given_up_only_with_consent(kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    kubectl.answer(GET, lost("m", "w"))
    kubectl.answer("get PersistentVolumeClaim backups")
    ended = run("restore", "demo")
    assert ended.code == Exit.FAILED
    assert "the lost volumes of m, w" in ended.err
    assert not [call for call in kubectl.calls if "patch" in call]


def test_plan_of_a_restore_in_place_names_the_newest_snapshot(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = lost()
    last = {"snapshot": "5fd3658b", "lastSuccessTime": "2026-01-02T02:00:02Z", "size": 1}
    kubectl.answer(GET, {**vk8s, "status": {**vk8s["status"], "backup": last}})
    words = "team-a/demo begins again with the latest snapshot of team-a/demo, from claim backups (the last one known: "
    assert run("restore", "demo", "--dry-run").out.startswith(f"{words}5fd3658b, 2026-01-02T02:00:02Z).")


def test_node_that_waits_for_a_snapshot_gets_another_pod(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = wait_for_snapshot(in_store(running()), "m")
    kubectl.answer(GET, vk8s)
    kubectl.answer("get PersistentVolumeClaim other")
    kubectl.answer("patch vk8s demo", vk8s)
    kubectl.answer("delete pod m")
    assert run("restore", "demo", "--claim", "other", "--no-wait").code == Exit.DONE
    (_, field) = read_patch(kubectl)
    assert field["value"] == {"claim": {"name": "other"}}
    assert [call for call in kubectl.calls if "delete pod m" in call]


def test_worker_that_is_lost_as_well_is_not_given_up(kubectl: FakeKubectl, run: Run) -> None:
    """Its owner has given up the control-plane node, and written a snapshot that does not exist."""
    vk8s = wait_for_snapshot(give_up(lost("m", "w"), "uid-of-m-state"), "m")
    kubectl.answer(GET, vk8s)
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.answer("patch vk8s demo", vk8s)
    kubectl.answer("delete pod m")
    ended = run("restore", "demo", "--no-wait")
    assert ended.code == Exit.DONE, ended.err
    assert "Not given up: the lost volumes of w." in ended.err
    assert [each["path"] for each in read_patch(kubectl)] == ["/metadata/uid", "/spec/restoreFrom"]


def test_snapshot_that_none_of_several_has_is_replaced(kubectl: FakeKubectl, run: Run) -> None:
    """All volumes were given up, and the first node can't get the snapshot for which the others wait."""
    world = three_world()
    for name in "abc":
        world = world.with_child(POD, name, None).with_child(CLAIM, f"{name}-state", None)
    world = replace(world.step(), annotations={ACCEPT: "uid-of-a-state,uid-of-b-state,uid-of-c-state"})
    wanted = {**world.spec, "restoreFrom": {"claim": {"name": "backups"}}}
    world = replace(world, spec=wanted, context=BACKED_UP).steps(3)
    vk8s = wait_for_snapshot(build_object(world), "a")
    assert [each.get("member") for each in vk8s["status"]["nodes"]] == ["Joining", "Joining", "Joining", None]
    kubectl.answer(GET, vk8s)
    ended = run("restore", "demo", "--claim", "backups", "--dry-run")
    assert ended.out == "team-a/demo begins again with the latest snapshot of team-a/demo, from claim backups.\n", (
        ended.err
    )


@pytest.mark.parametrize(
    "vk8s",
    [
        pytest.param(in_store(running()), id="has its data"),
        pytest.param(lost("w"), id="a worker lost its data"),
        pytest.param(lose(three_world().step(), "a"), id="two members have the data"),
        pytest.param(lose(three_world().step(), "a", "b"), id="one member has the data"),
        pytest.param(wait_for_snapshot(build_object(three_world()), "b"), id="a new member has no volumes"),
        pytest.param(wait_for_snapshot(build_object(with_no_pods()), "b"), id="the other members are down"),
    ],
)
def test_data_that_is_there_is_never_replaced(kubectl: FakeKubectl, run: Run, vk8s: Manifest) -> None:
    kubectl.answer(GET, vk8s)
    ended = run("restore", "demo", "--claim", "backups", "--yes")
    assert ended.code == Exit.USAGE
    assert "a snapshot never replaces data that is there" in ended.err
    assert "kubectl vk8s restore demo-restored --of demo --namespace team-a" in ended.err
    assert not [call for call in kubectl.calls if "patch" in call]


def test_all_members_that_lost_their_data_are_given_up_at_once(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, lose(three_world().step(), "a", "b", "c"))
    ended = run("restore", "demo", "--claim", "backups", "--dry-run")
    assert "Given up: the lost volumes of a, b, c," in ended.out, ended.err


# What is refused


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("demo",), Exit.NOT_FOUND, "There is no Vk8s demo. To create it, write -f FILE with its manifest"),
        (("back", "--of", "demo"), Exit.NOT_FOUND, "Neither back nor demo exists. To create it, write -f FILE"),
        (("--of", "demo"), Exit.USAGE, "Write the name of the new virtual cluster."),
        (("-f", "demo.yaml"), Exit.USAGE, "Where are the snapshots? Write --claim NAME; or --s3-endpoint URL"),
        (("-f", "demo.yaml", "--claim", "x", *S3), Exit.USAGE, "Write either --claim or the options of S3."),
        (("-f", "demo.yaml", "--s3-bucket", "x"), Exit.USAGE, "needs --s3-endpoint, --s3-bucket and --s3-credentials"),
        (("-f", "other.yaml"), Exit.USAGE, "other.yaml has no Vk8s, but a ConfigMap."),
        (("-f", "several.yaml"), Exit.FAILED, "several.yaml has several objects: write the Vk8s in a file of its own."),
        (("-f", "demo.yaml", "--claim", "gone"), Exit.NOT_FOUND, "has no PersistentVolumeClaim gone, which the snap"),
        (("-f", "demo.yaml", "--claim", "backups"), Exit.FAILED, "team-a/demo exists. Leave out -f to restore it in"),
    ],
)
def test_restore_that_can_not_work_is_refused(
    absent: FakeKubectl, run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    absent.answer(READ_FILE, running())
    absent.answer("--filename=other.yaml", {"kind": "ConfigMap"})
    absent.answer("--filename=several.yaml", '{"kind": "Vk8s"}\n{"kind": "Secret"}')
    absent.refuse("get PersistentVolumeClaim gone", "NotFound", 'persistentvolumeclaims "gone" not found')
    absent.refuse(CREATE, "AlreadyExists", 'vk8s "demo" already exists')
    ended = run("restore", *arguments, "--no-wait")
    assert ended.code == code, ended.err
    assert words in ended.err


def test_secret_that_may_not_be_read_counts_as_there(absent: FakeKubectl, run: Run) -> None:
    with_file(absent, running())
    absent.refuse("get Secret", "Forbidden", "secrets is forbidden")
    assert run("restore", "-f", "demo.yaml", *S3, "--no-wait").code == Exit.DONE


@pytest.mark.parametrize("arguments", [("demo",), ("back", "--of", "demo"), ("-f", "demo.yaml", "--claim", "backups")])
def test_refusal_of_the_api_server_is_passed_on(kubectl: FakeKubectl, run: Run, arguments: tuple[str, ...]) -> None:
    kubectl.refuse("get vk8s back", "NotFound", 'vk8s.vk8s.sktelecom.com "back" not found')
    kubectl.refuse("get vk8s demo", "Forbidden", "you may not look at it")
    kubectl.answer(READ_FILE, running())
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.refuse(CREATE, "Forbidden", "you may not look at it")
    ended = run("restore", *arguments, "--no-wait")
    assert ended.code == Exit.FAILED
    assert "you may not look at it" in ended.err
