"""CronJob and Job of backups: when they run, what they may, and what the program is given."""

import json
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.backup_jobs import build_backup_cron_job, build_backup_job
from hooks.vk8s.spec.model import BackupSpec
from tests.backups_world import CLAIM, IMAGE, REQUEST, S3
from tests.world import UID, World, spec

PASSWORD = {"passwordSecretRef": {"name": "secrets", "key": "restic"}}
FULL_S3 = {**S3, "prefix": "a/b", "region": "eu", "caConfigMapRef": {"name": "ca", "key": "root.pem"}}


def build(backup: Manifest = CLAIM, **fields: Any) -> Manifest:
    """The CronJob."""
    cluster = World(spec=spec(backup=backup)).cluster
    return build_backup_cron_job(cluster, BackupSpec.model_validate(backup), IMAGE, **{"suspend": False, **fields})


def get_pod(cron_job: Manifest) -> Manifest:
    pod: Manifest = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return pod


def list_arguments(cron_job: Manifest) -> list[str]:
    (container,) = get_pod(cron_job)["containers"]
    return [argument for argument in container["args"] if not argument.startswith("--about")]


def test_backups_never_overlap_and_are_retried_twice() -> None:
    found = build({**CLAIM, "schedule": "0 3 * * *", "timeZone": "Asia/Seoul"})["spec"]
    assert (found["schedule"], found["timeZone"], found["concurrencyPolicy"]) == ("0 3 * * *", "Asia/Seoul", "Forbid")
    assert (found["suspend"], found["jobTemplate"]["spec"]["backoffLimit"]) == (False, 2)
    # The API server takes a time zone that is empty for one that is unknown.
    assert "timeZone" not in build()["spec"]


def test_cron_job_can_be_suspended() -> None:
    assert build(suspend=True)["spec"]["suspend"] is True


def test_pod_that_has_failed_stays_with_its_message() -> None:
    assert get_pod(build())["restartPolicy"] == "Never"


def test_pod_may_write_into_its_own_directory_and_the_claim() -> None:
    pod = get_pod(build())
    (container,) = pod["containers"]
    assert [each["name"] for each in container["volumeMounts"] if not each.get("readOnly")] == ["run", "claim"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod["securityContext"]["runAsUser"] == 65534
    assert {"name": "claim", "persistentVolumeClaim": {"claimName": "backups"}} in pod["volumes"]


def test_program_knows_whose_snapshot_it_is() -> None:
    (container,) = get_pod(build())["containers"]
    (about,) = (argument for argument in container["args"] if argument.startswith("--about="))
    assert json.loads(about.removeprefix("--about=")) == {
        "name": "demo",
        "namespace": "team-a",
        "uid": UID,
        "podNetworkCidr": "198.18.0.0/16",
        "serviceCidr": "198.19.0.0/16",
        "clusterDomain": "cluster.local",
    }


def test_program_knows_where_snapshots_go() -> None:
    common = ["--kubeconfig=/vk8s/kubeconfig/config", "--etcd-credentials=/vk8s/etcd"]
    rest = ["--keep=3", "--work=/run/vk8s", "--timeout=20m"]
    assert list_arguments(build({**CLAIM, "keep": 3})) == [*common, "--directory=/vk8s/claim", *rest]
    s3 = ["--s3-endpoint=https://s3.example.com", "--s3-bucket=backups"]
    keys = ["--s3-credentials=/vk8s/s3"]
    assert list_arguments(build({"schedule": "@daily", "keep": 3, "s3": S3})) == [*common, *s3, *keys, *rest]
    more = ["--s3-prefix=a/b", "--s3-region=eu", *keys, "--s3-ca=/vk8s/s3-ca/ca.crt"]
    password = ["--password-file=/vk8s/password/password"]
    assert list_arguments(build({"schedule": "@daily", "keep": 3, "s3": FULL_S3, **PASSWORD})) == [
        *common, *s3, *more, *password, *rest
    ]  # fmt: skip


def test_volumes_of_the_owner_are_optional_so_that_the_program_can_name_them() -> None:
    volumes = {
        each["name"]: each for each in get_pod(build({"schedule": "@daily", "s3": FULL_S3, **PASSWORD}))["volumes"]
    }
    assert volumes["s3"] == {"name": "s3", "secret": {"secretName": "keys", "defaultMode": 0o440, "optional": True}}
    ca = {"name": "ca", "items": [{"key": "root.pem", "path": "ca.crt"}], "defaultMode": 0o440, "optional": True}
    assert volumes["s3-ca"]["configMap"] == ca
    password = {"secretName": "secrets", "items": [{"key": "restic", "path": "password"}], "defaultMode": 0o440}
    assert volumes["password"]["secret"] == {**password, "optional": True}
    assert "claim" not in volumes


def test_job_on_request_is_the_same_and_says_for_which_request_it_is() -> None:
    cluster = World(spec=spec(backup=CLAIM), annotations={REQUEST: "one"}).cluster
    job = build_backup_job(cluster, BackupSpec.model_validate(CLAIM), IMAGE, {REQUEST: "one"})
    assert job["metadata"]["annotations"] == {REQUEST: "one"}
    template = job["spec"]["template"]
    assert template["metadata"]["annotations"] == {"linkerd.io/inject": "disabled", REQUEST: "one"}
    assert template["spec"] == get_pod(build())
