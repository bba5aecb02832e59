"""The Secret with the PKI of a virtual cluster."""

from hooks.vk8s.children.pki_secret import build_pki_secret
from hooks.vk8s.keys.pki import read_secret
from tests.world import World


def test_pki_is_immutable_from_its_creation() -> None:
    secret = build_pki_secret(World().cluster.identity, {"ca.key": b"a key"})
    assert (secret["metadata"]["name"], secret["immutable"]) == ("demo-pki", True)
    assert read_secret(secret) == {"ca.key": b"a key"}
