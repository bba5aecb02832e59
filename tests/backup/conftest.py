"""An etcd for all tests, and what takes backups of it."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hooks.vk8s.keys.etcd_client import build_etcd_client
from hooks.vk8s.keys.kubeconfig import Issuer
from testbed import builds
from tests.backup.certificates import ENTROPY, Material, build_material
from tests.backup.processes import ACCESS_KEY, SECRET_KEY, Backup, Etcd, run_etcd, run_s3


@pytest.fixture(scope="session")
def programs() -> Path:
    return builds.build_backup_programs()


@pytest.fixture(scope="session")
def etcd_programs() -> Path:
    return builds.build_binaries()


@pytest.fixture(scope="session")
def s3_program() -> Path:
    return builds.build_s3_server() / "versitygw"


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return build_material(tmp_path_factory.mktemp("pki") / "etcd")


@pytest.fixture(scope="session")
def etcd(etcd_programs: Path, material: Material, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Etcd]:
    with run_etcd(etcd_programs, material, tmp_path_factory.mktemp("etcd") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def credentials(material: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Secret `<vk8s>-backup` is in the pod: as the hooks issue it."""
    issuer = Issuer(material.authority, timedelta(days=1), datetime.now(UTC).replace(microsecond=0))
    directory = tmp_path_factory.mktemp("credentials")
    for name, content in build_etcd_client(issuer, ENTROPY).files.items():
        (directory / name).write_bytes(content)
    return directory


@pytest.fixture
def backup(programs: Path, etcd: Etcd, credentials: Path, tmp_path: Path) -> Backup:
    """Into a directory without a password."""
    arguments = {"etcd": etcd.url, "etcd-credentials": credentials, "directory": tmp_path / "claim"}
    (tmp_path / "claim").mkdir()
    return Backup(programs, tmp_path, arguments)


@pytest.fixture
def buckets(tmp_path: Path) -> Path:
    """The directory of the S3 server, with a bucket."""
    (tmp_path / "s3" / "backups").mkdir(parents=True)
    return tmp_path / "s3"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The Secret with the credentials for S3, as it is in the pod."""
    directory = tmp_path / "keys"
    directory.mkdir()
    (directory / "AWS_ACCESS_KEY_ID").write_text(ACCESS_KEY)
    (directory / "AWS_SECRET_ACCESS_KEY").write_text(SECRET_KEY)
    return directory


@pytest.fixture
def s3_backup(backup: Backup, s3_program: Path, buckets: Path, keys: Path) -> Iterator[Backup]:
    """Into a bucket."""
    with run_s3(s3_program, buckets) as url:
        kept = {key: value for key, value in backup.arguments.items() if key != "directory"}
        more = {"s3-endpoint": url, "s3-bucket": "backups", "s3-credentials": keys, "s3-region": "us-east-1"}
        yield Backup(backup.programs, backup.directory, {**kept, **more, "s3-prefix": "clusters"})


@pytest.fixture
def etcdutl(etcd_programs: Path) -> Path:
    found = etcd_programs / "etcdutl"
    assert subprocess.run([found, "version"], capture_output=True, check=True).stdout
    return found
