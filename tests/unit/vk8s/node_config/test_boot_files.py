"""What nodes boot from: which files, what their digest depends on, and what the node itself has to fill in."""

import re
import subprocess
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.node_config.boot_files import build_boot_files
from hooks.vk8s.node_config.environment import VARIABLES
from hooks.vk8s.scripts import Scripts, build_scripts
from tests.shared_material import ROOT
from tests.world import CONTEXT, World, node, running_world, spec

DOCUMENTS = {"discovery.yaml", "environment.sh", "kubeadm-init.yaml", "kubeadm-join.yaml", "kubelet-pod.yaml"}
# What the scripts set before they fill in a document, next to the environment and the versions in the node image.
COMPUTED = {
    "ETCD_ARGUMENTS",
    "ETCD_NAMES",
    "LEADER_ELECT",
    "RESERVED_CPU",
    "RESERVED_MEMORY",
    "RUN",
    "TOKEN",
    "TOKEN_TTL",
}


def boot_files(world: World) -> Scripts:
    return build_boot_files(world.cluster, world.context.scripts)


def config_maps(world: World) -> set[str]:
    return {name for name in world.children["ConfigMap.v1"] if "bootstrap" in name}


def test_scripts_and_documents_are_in_one_folder() -> None:
    files = boot_files(World()).files
    assert files.keys() == DOCUMENTS | CONTEXT.scripts.files.keys()
    assert not DOCUMENTS & {path.name for path in (ROOT / "hooks" / "vk8s" / "bootstrap").iterdir()}


def test_config_map_holds_them_under_the_name_that_pods_mount() -> None:
    world = running_world()
    assert config_maps(world) == {world.boot_files}
    assert world.children["ConfigMap.v1"][world.boot_files]["data"] == boot_files(world).files
    for pod in world.children["Pod.v1"].values():
        volume = next(each for each in pod["spec"]["volumes"] if each["name"] == "boot")
        assert volume["configMap"]["name"] == world.boot_files


OTHERS = {
    "other scripts": World(context=replace(CONTEXT, scripts=build_scripts({"entrypoint.sh": "#!/bin/bash -e\n"}))),
    "another name": World(name="other"),
    "other networks": World(spec=spec(kubernetes={"serviceCidr": "10.96.0.0/12"})),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_other_files_have_another_digest(other: World) -> None:
    assert boot_files(other).files != boot_files(World()).files
    assert boot_files(other).digest != boot_files(World()).digest


EDITS = {
    "a worker is added": [node("m", "master"), node("w", "worker"), node("x", "worker")],
    "the last worker is removed": [node("m", "master")],
    "a node gets another image": [node("m", "master", image="registry.example.com/kink:v1.35.0"), node("w", "worker")],
}


@pytest.mark.parametrize("nodes", EDITS.values(), ids=EDITS)
def test_edit_of_nodes_keeps_the_config_map(nodes: list[Manifest]) -> None:
    edited = replace(running_world(), spec=spec(nodes=nodes)).steps(3)
    assert config_maps(edited) == {World().boot_files}


def test_every_variable_of_a_document_is_filled_in_by_the_node() -> None:
    """A name that no script sets would end the boot of every node."""
    versions = subprocess.run(
        [ROOT / "images" / "kink" / "versions.sh"], capture_output=True, text=True, check=True
    ).stdout
    known = {each.name for each in VARIABLES} | set(re.findall(r"^(\w+)=", versions, re.MULTILINE)) | COMPUTED
    texts = [text for name, text in boot_files(World()).files.items() if name.endswith(".yaml")]
    opened = {name for text in texts for name in re.findall(r"\$\{([^}.]+)\}", text)}
    assert opened <= known
    assert opened >= COMPUTED
