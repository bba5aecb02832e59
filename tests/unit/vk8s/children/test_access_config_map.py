"""The ConfigMap with the public keys that may connect to the access pod."""

from hooks.vk8s.children.access_config_map import build_access_config_map
from tests.world import World


def test_each_key_is_a_line_of_authorized_keys() -> None:
    config_map = build_access_config_map(World().cluster.identity, [" ssh-ed25519 AAAA me\n", "ssh-rsa BBBB you"])
    assert config_map["metadata"]["name"] == "demo-access"
    assert config_map["data"] == {"authorized_keys": "ssh-ed25519 AAAA me\nssh-rsa BBBB you\n"}
