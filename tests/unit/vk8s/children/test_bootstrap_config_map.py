"""The ConfigMap that node pods boot from."""

from hooks.vk8s.children.bootstrap_config_map import build_bootstrap_config_map
from hooks.vk8s.scripts import build_scripts
from tests.world import World


def test_each_version_of_the_files_has_a_config_map_of_its_own() -> None:
    identity = World().cluster.identity
    one, other = (build_bootstrap_config_map(identity, build_scripts({"boot.sh": text})) for text in ("a", "b"))
    assert one["data"] == {"boot.sh": "a"}
    assert one["metadata"]["name"] != other["metadata"]["name"]
    assert one["metadata"]["name"].startswith("demo-bootstrap-")
