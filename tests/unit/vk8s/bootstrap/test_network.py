"""hooks/vk8s/bootstrap/network.sh: the CNI list of a node's former boot, with an API server that is a file."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
SCRIPT = """
STATE={root} ENDPOINT=demo-api NODE_NAME=demo-worker CNI=${{CNI:-flannel}}
. {boot}/sentences.sh; STATE={root}; . {boot}/kubelet.sh; . {boot}/network.sh
CNI_LIST={root}/net.d/list SUBNET_FILE={root}/subnet.env FORMER_CNI_LIST={root}/former
curl() {{ cat {root}/node; }}
"""
LIST = '{"plugins": [{"type": "ptp", "ipam": {"ranges": [[{"subnet": "198.18.1.0/24"}]]}}]}'


def run(root: Path, commands: str, **environment: str) -> str:
    script = SCRIPT.format(boot=BOOT, root=root) + commands
    command = ["bash", "-euo", "pipefail", "-c", script]
    variables = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout


def restore(root: Path, node: str, **environment: str) -> str | None:
    """The CNI list after a boot at which the API server says that of the Node."""
    (root / "node").write_text(node)
    run(root, "restore_cni_list", **environment)
    found = root / "net.d" / "list"
    return found.read_text() if found.exists() else None


def test_a_node_that_still_has_its_subnet_does_not_wait_for_the_network(tmp_path: Path) -> None:
    (tmp_path / "former").write_text(LIST)
    assert restore(tmp_path, '{"spec":{"podCIDR":"198.18.1.0/24"}}') == LIST


@pytest.mark.parametrize(
    "node",
    ['{"spec":{"podCIDR":"198.18.7.0/24"}}', '{"spec":{}}', '{"kind":"Status","code":404}', ""],
    ids=["has another", "has none", "is gone", "can't be read"],
)
def test_a_node_whose_subnet_is_not_that_of_its_former_boot_waits_for_the_network(tmp_path: Path, node: str) -> None:
    """Pods with addresses of the former one could be reached by nobody."""
    (tmp_path / "former").write_text(LIST)
    assert restore(tmp_path, node) is None


def test_a_first_boot_has_no_list_of_a_former_one(tmp_path: Path) -> None:
    assert restore(tmp_path, '{"spec":{"podCIDR":"198.18.1.0/24"}}') is None


def test_a_network_that_is_the_users_is_left_to_them(tmp_path: Path) -> None:
    (tmp_path / "former").write_text(LIST)
    assert restore(tmp_path, '{"spec":{"podCIDR":"198.18.1.0/24"}}', CNI="none") is None
    assert run(tmp_path, "has_joined_network && echo yes", CNI="none") == "yes\n"
    run(tmp_path, "keep_cni_list", CNI="none")


def test_a_list_alone_is_not_yet_a_network(tmp_path: Path) -> None:
    """It may be that of the former boot; flanneld writes the other file when all is set up."""
    (tmp_path / "net.d").mkdir()
    (tmp_path / "net.d" / "list").write_text(LIST)
    ask = "is_network_up && echo for the kubelet; has_joined_network && echo for the others || true"
    assert run(tmp_path, ask) == "for the kubelet\n"
    (tmp_path / "subnet.env").touch()
    assert run(tmp_path, ask) == "for the kubelet\nfor the others\n"


def test_the_list_is_kept_for_the_next_boot(tmp_path: Path) -> None:
    (tmp_path / "net.d").mkdir()
    (tmp_path / "net.d" / "list").write_text(LIST)
    run(tmp_path, "keep_cni_list")
    (tmp_path / "net.d" / "list").unlink()
    assert restore(tmp_path, '{"spec":{"podCIDR":"198.18.1.0/24"}}') == LIST
