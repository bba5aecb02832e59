"""The keys for ssh: that they follow from their entropy, and that OpenSSH reads them."""

import subprocess
from pathlib import Path

import pytest

from hooks.vk8s.keys.ssh import CLIENT_KEY, CLIENT_PUB, HOST_KEY, HOST_PUB, build_ssh_keys

ENTROPY = b"entropy of thirty-two characters"


def test_ssh_keys_depend_on_their_entropy_alone() -> None:
    keys = build_ssh_keys(ENTROPY, "demo")
    assert build_ssh_keys(ENTROPY, "demo") == keys
    assert build_ssh_keys(ENTROPY[::-1], "demo")[HOST_KEY] != keys[HOST_KEY]
    assert keys[HOST_KEY] != keys[CLIENT_KEY]


@pytest.mark.parametrize(("private", "public"), [(HOST_KEY, HOST_PUB), (CLIENT_KEY, CLIENT_PUB)])
def test_openssh_reads_the_keys(private: str, public: str, tmp_path: Path) -> None:
    keys = build_ssh_keys(ENTROPY, "demo")
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_bytes(keys[private])
    shown = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, check=True).stdout
    assert shown.split()[:2] == keys[public].split()[:2]
