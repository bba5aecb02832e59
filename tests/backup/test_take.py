"""What a successful backup leaves: a snapshot that can be restored, what it says of itself, and no more than asked."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.backup.certificates import build_material
from tests.backup.processes import ABOUT, Backup, Etcd, run_s3

OTHER_UID = {**ABOUT, "uid": "22222222-2222-2222-2222-222222222222"}


def get_repository(backup: Backup) -> str:
    arguments = backup.arguments
    if "directory" in arguments:
        return f"{arguments['directory']}/team-a/demo"
    return f"s3:{arguments['s3-endpoint']}/{arguments['s3-bucket']}/{arguments['s3-prefix']}/team-a/demo"


def restore(backup: Backup, snapshot: str, password: str = "") -> Path:
    """The file etcd.db of a snapshot, as a user gets it."""
    path = backup.directory / "restored.db"
    path.write_bytes(backup.run_restic(get_repository(backup), "dump", snapshot, "/etcd.db", password=password))
    return path


def read_description(backup: Backup, snapshot: str, password: str = "") -> dict[str, object]:
    text = backup.run_restic(get_repository(backup), "dump", snapshot, "/meta.json", password=password)
    found: dict[str, object] = json.loads(text)
    return found


def test_snapshot_has_every_key_that_was_acknowledged_before(backup: Backup, etcd: Etcd, etcdutl: Path) -> None:
    etcd.run("put", "acknowledged", "yes")
    path = restore(backup, backup.take().snapshot)
    data = backup.directory / "data"
    subprocess.run([etcdutl, "snapshot", "restore", path, "--data-dir", data], capture_output=True, check=True)
    dumped = subprocess.run([etcdutl, "hashkv", data / "member" / "snap" / "db"], capture_output=True, check=True)
    assert dumped.stdout
    assert b"acknowledged" in (data / "member" / "snap" / "db").read_bytes()


def test_snapshot_says_what_a_restore_must_know(backup: Backup, etcdutl: Path) -> None:
    ended = backup.take()
    found = read_description(backup, ended.snapshot)
    text = subprocess.run(
        [etcdutl, "snapshot", "status", restore(backup, ended.snapshot), "--write-out=json"],
        capture_output=True,
        check=True,
    ).stdout
    status = json.loads(text)
    assert {key: found[key] for key in ABOUT} == ABOUT
    assert (found["format"], found["etcdVersion"], found["encrypted"]) == (1, "3.6.0", False)
    assert (found["revision"], found["keys"]) == (status["revision"], status["totalKey"])
    assert int(str(found["hash"]), 16) == status["hash"]
    assert ended.result == {
        "snapshot": ended.snapshot,
        "time": found["time"],
        "size": found["size"],
        "revision": found["revision"],
        "encrypted": False,
    }


def test_oldest_snapshots_are_removed_and_those_of_another_uid_stay(backup: Backup) -> None:
    previous = replace(backup, about=OTHER_UID).take().snapshot
    taken = [backup.take(keep=2).snapshot for _ in range(3)]
    assert backup.list_snapshots(get_repository(backup)) == [previous, *taken[1:]]


def test_snapshot_in_a_bucket_can_be_read_with_the_password_alone(s3_backup: Backup, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    ended = s3_backup.take(password_file=password)
    assert ended.result["encrypted"] is True
    description = read_description(s3_backup, ended.snapshot, "correct horse")
    assert description["encrypted"] is True
    assert b"demo" not in b"".join(path.read_bytes() for path in tmp_path.glob("s3/**/data/**/*") if path.is_file())


@pytest.mark.nightly("tests/backup/test_take.py::test_snapshot_in_a_bucket_can_be_read_with_the_password_alone")
def test_server_with_a_ca_of_its_own_is_trusted_by_that_ca(
    s3_backup: Backup, s3_program: Path, buckets: Path, tmp_path: Path
) -> None:
    tls = build_material(tmp_path / "tls", bytes(32))
    with run_s3(s3_program, buckets, tls) as url:
        assert s3_backup.take(s3_endpoint=url, s3_ca=tls.directory / "ca.crt").snapshot
        refused = s3_backup.take(s3_endpoint=url).error
    assert "the certificate of the server is not trusted: spec.backup.s3.caConfigMapRef names its CA" in refused


@pytest.mark.nightly("tests/backup/test_take.py::test_oldest_snapshots_are_removed_and_those_of_another_uid_stay")
def test_backup_that_can_not_remove_old_snapshots_is_a_success(backup: Backup) -> None:
    backup.take()
    repository, programs = get_repository(backup), backup.programs
    command = [str(programs / "restic"), "--insecure-no-password", "--no-cache", "-r", repository, "backup", "--stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as other:
        while not list(Path(repository, "locks").iterdir()):
            assert other.poll() is None
        ended = backup.take(lock_timeout="1s")
        assert other.stdin
        other.stdin.close()
    assert ended.snapshot
    assert ended.result["note"] == (
        "old snapshots were not removed, as another backup uses the repository; the next one removes them"
    )
