"""The Secret with the kubeconfig of the owner."""

from hooks.vk8s.children.kubeconfig_secret import build_kubeconfig_secret
from hooks.vk8s.keys.pki import read_secret
from tests.world import World


def test_kubeconfig_is_under_each_key_that_tools_look_for() -> None:
    secret = build_kubeconfig_secret(World().cluster.identity, "apiVersion: v1\n")
    assert secret["metadata"]["name"] == "demo-kubeconfig"
    assert read_secret(secret) == {"config": b"apiVersion: v1\n", "value": b"apiVersion: v1\n"}
