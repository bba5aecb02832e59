"""The volumes of nodes in a cold backup: what is stored of them, what comes back, and how long it is kept."""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.backup.processes import Backup, Ended
from tests.backup.test_fetch import SOURCE
from tests.backup.test_take import get_repository

NOBODY, DATABASE = 65534, 999
# Arguments of a backup that others don't have.
UNKNOWN = {"keep": None, "etcd": None, "etcd_credentials": None}


@dataclass(frozen=True)
class Node:
    """A node with volumes, and what stores and fetches them. `before`: those that were stored."""

    backup: Backup
    name: str
    root: Path

    @property
    def before(self) -> Path:
        return self.root / self.name / "before"

    @property
    def after(self) -> Path:
        return self.root / self.name / "vk8s" / "volumes"

    def write(self, text: str) -> None:
        """A volume with a file, as a database would."""
        volume = self.before / "pvc-1" / "data"
        volume.mkdir(parents=True, exist_ok=True)
        (volume / "table").write_text(text)
        (volume / "table").chmod(0o640)
        os.chown(volume / "table", DATABASE, DATABASE)

    def store(self, of: str, nodes: int = 1, **changed: object) -> Ended:
        given: dict[str, Any] = {"node": self.name, "volumes": self.before, "of": of, "nodes": nodes, **UNKNOWN}
        return replace(self.backup, subcommand=("volumes",)).take(**{**given, **changed})

    def fetch(self, of: str, **changed: object) -> Ended:
        given: dict[str, Any] = {"snapshot": of, "node": self.name, "volumes": self.after, **UNKNOWN}
        return replace(self.backup, about={**SOURCE}, subcommand=("fetch",)).take(**{**given, **changed})


@pytest.fixture
def worker(backup: Backup, tmp_path: Path) -> Node:
    return Node(backup, "demo-worker", tmp_path / "nodes")


def test_volumes_come_back_with_content_owner_and_mode(worker: Node) -> None:
    worker.write("committed")
    taken = worker.backup.take(cold="true").snapshot
    result = worker.store(taken).result
    assert (result["node"], result["volumes"], result["size"]) == ("demo-worker", 1, len("committed"))
    worker.write("later")
    assert worker.fetch(taken).code == 0
    file = worker.after / "pvc-1" / "data" / "table"
    found = file.stat()
    assert (file.read_text(), found.st_uid, found.st_gid) == ("committed", DATABASE, DATABASE)
    assert stat.S_IMODE(found.st_mode) == 0o640


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_bucket_with_a_password_stores_volumes(s3_backup: Backup, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse")
    secret: dict[str, Any] = {"password_file": tmp_path / "password"}
    worker = Node(s3_backup, "demo-worker", tmp_path / "nodes")
    worker.write("committed")
    taken = s3_backup.take(cold="true", **secret).snapshot
    assert worker.store(taken, **secret).code == 0
    assert worker.fetch(taken, **secret).code == 0
    assert (worker.after / "pvc-1" / "data" / "table").read_text() == "committed"


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_node_gets_only_its_own_volumes(worker: Node) -> None:
    other = replace(worker, name="demo-other")
    worker.write("of the worker")
    taken = worker.backup.take(cold="true").snapshot
    assert worker.store(taken, nodes=2).code == 0
    assert other.store(taken, nodes=2).result["volumes"] == 0
    assert other.fetch(taken).code == 0
    assert not other.after.exists()


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_volumes_of_an_older_backup_are_fetched_by_its_name(worker: Node) -> None:
    first, second = (worker.backup.take(cold="true").snapshot for _ in range(2))
    for taken in (first, second):
        worker.write(taken)
        worker.store(taken)
    worker.fetch(first)
    assert (worker.after / "pvc-1" / "data" / "table").read_text() == first


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_volumes_that_are_there_stay_as_they_are(worker: Node) -> None:
    worker.write("of the backup")
    taken = worker.backup.take(cold="true").snapshot
    worker.store(taken)
    (worker.after / "pvc-2").mkdir(parents=True)
    assert worker.fetch(taken, directory=worker.root / "nothing").code == 0
    assert [each.name for each in worker.after.iterdir()] == ["pvc-2"]


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_interrupted_fetch_of_volumes_begins_again(worker: Node) -> None:
    worker.write("committed")
    taken = worker.backup.take(cold="true").snapshot
    worker.store(taken)
    partial = worker.after.with_name("volumes.partial")
    (partial / "pvc-1" / "data" / "half").mkdir(parents=True)
    worker.after.mkdir()
    assert worker.fetch(taken).code == 0
    assert [each.name for each in (worker.after / "pvc-1" / "data").iterdir()] == ["table"]
    assert not partial.exists()


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_first_node_says_which_nodes_have_volumes(worker: Node, tmp_path: Path) -> None:
    worker.write("committed")
    taken = worker.backup.take(cold="true").snapshot
    assert replace(worker, name="demo-master").store(taken, nodes=2).code == 0
    assert worker.store(taken, nodes=2).code == 0
    master = replace(worker, name="demo-master")
    given = {"into": tmp_path / "restore", "data": tmp_path / "etcd"}
    assert master.fetch("latest", **given).result["volumes"] == ["demo-worker"]
    # Also when it is there already.
    assert master.fetch(taken, **given, directory=tmp_path / "nothing").result["volumes"] == ["demo-worker"]


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_control_plane_node_alone_gets_etcd_and_its_volumes(worker: Node, tmp_path: Path) -> None:
    worker.write("committed")
    taken = worker.backup.take(cold="true").snapshot
    worker.store(taken)
    worker.fetch("latest", into=tmp_path / "restore", data=tmp_path / "etcd")
    assert (tmp_path / "restore" / "etcd.db").exists()
    assert (worker.after / "pvc-1" / "data" / "table").read_text() == "committed"


@pytest.fixture
def public_restic(programs: Path) -> Iterator[Path]:
    """Restic where everybody may run it, as in its image."""
    with TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(shutil.copy(programs / "restic", directory))


@pytest.mark.nightly("tests/backup/test_volumes.py::test_volumes_come_back_with_content_owner_and_mode")
def test_repository_stays_readable_to_whom_it_belongs(worker: Node, public_restic: Path) -> None:
    worker.write("committed")
    taken = worker.backup.take(cold="true").snapshot
    repository = Path(get_repository(worker.backup))
    for path in [repository, *repository.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    assert worker.store(taken, restic=public_restic).code == 0
    assert {path.stat().st_uid for path in repository.rglob("*")} == {NOBODY}


@pytest.mark.nightly("tests/images/test_go.py")
def test_files_that_can_not_be_read_fail_the_backup(worker: Node, tmp_path: Path) -> None:
    worker.write("committed")
    taken = worker.backup.take(cold="true").snapshot
    real, restic = worker.backup.programs / "restic", tmp_path / "restic"
    restic.write_text(f'#!/bin/sh\n"{real}" "$@" || exit\n[ "$1" != backup ] || {{ echo broken >&2; exit 3; }}\n')
    restic.chmod(0o755)
    assert worker.store(taken, restic=restic).error == "the volumes of node demo-worker can't be read: broken"
    assert worker.backup.list_snapshots(get_repository(worker.backup)) == [taken]


@pytest.mark.nightly("tests/images/test_go.py")
def test_missing_repository_is_named_before_anything_is_read(worker: Node) -> None:
    assert worker.store("5fd3658b").error == "the claim has no backup of Vk8s team-a/demo"


@pytest.mark.nightly("tests/backup/test_volumes.py::test_incomplete_cold_backups_replace_no_complete_one")
def test_cold_backups_are_kept_by_their_own_number(worker: Node) -> None:
    worker.write("committed")
    complete = [store(worker) for _ in range(3)]
    plain = [worker.backup.take(keep=2).snapshot for _ in range(3)]
    kept = worker.backup.list_snapshots(get_repository(worker.backup))
    assert [name for name in kept if name in [*complete, *plain]] == [*complete[1:], *plain[1:]]
    assert len(kept) == 6  # with the copies of the two
    assert worker.fetch(complete[1]).code == 0


def test_incomplete_cold_backups_replace_no_complete_one(worker: Node) -> None:
    worker.write("committed")
    complete = store(worker)
    incomplete = [worker.backup.take(cold="true", keep=1).snapshot for _ in range(2)]
    worker.store(incomplete[1], nodes=2)
    worker.backup.take(keep=1)
    kept = worker.backup.list_snapshots(get_repository(worker.backup))
    assert complete in kept
    assert [name in kept for name in incomplete] == [False, True]
    store(worker)
    worker.backup.take(keep=1)
    kept = worker.backup.list_snapshots(get_repository(worker.backup))
    assert complete not in kept
    assert incomplete[1] not in kept


def store(worker: Node) -> str:
    """A complete cold backup."""
    taken = worker.backup.take(cold="true").snapshot
    assert worker.store(taken).code == 0
    return taken


@pytest.mark.parametrize(
    "missing", [{"node": None}, {"snapshot": "latest"}, {"into": "x"}], ids=["node", "snapshot", "data"]
)
def test_arguments_that_don_t_fit_are_refused(worker: Node, missing: dict[str, object]) -> None:
    assert worker.fetch("5fd3658b", **missing).code == 2
