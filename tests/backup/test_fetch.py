"""How a snapshot gets to the volume of a node that is restored from it: complete, or not at all."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.backup.processes import ABOUT, Backup, Ended, choose_port
from tests.backup.test_refusals import cut, flip
from tests.backup.test_take import get_repository

# What the hooks know of the Vk8s whose snapshot it is.
SOURCE = {"name": ABOUT["name"], "namespace": ABOUT["namespace"]}


@dataclass(frozen=True)
class Node:
    """The state volume of a node, and what fetches a snapshot to it."""

    backup: Backup
    volume: Path

    @property
    def snapshot(self) -> Path:
        return self.volume / "vk8s" / "restore"

    def fetch(self, snapshot: str = "latest", *, within: Sequence[str] = (), **changed: object) -> Ended:
        needed = {"snapshot": snapshot, "into": self.snapshot, "data": self.volume / "etcd"}
        unknown = {"keep": None, "etcd": None, "etcd_credentials": None}
        fetching = replace(self.backup, about={**SOURCE}, subcommand=("fetch",))
        return fetching.take(within=within, **{**needed, **unknown, **changed})

    def read_meta(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.snapshot / "meta.json").read_text())
        return found


@pytest.fixture
def node(backup: Backup, tmp_path: Path) -> Node:
    return Node(backup, tmp_path / "volume")


def test_newest_snapshot_is_fetched_as_it_was_stored(node: Node, etcdutl: Path) -> None:
    first, second = node.backup.take().snapshot, node.backup.take().snapshot
    ended = node.fetch()
    assert ended.result["snapshot"] == second
    assert ended.result["name"] == "demo"
    assert node.read_meta()["fetched"] == second
    path = node.snapshot / "etcd.db"
    subprocess.run([etcdutl, "snapshot", "status", path], capture_output=True, check=True)
    assert node.fetch(first).result["snapshot"] == first


@pytest.mark.nightly("tests/backup/test_fetch.py::test_newest_snapshot_is_fetched_as_it_was_stored")
def test_snapshot_in_a_bucket_is_fetched_with_its_password(s3_backup: Backup, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse")
    taken = s3_backup.take(password_file=password).snapshot
    node = Node(s3_backup, tmp_path / "volume")
    assert node.fetch(password_file=password).snapshot == taken
    password.write_text("another")
    assert "the password is not the one with which the repository was created" in fetch_anew(node, password).error


def fetch_anew(node: Node, password: Path) -> Ended:
    return replace(node, volume=node.volume.with_name("another")).fetch(password_file=password)


@pytest.mark.nightly("tests/backup/test_fetch.py::test_newest_snapshot_is_fetched_as_it_was_stored")
def test_snapshot_that_is_there_is_not_fetched_again(node: Node, tmp_path: Path) -> None:
    taken = node.backup.take().snapshot
    node.fetch()
    away = tmp_path / "nothing"
    assert node.fetch(directory=away).snapshot == taken
    assert node.fetch(taken, directory=away).snapshot == taken
    assert "has no backup of Vk8s team-a/demo" in node.fetch("0123abcd", directory=away).error


@pytest.mark.nightly("tests/backup/test_fetch.py::test_newest_snapshot_is_fetched_as_it_was_stored")
def test_interrupted_fetch_begins_again(node: Node) -> None:
    taken = node.backup.take().snapshot
    node.snapshot.mkdir(parents=True)
    (node.snapshot / "etcd.db").write_text("half of it")
    assert node.fetch().snapshot == taken
    assert (node.snapshot / "etcd.db").stat().st_size == node.read_meta()["size"]


@pytest.mark.nightly("tests/images/test_go.py")
@pytest.mark.parametrize("damage", [flip, cut, Path.unlink], ids=["flipped", "cut off", "gone"])
def test_snapshot_that_was_damaged_on_the_node_is_fetched_again(node: Node, damage: Callable[[Path], None]) -> None:
    node.backup.take()
    node.fetch()
    path = node.snapshot / "etcd.db"
    whole = path.read_bytes()
    damage(path)
    assert node.fetch().snapshot
    assert path.read_bytes() == whole


@pytest.mark.nightly("tests/backup/test_fetch.py::test_newest_snapshot_is_fetched_as_it_was_stored")
def test_node_with_data_needs_no_snapshot(node: Node) -> None:
    wal = node.volume / "etcd" / "member" / "wal"
    wal.mkdir(parents=True)
    (wal / "0.wal").touch()
    ended = node.fetch(directory=node.volume / "nothing")
    assert ended.code == 0
    assert not node.snapshot.exists()


@pytest.mark.nightly("tests/backup/test_fetch.py::test_newest_snapshot_is_fetched_as_it_was_stored")
def test_name_that_is_not_there_is_answered_with_those_that_are(node: Node) -> None:
    taken = [node.backup.take().snapshot for _ in range(2)]
    error = node.fetch("0123abcd").error
    assert error.startswith("the claim has no snapshot 0123abcd of Vk8s team-a/demo; write latest, or one of ")
    assert [error.index(f"{name} (20") for name in reversed(taken)] == sorted(error.index(name) for name in taken)


def test_missing_backup_is_named(node: Node) -> None:
    assert node.fetch().error == "the claim has no backup of Vk8s team-a/demo"
    # A restore creates nothing there.
    assert not Path(get_repository(node.backup)).exists()


def test_problems_are_named_by_the_field_of_the_restore(node: Node, tmp_path: Path) -> None:
    error = node.fetch(password_file=tmp_path / "missing").error
    assert error == "the Secret of spec.restoreFrom.passwordSecretRef, or its key, is missing or empty"


@pytest.mark.nightly("tests/images/test_go.py")
def test_server_that_is_away_is_named(s3_backup: Backup, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{choose_port()}"
    assert "the server does not answer (" in Node(s3_backup, tmp_path / "volume").fetch(s3_endpoint=url).error


@pytest.mark.nightly("tests/images/test_go.py")
def test_credentials_without_the_right_to_read_are_named(s3_backup: Backup, keys: Path, tmp_path: Path) -> None:
    s3_backup.take()
    (keys / "AWS_SECRET_ACCESS_KEY").write_text("another")
    error = Node(s3_backup, tmp_path / "volume").fetch().error
    assert ": the server rejects the credentials, or they have no right to read there (" in error


@pytest.mark.nightly("tests/images/test_go.py")
@pytest.mark.parametrize("bucket", ["backups", "another"], ids=["empty", "not there"])
def test_bucket_without_snapshots_is_named(s3_backup: Backup, buckets: Path, tmp_path: Path, bucket: str) -> None:
    error = Node(s3_backup, tmp_path / "volume").fetch(s3_bucket=bucket).error
    assert error.startswith(f"bucket {bucket} at http://127.0.0.1:")
    assert error.endswith(" has no backup of Vk8s team-a/demo")
    # A restore creates nothing there.
    assert [path.name for path in buckets.rglob("*")] == ["backups"]


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink], ids=["flipped", "cut off", "gone"])
def test_damaged_snapshot_is_never_complete(node: Node, damage: Callable[[Path], None]) -> None:
    node.backup.take()
    packs = [path for path in Path(get_repository(node.backup), "data").rglob("*") if path.is_file()]
    damage(max(packs, key=lambda path: path.stat().st_size))
    assert "the data there is damaged: write another snapshot, and look at the data with" in node.fetch().error
    assert not (node.snapshot / "meta.json").exists()


@pytest.mark.nightly("tests/images/test_go.py")
def test_snapshot_of_a_newer_version_is_rejected(node: Node) -> None:
    node.backup.take()
    folder = node.volume.with_name("newer")
    folder.mkdir()
    (folder / "meta.json").write_text('{"format": 2}')
    (folder / "etcd.db").write_text("x")
    command = ("backup", "--host", "demo", "--tag", "vk8s", "etcd.db", "meta.json")
    node.backup.run_restic(get_repository(node.backup), *command, directory=folder)
    assert "was taken by a newer version of this project" in node.fetch().error


@pytest.mark.nightly("tests/images/test_go.py")
def test_full_volume_is_named(node: Node) -> None:
    node.backup.take()
    node.volume.mkdir()
    mount = f'mount -t tmpfs -o size=64k tmpfs {node.volume} && exec "$@"'
    error = node.fetch(within=["unshare", "--mount", "sh", "-c", mount, "sh"]).error
    assert error.startswith("the state volume of the node has no room for snapshot ")
