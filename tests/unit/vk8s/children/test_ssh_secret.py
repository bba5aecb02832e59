"""The Secret with the keys for ssh."""

from hooks.vk8s.children.ssh_secret import build_ssh_secret
from hooks.vk8s.keys.pki import read_secret
from tests.world import World


def test_secret_holds_the_keys_as_they_are() -> None:
    secret = build_ssh_secret(World().cluster.identity, {"ssh_host_ed25519_key": b"a key"})
    assert (secret["metadata"]["name"], secret["type"]) == ("demo-ssh", "Opaque")
    assert read_secret(secret) == {"ssh_host_ed25519_key": b"a key"}
