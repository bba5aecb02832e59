"""Where snapshots are, as a pod has it: tests/unit/vk8s/children/test_backup_jobs.py has the rest."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children import backup_jobs, restore_container, volumes_job
from hooks.vk8s.children.snapshot_store import REPOSITORY_MEMORY, StoreAccess
from hooks.vk8s.spec.model import SnapshotStore
from tests.backups_world import S3

FULL = {"s3": {**S3, "caConfigMapRef": {"name": "ca"}}, "passwordSecretRef": {"name": "secrets"}}


def access(raw: Manifest, prefix: str = "") -> StoreAccess:
    return StoreAccess(SnapshotStore.model_validate(raw), prefix)


def test_volumes_have_names_of_their_own_next_to_those_of_others() -> None:
    found = access(FULL, "restore-")
    mounted = [mount["name"] for mount in found.build_mounts(read_only=True)]
    assert mounted == ["restore-s3", "restore-s3-ca", "restore-password"]
    assert [volume["name"] for volume in found.build_volumes()] == mounted


def test_claim_is_written_only_by_what_stores_snapshots() -> None:
    claim = access({"claim": {"name": "backups"}})
    assert claim.build_mounts(read_only=False) == [{"name": "claim", "mountPath": "/vk8s/claim"}]
    assert claim.build_mounts(read_only=True) == [{"name": "claim", "mountPath": "/vk8s/claim", "readOnly": True}]
    assert claim.arguments == ["--directory=/vk8s/claim"]


def test_all_that_opens_a_repository_has_the_memory_for_its_volumes() -> None:
    limits = [each.RESOURCES.limits["memory"] for each in (backup_jobs, restore_container, volumes_job)]
    assert limits == [REPOSITORY_MEMORY] * 3
