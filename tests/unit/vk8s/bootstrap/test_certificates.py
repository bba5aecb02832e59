"""certificates.sh and renew-certificates.sh: what keeps a control plane going for longer than its certificates live."""

import base64
import shutil
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests.authority import Authority
from tests.unit.vk8s.bootstrap.bench import Ended, Node, Timeline

HOUR, DAY = 3600, 86400
AUTHORITY = Authority()
KUBECONFIG, CURRENT = "etc/kubernetes/kubelet.conf", "var/lib/kubelet/pki/kubelet-client-current.pem"
UNUSED = "run/vk8s/certificates-unused"
EMBEDDED = """users:
- name: system:node:demo-master
  user:
    client-certificate-data: Y2VydGlmaWNhdGU=
    client-key-data: a2V5
"""


def call(node: Node, commands: str) -> str:
    ended = node.source("sentences.sh kubelet.sh certificates.sh", commands)
    assert ended.code == 0
    return ended.output


def test_kubeconfig_of_the_kubelet_points_to_its_renewed_certificate(node: Node) -> None:
    node.write(KUBECONFIG, EMBEDDED)
    node.write(CURRENT)
    call(node, "follow_kubelet_certificate")
    file = f"{node.root}/{CURRENT}"
    expected = EMBEDDED.replace("-data: Y2VydGlmaWNhdGU=", f": {file}").replace("-data: a2V5", f": {file}")
    assert node.read(KUBECONFIG) == expected
    assert (node.root / KUBECONFIG).stat().st_mode & 0o777 == 0o600
    call(node, "follow_kubelet_certificate")
    assert node.read(KUBECONFIG) == expected


@pytest.mark.parametrize("before", [EMBEDDED.partition("    client-key")[0], None], ids=["half of it", "none"])
def test_incomplete_kubeconfig_and_certificate_are_waited_for(node: Node, before: str | None) -> None:
    """The file is written in place, and the kubelet keeps its first certificate only when it starts."""
    if before:
        node.write(KUBECONFIG, before)
    node.write("whole", EMBEDDED)
    sourced = "".join(f". {node.root}/vk8s/boot/{name}.sh\n" for name in ("sentences", "kubelet", "certificates"))
    node.write("vk8s/boot/any.sh", f"set -euo pipefail\n{sourced}follow_kubelet_certificate")
    timeline: Timeline = {3: f"cp whole {KUBECONFIG}", 6: f"cp {KUBECONFIG} before; touch {CURRENT}"}
    assert node.run("any.sh", timeline).code == 0
    assert node.read("before") == EMBEDDED
    assert f"client-key: {node.root}/{CURRENT}" in node.read(KUBECONFIG)


@pytest.mark.parametrize(
    ("validity", "margin", "interval", "retry"),
    [
        (365 * DAY, 30 * DAY, HOUR, HOUR // 4 + 1),
        (30 * DAY, 10 * DAY, HOUR, HOUR // 4 + 1),
        (90, 30, 7, 2),
        # An API server that runs for years would outlive the certificate that it made for itself when it started.
        (3650 * DAY, 3650 * DAY - 335 * DAY, HOUR, HOUR // 4 + 1),
    ],
    ids=["a year", "a month", "a minute and a half", "ten years"],
)
def test_certificates_are_checked_often_enough_to_be_renewed(
    node: Node, validity: int, margin: int, interval: int, retry: int
) -> None:
    found = call(node.given(CERTIFICATE_SECONDS=str(validity)), "find_margin; find_interval; find_retry")
    assert [int(line) for line in found.split()] == [margin, interval, retry]


@pytest.mark.parametrize(
    ("validity", "most"),
    [(365 * DAY, 15 * DAY), (90, 15), (3650 * DAY, 15 * DAY)],
    ids=["a year", "short", "ten years"],
)
def test_control_plane_nodes_renew_their_certificates_at_different_times(node: Node, validity: int, most: int) -> None:
    """Each has at least half of the time left in which a renewal may fail."""
    given = {"CERTIFICATE_SECONDS": str(validity), "ETCD_SERVICE": "demo-etcd"}
    delays = [int(call(node.given(NODE_NAME=name, **given), "find_delay")) for name in ("m1", "m2", "m3")]
    assert all(0 <= delay < most for delay in delays)
    assert len({delay * 10 // most for delay in delays}) == 3
    assert call(node, "find_delay") == "0\n"


def test_one_of_several_renews_its_certificates_later(node: Node) -> None:
    write_control_plane(node, days=29)
    assert is_due(node)
    delay = int(call(node.given(ETCD_SERVICE="demo-etcd"), "find_delay")) // DAY
    assert 1 < delay < 15
    assert not is_due(node.given(ETCD_SERVICE="demo-etcd"))
    write_control_plane(node, days=29 - delay)
    assert is_due(node.given(ETCD_SERVICE="demo-etcd"))


def write_control_plane(node: Node, *, days: int = 365, **ends: int) -> None:
    """Certificates of a control plane, where kubeadm writes them, each valid for `days`, or for those of its name."""
    for name in ("pki/apiserver", "pki/ca", "pki/front-proxy-ca", "pki/etcd/server", "pki/etcd/ca", "admin"):
        life = timedelta(days=ends.get(Path(name).name.replace("-", "_"), days), minutes=1)
        certificate = AUTHORITY.issue(life=life).cert
        if name != "admin":
            node.write(f"etc/kubernetes/{name}.crt", certificate)
            continue
        embedded = base64.b64encode(certificate).decode()
        node.write("etc/kubernetes/admin.conf", f"users:\n- user:\n    client-certificate-data: {embedded}\n")
    node.write(KUBECONFIG, "users: []\n")


def is_due(node: Node) -> bool:
    return call(node, "is_renewal_due && echo due || echo not due") == "due\n"


@pytest.mark.parametrize("name", ["apiserver", "server", "admin"])
def test_one_certificate_near_its_end_renews_all(node: Node, name: str) -> None:
    write_control_plane(node, **{name: 29})
    assert is_due(node)


def test_with_a_month_left_nothing_is_renewed(node: Node) -> None:
    """Authorities are not the node's to renew, and the kubelet looks after its own."""
    write_control_plane(node, days=31, ca=1, front_proxy_ca=1)
    assert not is_due(node)


def test_interrupted_renewal_is_repeated(node: Node) -> None:
    write_control_plane(node)
    node.write("etc/kubernetes/pki/apiserver.crt", "-----BEGIN CERTIF")
    assert is_due(node)


@pytest.fixture
def old(node: Node) -> Node:
    """A control-plane node that booted eleven months ago; its kubelet has renewed its own certificate."""
    node.write("run/vk8s/booted")
    write_control_plane(node, days=29)
    node.write(CURRENT, AUTHORITY.issue(life=timedelta(days=1)).cert)
    return node.given(ROLE="master", NODE_NAME="demo-master")


def renew(node: Node) -> Ended:
    return node.run("renew-certificates.sh")


def test_renewal_restarts_the_control_plane(old: Node) -> None:
    ended = renew(old)
    assert ended.code == 0
    assert ended.calls == [f"kubeadm certs renew all --config {old.root}/run/vk8s/kubeadm.yaml"]
    assert ended.said == ["The certificates of the control plane are renewed; it restarts to use them."]
    assert not old.has(UNUSED)


def test_boot_that_is_not_complete_is_left_alone(old: Node) -> None:
    """It is about to make others."""
    (old.root / "run/vk8s/booted").unlink()
    ended = renew(old)
    assert (ended.code, ended.calls) == (0, [])


def test_renewal_that_fails_reports_it_and_is_tried_again(old: Node) -> None:
    old.program("kubeadm", "echo renewing; echo error: no space left on device; echo to see more; exit 1")
    ended = renew(old)
    assert ended.code != 0
    assert ended.said[0].endswith("retried in 901 s: error: no space left on device")
    # Some may have been renewed: with none near its end, the control plane has to be restarted all the same.
    old.program("kubeadm")
    write_control_plane(old)
    again = renew(old)
    assert again.code == 0
    assert again.calls
    assert not old.has(UNUSED)


def test_kubelet_whose_certificate_has_expired_is_given_another_one(old: Node) -> None:
    write_control_plane(old)
    old.write(CURRENT, AUTHORITY.issue(life=timedelta(days=-1)).cert)
    old.program("kubeadm", f"cat >{KUBECONFIG} <<END\n{EMBEDDED}END")
    old.program("systemctl", f"touch {CURRENT}")
    ended = renew(old)
    assert ended.code == 0
    assert ended.calls == [
        f"kubeadm init phase kubeconfig kubelet --config {old.root}/run/vk8s/kubeadm.yaml",
        "systemctl restart kubelet",
        "systemctl try-restart flanneld network-policies",
    ]
    assert f"client-key: {old.root}/{CURRENT}" in old.read(KUBECONFIG)


def test_only_the_own_pods_of_a_node_lose_their_control_plane(node: Node) -> None:
    """Users run clusters in pods: their programs have the same names, deeper in the tree or in pods of their own."""
    groups = {
        "own": "kubepods/burstable/podaaaa/1",
        "deeper": "kubepods/podbbbb/1/kubelet/kubepods/burstable/podaaaa/1",
        "of a user": "kubepods/besteffort/podcccc/1",
    }
    for folder in ("kube-system_kube-apiserver-demo-master_aaaa", "team_kube-apiserver-x_cccc", "team_any_bbbb"):
        (node.root / "var/log/pods" / folder).mkdir(parents=True)
    program = node.write("kube-apiserver")
    shutil.copy(shutil.which("sleep") or "", program)
    running = {}
    for name, group in groups.items():
        running[name] = subprocess.Popen([program, "60"])
        node.write(f"sys/fs/cgroup/pids/kubelet/{group}/cgroup.procs", f"{running[name].pid}\n")
    try:
        assert node.source("pods.sh", "kill_own_processes kube-apiserver kube-scheduler").code == 0
        assert running["own"].wait(30) == -signal.SIGKILL
        assert [process.poll() for process in running.values()] == [-signal.SIGKILL, None, None]
    finally:
        for process in running.values():
            process.kill()
            process.wait()
