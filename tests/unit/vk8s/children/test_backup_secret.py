"""Secret `<vk8s>-backup`."""

from hooks.vk8s.children.backup_secret import build_backup_secret
from tests.world import World


def test_secret_has_the_files_and_nothing_else() -> None:
    secret = build_backup_secret(World().cluster.identity, {"tls.key": b"key", "ca.crt": b"ca"})
    assert (secret["metadata"]["name"], secret["data"]) == ("demo-backup", {"ca.crt": "Y2E=", "tls.key": "a2V5"})
