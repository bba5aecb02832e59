"""`snapshots`: the pod that lists them, what is read from it, and how it says that they can't be listed."""

import json

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.snapshot_store import StoreAccess
from hooks.vk8s.spec.model import RestoreSpec
from kubectl_vk8s.listing import Listing, build_pod
from kubectl_vk8s.problems import Exit
from kubectl_vk8s.restoring import Place
from tests.backups_world import IMAGE
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import running
from tests.cli.test_change import GET
from tests.cli.test_restore import READ_PLACE, S3, in_store

SUMMARY = {"total_bytes_processed": 4404019}
FOUND = [
    {"short_id": "11111111", "time": "2026-01-02T02:00:02.123456789Z", "summary": SUMMARY},
    {"short_id": "22222222", "time": "2026-01-03T02:00:02.123456789Z"},
]
POD = {"metadata": {"name": "vk8s-snapshots-x"}}
STORE = {
    "s3": {
        "endpoint": "https://s3.example.com/",
        "bucket": "backups",
        "prefix": "p",
        "region": "r",
        "credentialsSecretRef": {"name": "keys"},
        "caConfigMapRef": {"name": "ca", "key": "own.crt"},
    },
    "passwordSecretRef": {"name": "keys", "key": "word"},
}


def end(kubectl: FakeKubectl, phase: str, said: str) -> None:
    """The pod ends like this."""
    kubectl.answer(
        "get cronjob", {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": IMAGE}]}}}}}}
    )
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.answer("create --filename=- --output=json", POD)
    kubectl.watch({**POD, "status": {"phase": "Pending"}}, {**POD, "status": {"phase": phase, "message": "it is late"}})
    kubectl.answer("logs vk8s-snapshots-x", said)
    kubectl.answer("delete pod vk8s-snapshots-x")


def test_newest_snapshot_comes_first(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, in_store(running()))
    end(kubectl, "Succeeded", f"{json.dumps(FOUND)}\n")
    ended = run("snapshots", "demo")
    assert ended.code == Exit.DONE, ended.err
    assert [line.split() for line in ended.out.splitlines()] == [
        ["SNAPSHOT", "TAKEN", "SIZE"],
        ["22222222", "2026-01-03T02:00:02Z"],
        ["11111111", "2026-01-02T02:00:02Z", "4.2", "MiB"],
    ]
    container = json.loads(kubectl.stdin)["spec"]["containers"][0]
    assert container["image"] == IMAGE
    assert {"name": "RESTIC_REPOSITORY", "value": "/vk8s/claim/team-a/demo"} in container["env"]
    # Nothing of it stays.
    assert [call for call in kubectl.calls if "delete pod vk8s-snapshots-x" in call]


def test_snapshots_are_given_to_programs(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, in_store(running()))
    end(kubectl, "Succeeded", json.dumps(FOUND[:1]))
    found = run("snapshots", "demo", "-o", "json").json
    assert found == [{"name": "11111111", "time": "2026-01-02T02:00:02Z", "size": 4404019}]


def test_empty_repository_is_no_failure(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, in_store(running()))
    end(kubectl, "Succeeded", "[]")
    ended = run("snapshots", "demo")
    assert (ended.code, ended.err) == (Exit.DONE, "There is no snapshot of team-a/demo in claim backups.\n")


def test_snapshots_of_a_vk8s_that_is_gone_are_listed(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.refuse("get vk8s gone", "NotFound", 'vk8s.vk8s.sktelecom.com "gone" not found')
    kubectl.answer(READ_PLACE, {"metadata": {"namespace": "team-b"}})
    kubectl.refuse("get cronjob", "Forbidden", "no")
    kubectl.answer("get configmap vk8s-defaults", {"data": {"registry": "registry.example.com"}})
    end(kubectl, "Succeeded", "[]")
    assert run("snapshots", "gone", "--claim", "backups").code == Exit.DONE
    assert json.loads(kubectl.stdin)["spec"]["containers"][0]["image"] == IMAGE


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('{"message_type":"exit_error","code":12,"message":"Fatal: wrong password"}', "Fatal: wrong password"),
        ("Fatal: Stat: Access Denied\n", "Fatal: Stat: Access Denied"),
        ("3", "3"),
        ("", "it is late"),
    ],
)
def test_reason_is_shown(kubectl: FakeKubectl, run: Run, said: str, words: str) -> None:
    kubectl.answer(GET, in_store(running()))
    end(kubectl, "Failed", said)
    ended = run("snapshots", "demo")
    assert ended.code == Exit.FAILED
    assert ended.err == f"error: The snapshots can't be listed: {words}\n"


def test_pod_that_does_not_end_in_time_says_what_it_waits_for(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, in_store(running()))
    end(kubectl, "Pending", "")
    ended = run("snapshots", "demo", "--timeout", "1s")
    assert ended.err == "error: After 1 s, the snapshots are not listed: it is late\n"
    assert [call for call in kubectl.calls if "delete pod" in call]


def test_image_that_nobody_knows_is_asked_for(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, in_store(running()))
    kubectl.answer("get PersistentVolumeClaim backups")
    kubectl.refuse("get cronjob", "NotFound", "cronjobs not found")
    kubectl.refuse("get configmap vk8s-defaults", "NotFound", "configmaps not found")
    ended = run("snapshots", "demo")
    assert ended.code == Exit.USAGE
    assert "Which image has restic? Write --image" in ended.err


def test_refusal_of_the_api_server_is_passed_on(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.refuse("get vk8s demo", "Forbidden", "you may not look at it")
    assert "you may not look at it" in run("snapshots", "demo", *S3).err


@pytest.mark.parametrize(
    "store", [STORE, {"claim": {"name": "backups"}}, {**STORE, "passwordSecretRef": {"name": "x"}}]
)
def test_pod_finds_what_the_pods_of_the_hooks_find(store: Manifest) -> None:
    """The hooks hand over files, and this pod has variables; both lead to the same objects and keys."""
    ours = build_pod(Listing(Place("team-a", "demo"), store, IMAGE), 60)["spec"]
    theirs = StoreAccess(RestoreSpec.model_validate(store)).build_volumes()
    (container,) = ours["containers"]
    keys = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each]
    assert {each["name"] for each in keys} == {each["secret"]["secretName"] for each in theirs if "secret" in each}
    assert [each["key"] for each in keys][2:] == [
        item["key"] for each in theirs for item in each.get("secret", {}).get("items", [])
    ]
    assert [each.get("persistentVolumeClaim") for each in ours["volumes"]] == [
        each.get("persistentVolumeClaim") for each in theirs if "secret" not in each
    ]
    assert [each["configMap"]["items"] for each in ours["volumes"] if "configMap" in each] == [
        each["configMap"]["items"] for each in theirs if "configMap" in each
    ]


def test_pod_has_the_options_of_a_bucket() -> None:
    (container,) = build_pod(Listing(Place("team-a", "demo"), STORE, IMAGE), 60)["spec"]["containers"]
    assert container["args"] == ["--option=s3.region=r", "--cacert=/vk8s/s3-ca/ca.crt"]
    assert container["env"][0]["value"] == "s3:https://s3.example.com/backups/p/team-a/demo"
