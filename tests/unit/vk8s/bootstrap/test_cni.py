"""hooks/vk8s/bootstrap/cni-*.sh: the network between the nodes, with one file per value of spec.network.cni."""

import json
import re
from typing import get_args

import pytest

from hooks.vk8s.spec.model import Cni
from tests.unit.vk8s.bootstrap.bench import BOOT, Node, answer, refuse

NODE_PATH = "/api/v1/nodes/demo-worker"
CNI_LIST, SUBNET_FILE = "etc/cni/net.d/10-flannel.conflist", "run/flannel/subnet.env"
PREVIOUS_CNI_LIST = "var/lib/vk8s/cni-list"
LIST = '{"plugins": [{"type": "ptp", "ipam": {"ranges": [[{"subnet": "198.18.1.0/24"}]]}}]}'
SAME_SUBNET = answer(NODE_PATH, '{"spec":{"podCIDR":"198.18.1.0/24"}}')


def call(node: Node, commands: str) -> list[str]:
    """What a shell says that has sourced what boot.sh sources, up to the network."""
    ended = node.source("sentences.sh kubelet.sh network.sh", commands)
    assert ended.code == 0
    return ended.said


def restore(node: Node, api_server: str) -> str | None:
    """The CNI list at the next boot of a node."""
    call(node, f"{api_server}; restore_cni_list")
    return node.read(CNI_LIST) if node.has(CNI_LIST) else None


def list_functions(name: str) -> set[str]:
    return set(re.findall(r"^(\w+)\(\) \{", (BOOT / name).read_text(), re.MULTILINE))


def test_each_value_of_the_field_has_its_file() -> None:
    assert {path.name for path in BOOT.glob("cni-*.sh")} == {f"cni-{value}.sh" for value in get_args(Cni)}


def test_files_have_the_same_functions() -> None:
    first, *others = (list_functions(f"cni-{value}.sh") for value in get_args(Cni))
    assert first
    assert all(functions == first for functions in others)


def test_only_the_choice_of_the_file_depends_on_the_field() -> None:
    lines = {
        line.strip()
        for path in BOOT.glob("*.sh")
        for line in path.read_text().splitlines()
        if re.search(r"\$\{?CNI\b", line)
    }
    assert lines == {'. "$boot/cni-$CNI.sh"'}


def test_node_with_the_same_subnet_does_not_wait(node: Node) -> None:
    node.write(PREVIOUS_CNI_LIST, LIST)
    assert restore(node, SAME_SUBNET) == LIST


@pytest.mark.parametrize(
    "api_server",
    [
        answer(NODE_PATH, '{"spec":{"podCIDR":"198.18.7.0/24"}}'),
        answer(NODE_PATH, '{"spec":{}}'),
        answer(NODE_PATH, '{"kind":"Status","code":404}', status=404),
        refuse(NODE_PATH),
    ],
    ids=["has another", "has none", "is gone", "can't be read"],
)
def test_node_with_another_subnet_waits_for_the_network(node: Node, api_server: str) -> None:
    """Nothing could reach pods with addresses of the previous one."""
    node.write(PREVIOUS_CNI_LIST, LIST)
    assert restore(node, api_server) is None


def test_first_boot_has_no_list_of_a_previous_one(node: Node) -> None:
    assert restore(node, SAME_SUBNET) is None


def test_network_that_is_the_users_is_left_to_them(node: Node) -> None:
    node.write(PREVIOUS_CNI_LIST, LIST)
    assert restore(node.given(CNI="none"), SAME_SUBNET) is None
    functions = "start_network; restart_network; keep_cni_list; print_network_manifests"
    ended = node.given(CNI="none").source("sentences.sh kubelet.sh network.sh", functions)
    assert (ended.code, ended.output, ended.calls) == (0, "", [])
    assert call(node.given(CNI="none"), "is_network_up && has_joined_network && ! find_subnet && echo yes") == ["yes"]


def test_list_alone_is_not_yet_a_network(node: Node) -> None:
    """It may be that of the previous boot; flanneld writes the other file when all is set up."""
    node.write(CNI_LIST, LIST)
    ask = "is_network_up && echo for the kubelet; has_joined_network && echo for the others || true"
    assert call(node, ask) == ["for the kubelet"]
    node.write(SUBNET_FILE)
    assert call(node, ask) == ["for the kubelet", "for the others"]


def test_list_is_kept_for_the_next_boot(node: Node) -> None:
    node.write(CNI_LIST, LIST)
    call(node, "keep_cni_list")
    (node.root / CNI_LIST).unlink()
    assert restore(node, SAME_SUBNET) == LIST


def test_flannel_gets_the_network_of_the_pods_and_a_vxlan_of_its_own(node: Node) -> None:
    """With flannel's own number and port, it would meet that of the host."""
    call(node, "prepare_network")
    configuration = json.loads(node.read("run/flannel/net-conf.json"))
    backend = {"Type": "vxlan", "VNI": 8475, "Port": 8475}
    assert configuration == {"Network": "198.18.0.0/16", "EnableNFTables": True, "Backend": backend}


@pytest.mark.parametrize(("cni", "code"), [("flannel", 1), ("none", 0)])
def test_only_flannel_needs_vxlan_of_the_hosts_kernel(node: Node, cni: str, code: int) -> None:
    node.program("ip", "[[ $* != *vxlan* ]]")
    ended = node.given(CNI=cni).source(f"sentences.sh host.sh preflight.sh cni-{cni}.sh", "check_network_kernel")
    assert ended.code == code
    assert bool([line for line in ended.said if "has no vxlan" in line]) == bool(code)
