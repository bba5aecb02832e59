"""The commands of docs/how-to/renew-ca.md, typed in as they stand there."""

import base64
import re
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from testbed.kubectl import KubectlError
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.nested.kept import Kept
from tests.nested.virtual import VirtualCluster

SECONDS = 300
REJOINED = "This node joins its cluster"
PAGE = ROOT / "docs" / "how-to" / "renew-ca.md"


def type_in(virtual: VirtualCluster, heading: str, tmp_path: Path) -> None:
    """All commands below a heading, in one shell."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace("-n default", f"-n {virtual.host.namespace}")],
        cwd=tmp_path,
        env=virtual.host.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, shell.stderr + virtual.describe()
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".crt", ".key")] == []


def read_file(virtual: VirtualCluster, secret: str, key: str) -> bytes:
    data = virtual.kubectl.get("secret", f"{virtual.name}-{secret}")["data"]
    return base64.b64decode(data[key])


def read_hash(virtual: VirtualCluster) -> bytes:
    return read_file(virtual, "join", "ca-hash")


def read_uid(virtual: VirtualCluster, pod: str) -> str:
    return str(virtual.kubectl.get("pod", pod)["metadata"]["uid"])


def have_logs(virtual: VirtualCluster) -> bool:
    """Whether logs come from all nodes: the API server and each kubelet trust each other."""
    pods = virtual.inside.get("pods", "--namespace=kube-system", "--selector=k8s-app=kube-proxy")["items"]
    try:
        for pod in pods:
            virtual.inside.run("logs", "--namespace=kube-system", "--tail=1", pod["metadata"]["name"])
    except KubectlError:
        return False
    return len(pods) == len(virtual.nodes)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_keys.py")
def test_ca_gets_another_end_and_all_goes_on(kept: Kept, tmp_path: Path) -> None:
    virtual = kept.virtual
    before, ca = {node: read_uid(virtual, node) for node in virtual.nodes}, read_hash(virtual)
    former = x509.load_pem_x509_certificate(read_file(virtual, "pki", "ca.crt"))
    type_in(virtual, "More time", tmp_path)
    for node in virtual.nodes:
        virtual.wait_for_another_pod(node, before[node], SECONDS)
    virtual.wait_for_phase("Running", SECONDS)
    virtual.wait_for_nodes()
    longer = x509.load_pem_x509_certificate(read_file(virtual, "join", "ca.crt"))
    assert read_hash(virtual) == ca
    assert longer.not_valid_after_utc > former.not_valid_after_utc
    wait_for("logs of all nodes", lambda: have_logs(virtual), SECONDS, virtual.describe)
    kept.check()
    # The worker has joined again for that, once.
    assert REJOINED in virtual.kubectl.run("logs", virtual.nodes[1])
    virtual.replace_pod(virtual.nodes[1], SECONDS)
    assert REJOINED not in virtual.kubectl.run("logs", virtual.nodes[1])


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_master_again.py")
def test_new_keys_replace_the_previous_ones_and_data_stays(kept: Kept, tmp_path: Path) -> None:
    virtual = kept.virtual
    ca, token = read_hash(virtual), read_file(virtual, "join", "token")
    type_in(virtual, "Other keys", tmp_path)
    virtual.wait_for_nodes()
    assert read_hash(virtual) != ca
    assert read_file(virtual, "join", "token") == token
    coredns = virtual.inside.get("deployment", "coredns", "--namespace=kube-system")
    assert coredns["status"]["availableReplicas"] == coredns["spec"]["replicas"]
    wait_for("logs of all nodes", lambda: have_logs(virtual), SECONDS, virtual.describe)
    kept.check()
