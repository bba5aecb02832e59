"""What is said when a backup can't be taken: one line each, in words of the owner's spec. Nothing there is changed."""

import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.backup.certificates import build_material
from tests.backup.processes import Backup, choose_port
from tests.backup.test_take import get_repository


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_wrong_password_is_named_and_nothing_is_overwritten(backup: Backup, tmp_path: Path) -> None:
    first, second = write(tmp_path / "first", "one"), write(tmp_path / "second", "two")
    kept = backup.take(password_file=first).snapshot
    assert backup.take(password_file=second).error.startswith(
        "the claim: the password is not the one with which the repository was created"
    )
    backup.run_restic(get_repository(backup), "snapshots", kept, password="one")


@pytest.mark.nightly("tests/images/test_go.py")
def test_password_that_is_not_in_its_secret_is_named(backup: Backup, tmp_path: Path) -> None:
    for path in (tmp_path / "missing", write(tmp_path / "empty", "\n")):
        assert backup.take(password_file=path).error == (
            "the Secret of spec.backup.passwordSecretRef, or its key, is missing or empty"
        )


@pytest.mark.nightly("tests/images/test_go.py")
def test_server_that_is_away_is_named(s3_backup: Backup) -> None:
    url = f"http://127.0.0.1:{choose_port()}"
    assert s3_backup.take(s3_endpoint=url).error.startswith(f"bucket backups at {url}: the server does not answer (")


@pytest.mark.nightly("tests/images/test_go.py")
@pytest.mark.parametrize("key", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_named(s3_backup: Backup, keys: Path, key: str) -> None:
    (keys / key).write_text("another")
    assert ": the server rejects the credentials, or they have no right to read" in s3_backup.take().error


@pytest.mark.nightly("tests/images/test_go.py")
def test_missing_credentials_are_named(s3_backup: Backup, keys: Path) -> None:
    (keys / "AWS_SECRET_ACCESS_KEY").unlink()
    assert s3_backup.take().error == (
        "the Secret of spec.backup.s3.credentialsSecretRef has no key AWS_SECRET_ACCESS_KEY, or does not exist"
    )


@pytest.mark.nightly("tests/images/test_go.py")
def test_bucket_that_does_not_exist_is_created(s3_backup: Backup, buckets: Path) -> None:
    assert s3_backup.take(s3_bucket="other").snapshot
    assert (buckets / "other").is_dir()


@pytest.mark.nightly("tests/images/test_go.py")
def test_full_claim_is_named(backup: Backup, tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=64k tmpfs {tmp_path}/claim && exec "$@"'
    ended = backup.take(within=["unshare", "--mount", "sh", "-c", mount, "sh"])
    assert ended.error.startswith("the claim: it has no room left (")


def flip(path: Path) -> None:
    """A bit in each 4 KiB: the next snapshot doesn't share all of the data, and one bit may be where it doesn't."""
    content = bytearray(path.read_bytes())
    for offset in range(0, len(content), 4096):
        content[offset] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink], ids=["flipped", "cut off", "gone"])
def test_damaged_data_in_the_target_is_no_success(backup: Backup, damage: Callable[[Path], None]) -> None:
    backup.take()
    packs = [path for path in Path(get_repository(backup), "data").rglob("*") if path.is_file()]
    damage(max(packs, key=lambda path: path.stat().st_size))
    assert "the data there is damaged: write another prefix or claim" in backup.take().error


def test_etcd_that_is_away_is_named(backup: Backup) -> None:
    assert backup.take(etcd=f"https://127.0.0.1:{choose_port()}").error.startswith("etcd does not answer: ")


@pytest.mark.nightly("tests/images/test_go.py")
def test_etcd_of_another_authority_is_not_trusted(backup: Backup, credentials: Path, tmp_path: Path) -> None:
    other = build_material(tmp_path / "other", bytes(32))
    files = tmp_path / "mixed"
    files.mkdir()
    for name in ("tls.crt", "tls.key"):
        (files / name).write_bytes((credentials / name).read_bytes())
    (files / "ca.crt").write_bytes((other.directory / "ca.crt").read_bytes())
    assert "x509: certificate signed by unknown authority" in backup.take(etcd_credentials=files).error


@pytest.mark.nightly("tests/images/test_go.py")
def test_backup_that_is_ended_says_so(backup: Backup, tmp_path: Path) -> None:
    script = write(tmp_path / "restic", "#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o755)
    with subprocess.Popen(backup.build_command(restic=script), stderr=subprocess.DEVNULL) as process:
        while not list_children(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 1
    assert (tmp_path / "termination").read_text() == '{"error":"the pod was ended before the backup was complete"}'


@pytest.mark.nightly("tests/images/test_go.py")
def test_backup_that_takes_too_long_says_how_long(backup: Backup, tmp_path: Path) -> None:
    script = write(tmp_path / "restic", "#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o755)
    assert backup.take(restic=script, timeout="1s").error.startswith("not complete after 1s: ")


def list_children(pid: int) -> Sequence[str]:
    """Go starts processes from any of its threads."""
    return [child for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
