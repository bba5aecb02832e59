"""hooks/vk8s/bootstrap/cni-*.sh: the network between the nodes, with one file per value of spec.network.cni."""

import json
import re
import shutil
from typing import get_args

import pytest

from hooks.vk8s.spec.model import Cni
from tests.unit.vk8s.bootstrap.bench import BOOT, Node, answer, refuse

NODE_PATH = "/api/v1/nodes/demo-worker"
KEPT = "var/lib/vk8s/cni"
CNI_LIST, SUBNET_FILE = f"{KEPT}/net.d/10-flannel.conflist", "run/flannel/subnet.env"
PREVIOUS_CNI_LIST = "var/lib/vk8s/cni-list"
LIST = '{"plugins": [{"type": "ptp", "ipam": {"ranges": [[{"subnet": "198.18.1.0/24"}]]}}]}'
# Somebody has chained a plugin before ours.
CHAINED = LIST.replace('[{"type"', '[{"type": "istio-cni", "subnet": "10.0.0.0/8"}, {"type"', 1)
# What cni-list does with these two.
CNI_LIST_PROGRAM = """#!/bin/bash
case $1 in
  subnet) grep -q ptp "$2" && echo 198.18.1.0/24 ;;
  restore)
    if [[ ! -e $4/istio-cni ]] && grep -q istio-cni "$2"; then
      sed -i 's/{"type": "istio-cni"[^}]*}, //' "$2"
      echo istio-cni
    fi
    mv "$2" "$3" ;;
esac
"""
SOURCED = "sentences.sh state-volume.sh room.sh image-store.sh network-programs.sh kubelet.sh network.sh"
SAME_SUBNET = answer(NODE_PATH, '{"spec":{"podCIDR":"198.18.1.0/24"}}')


def call(node: Node, commands: str) -> list[str]:
    """What a shell says that has sourced what entrypoint.sh and boot.sh source, up to the network."""
    ended = node.source(SOURCED, commands)
    assert ended.code == 0
    return ended.said


def restore(node: Node, api_server: str) -> str | None:
    """The CNI list that a boot begins with."""
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
    functions = "start_network; restart_network; keep_network_files; print_network_manifests"
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


# What others add to the list and to the programs


@pytest.fixture
def image(node: Node) -> Node:
    """A node image with two plugins, and one way to read the list, on a volume with much room."""
    node.program("stat", "cat bench/room")
    leave(node, 9000)
    node.write("opt/vk8s/store/id", "first\n")
    for name in ("ptp", "portmap"):
        node.write(f"usr/lib/cni/{name}", f"{name} of the first image\n").chmod(0o755)
    (node.root / "opt/cni").mkdir()
    (node.root / "opt/cni/bin").symlink_to(node.root / "usr/lib/cni")
    node.write("usr/local/bin/cni-list", CNI_LIST_PROGRAM).chmod(0o755)
    return node


def leave(node: Node, mebibytes: int) -> None:
    """Leaves the volume so much room."""
    node.write("bench/room", f"1048576 20480 {mebibytes} {mebibytes}\n")


def boot(node: Node) -> list[str]:
    """What a node says that starts to boot; its directories are where those of the volume are mounted."""
    return call(node, "keep_network_files")


def change_image(node: Node) -> None:
    """Makes the image of the node another one."""
    node.write("opt/vk8s/store/id", "second\n")
    shutil.rmtree(node.root / "usr/lib/cni")
    for name in ("ptp", "host-local"):
        node.write(f"usr/lib/cni/{name}", f"{name} of the second image\n").chmod(0o755)


def list_programs(node: Node) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in sorted((node.root / KEPT / "bin").iterdir())}


def test_both_directories_of_the_network_are_on_the_volume(image: Node) -> None:
    ended = image.source(SOURCED, "keep_network_files")
    assert [call.replace(f"{image.root}/", "/") for call in ended.calls_of("mount")] == [
        f"mount --bind /{KEPT}/bin /opt/cni/bin",
        f"mount --bind /{KEPT}/net.d /etc/cni/net.d",
    ]
    assert list_programs(image) == {"portmap": "portmap of the first image", "ptp": "ptp of the first image"}
    assert (image.root / KEPT / "bin/ptp").stat().st_mode & 0o111
    assert not (image.root / "opt/cni/bin").is_symlink()


def test_programs_of_users_survive_another_image(image: Node) -> None:
    boot(image)
    image.write(f"{KEPT}/bin/istio-cni", "of a mesh")
    image.write(f"{KEPT}/bin/host-local", "newer, of a user")
    change_image(image)
    boot(image)
    expected = {"host-local": "newer, of a user", "istio-cni": "of a mesh", "ptp": "ptp of the second image"}
    assert list_programs(image) == expected


def test_program_that_a_user_has_replaced_stays_with_another_image(image: Node) -> None:
    boot(image)
    image.write(f"{KEPT}/bin/ptp", "newer, of a user")
    change_image(image)
    boot(image)
    assert list_programs(image)["ptp"] == "newer, of a user"


def test_programs_are_not_copied_at_each_boot(image: Node) -> None:
    boot(image)
    image.write("usr/lib/cni/ptp", "not read")
    boot(image)
    assert list_programs(image)["ptp"] == "ptp of the first image"


def test_volume_without_room_for_programs_does_not_stop_the_boot(image: Node) -> None:
    leave(image, 200)  # and du counts one for the programs
    (said,) = boot(image)
    assert said.startswith("The programs of CNI plugins can't be copied to the state volume")
    assert (image.root / "opt/cni/bin").is_symlink()
    assert list_programs(image) == {}
    leave(image, 201)
    assert boot(image) == []
    assert set(list_programs(image)) == {"portmap", "ptp"}


def test_copies_that_are_not_complete_are_removed(image: Node) -> None:
    """They took the room that etcd needs."""
    image.write(f"{KEPT}/bin/istio-cni", "of a mesh")
    image.program("cp", '[[ $* != */ptp* ]] && /bin/cp "$@"')
    assert len(boot(image)) == 1
    assert list_programs(image) == {"istio-cni": "of a mesh"}
    assert not image.has(f"{KEPT}/copying")


def test_programs_are_copied_again_after_a_failure_with_another_image(image: Node) -> None:
    boot(image)
    image.write("opt/vk8s/store/id", "second\n")
    leave(image, 0)
    boot(image)
    image.write("opt/vk8s/store/id", "first\n")
    leave(image, 9000)
    assert boot(image) == []
    assert set(list_programs(image)) == {"portmap", "ptp"}


def test_programs_that_a_power_failure_has_emptied_are_copied(image: Node) -> None:
    image.write(f"{KEPT}/bin/ptp")
    boot(image)
    assert list_programs(image)["ptp"] == "ptp of the first image"


def test_programs_are_on_the_disk_before_they_are_recorded(image: Node) -> None:
    image.program("sync", f"[[ -s {KEPT}/bin/ptp && ! -e {KEPT}/image ]]")
    assert boot(image) == []
    assert image.has(f"{KEPT}/image")


def test_lists_of_users_stay_as_they_are_without_their_programs(image: Node) -> None:
    """Neither cni-list nor flanneld may leave plugins out for good whose programs are on the volume."""
    boot(image)
    image.write(f"{KEPT}/bin/istio-cni", "of a mesh").chmod(0o755)
    image.write(CNI_LIST, CHAINED)
    change_image(image)
    leave(image, 0)
    ended = image.source(SOURCED, f"keep_network_files; {SAME_SUBNET}; restore_cni_list")
    assert not image.has(PREVIOUS_CNI_LIST)
    assert image.read(CNI_LIST) == CHAINED
    assert [call.replace(f"{image.root}/", "/") for call in ended.calls_of("mount")] == [
        f"mount -t tmpfs tmpfs /{KEPT}/net.d",
        f"mount --bind /{KEPT}/net.d /etc/cni/net.d",
    ]
    leave(image, 9000)
    boot(image)
    image.write("opt/cni/bin/istio-cni")  # mounted
    assert restore(image, SAME_SUBNET) == CHAINED


@pytest.mark.parametrize("generation", ["1", "2"])
def test_network_files_of_another_generation_are_removed(image: Node, generation: str) -> None:
    """Their plugins would ask an API server that does not know them."""
    image.write("var/lib/vk8s/generation", "1\n")
    image.write(PREVIOUS_CNI_LIST, CHAINED)
    image.write(f"{KEPT}/net.d/00-multus.conf", "{}")
    image.write(f"{KEPT}/bin/istio-cni", "of a mesh")
    boot(image.given(GENERATION=generation))
    for path in (PREVIOUS_CNI_LIST, f"{KEPT}/net.d/00-multus.conf", f"{KEPT}/bin/istio-cni"):
        assert image.has(path) == (generation == "1")
    assert image.has(f"{KEPT}/bin/ptp")


def test_no_boot_begins_with_the_list_of_the_previous_one(image: Node) -> None:
    """The kubelet would report Ready before there is a network."""
    image.write(CNI_LIST, LIST)
    image.write(f"{KEPT}/net.d/00-multus.conf", "{}")
    boot(image)
    assert not image.has(CNI_LIST)
    assert image.has(f"{KEPT}/net.d/00-multus.conf")
    assert restore(image, SAME_SUBNET) == LIST
    (image.root / CNI_LIST).rename(image.root / f"{CNI_LIST}.restored")  # it was interrupted
    boot(image)
    boot(image)  # so was this one
    assert restore(image, SAME_SUBNET) == LIST


def test_plugins_of_others_are_restored_with_the_list(image: Node) -> None:
    boot(image)
    image.write("opt/cni/bin/istio-cni")
    image.write(PREVIOUS_CNI_LIST, CHAINED)
    assert restore(image, SAME_SUBNET) == CHAINED


def test_plugin_without_its_program_is_left_out(image: Node) -> None:
    """With it in the list, no pod would start, not even the one that installs the program."""
    boot(image)
    image.write(PREVIOUS_CNI_LIST, CHAINED)
    programs, end = image.root / "opt/cni/bin", "could not start."
    said = call(image, f"{SAME_SUBNET}; restore_cni_list")
    assert said == [
        f"CNI plugin istio-cni is left out of the CNI list, as its program is not in {programs}: pods {end}"
    ]
    assert image.read(CNI_LIST) == LIST


def test_list_that_cant_be_read_is_not_restored(image: Node) -> None:
    boot(image)
    image.write(PREVIOUS_CNI_LIST, "{")
    assert restore(image, SAME_SUBNET) is None


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
