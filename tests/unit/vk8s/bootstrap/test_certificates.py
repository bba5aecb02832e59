"""hooks/vk8s/bootstrap/certificates.sh: what keeps a control plane going for longer than its certificates are valid."""

import base64
import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
HOUR, DAY = 3600, 86400
SCRIPT = """
. {boot}/sentences.sh; . {boot}/certificates.sh
KUBERNETES={root} CLIENT_CERTIFICATE={root}/current.pem RUN={root}/run
"""
EMBEDDED = """users:
- name: system:node:demo-master
  user:
    client-certificate-data: Y2VydGlmaWNhdGU=
    client-key-data: a2V5
"""


def run(root: Path, commands: str) -> str:
    command = ["bash", "-euo", "pipefail", "-c", SCRIPT.format(boot=BOOT, root=root) + commands]
    variables = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=30).stdout


def test_the_kubeconfig_of_the_kubelet_leads_to_the_certificate_that_it_renews(tmp_path: Path) -> None:
    (tmp_path / "kubelet.conf").write_text(EMBEDDED)
    (tmp_path / "current.pem").touch()
    run(tmp_path, "follow_kubelet_certificate")
    file = f"{tmp_path}/current.pem"
    expected = EMBEDDED.replace("-data: Y2VydGlmaWNhdGU=", f": {file}").replace("-data: a2V5", f": {file}")
    assert (tmp_path / "kubelet.conf").read_text() == expected
    assert (tmp_path / "kubelet.conf").stat().st_mode & 0o777 == 0o600
    run(tmp_path, "follow_kubelet_certificate")
    assert (tmp_path / "kubelet.conf").read_text() == expected


def test_half_a_kubeconfig_and_a_certificate_that_is_not_there_yet_are_waited_for(tmp_path: Path) -> None:
    """The file is written in place, and the kubelet keeps its first certificate only when it starts."""
    (tmp_path / "kubelet.conf").write_text(EMBEDDED.partition("    client-key")[0])
    (tmp_path / "whole").write_text(EMBEDDED)
    script = "cd {0}; follow_kubelet_certificate & sleep 0.3; cp whole kubelet.conf; sleep 0.3; cat kubelet.conf"
    assert run(tmp_path, f"{script.format(tmp_path)}; touch current.pem; wait") == EMBEDDED
    assert f"client-key: {tmp_path}/current.pem" in (tmp_path / "kubelet.conf").read_text()


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
def test_they_are_renewed_in_time_and_asked_for_often_enough(
    tmp_path: Path, validity: int, margin: int, interval: int, retry: int
) -> None:
    found = run(tmp_path, f"CERTIFICATE_SECONDS={validity}; find_margin; find_interval; find_retry")
    assert [int(line) for line in found.split()] == [margin, interval, retry]


def write_control_plane(root: Path, *, days: int = 365, **ends: int) -> None:
    """Certificates of a control plane, where kubeadm writes them, each valid for `days`, or for those of its name."""
    (root / "pki" / "etcd").mkdir(parents=True)
    for name in ("pki/apiserver", "pki/ca", "pki/front-proxy-ca", "pki/etcd/server", "pki/etcd/ca", "admin"):
        certificate = make_certificate(ends.get(Path(name).name.replace("-", "_"), days))
        if name != "admin":
            (root / f"{name}.crt").write_bytes(certificate)
            continue
        embedded = base64.b64encode(certificate).decode()
        (root / "admin.conf").write_text(f"users:\n- name: admin\n  user:\n    client-certificate-data: {embedded}\n")
    (root / "kubelet.conf").write_text("users: []\n")


def make_certificate(days: int) -> bytes:
    now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "any")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    end = now + timedelta(days=days, minutes=1)
    built = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(end).sign(key, hashes.SHA256())
    return built.public_bytes(serialization.Encoding.PEM)


def is_due(root: Path) -> bool:
    ask = "CERTIFICATE_SECONDS=$((365 * DAY)); is_renewal_due && echo due || echo not due"
    return run(root, ask) == "due\n"


@pytest.mark.parametrize("name", ["apiserver", "server", "admin"])
def test_one_near_its_end_is_enough_to_renew_all(tmp_path: Path, name: str) -> None:
    write_control_plane(tmp_path, **{name: 29})
    assert is_due(tmp_path)


def test_with_a_month_left_nothing_is_renewed(tmp_path: Path) -> None:
    """Authorities are not the node's to renew, and the kubelet looks after its own."""
    write_control_plane(tmp_path, days=31, ca=1, front_proxy_ca=1)
    assert not is_due(tmp_path)


def test_what_an_interrupted_renewal_left_is_renewed(tmp_path: Path) -> None:
    write_control_plane(tmp_path)
    (tmp_path / "pki" / "apiserver.crt").write_text("-----BEGIN CERTIF")
    assert is_due(tmp_path)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A root directory of a master that has booted, with its boot files in `boot`, and a kubeadm that does nothing."""
    boot, programs = tmp_path / "boot", tmp_path / "bin"
    for folder in (boot, programs, tmp_path / "run", tmp_path / "state" / "log"):
        folder.mkdir(parents=True)
    places = {
        "/run/vk8s": "run",
        "/var/lib/vk8s": "state",
        "/etc/kubernetes": "kubernetes",
        "/var/lib/kubelet": "kubelet",
    }
    for path in BOOT.glob("*.sh"):
        text = path.read_text()
        for place, name in places.items():
            text = text.replace(place, str(tmp_path / name))
        (boot / path.name).write_text(text)
    (tmp_path / "run" / "booted").touch()
    write_control_plane(tmp_path / "kubernetes", days=29)
    (tmp_path / "kubelet" / "pki").mkdir(parents=True)
    (tmp_path / "kubelet" / "pki" / "kubelet-client-current.pem").write_bytes(make_certificate(1))
    write_program(tmp_path, "kubeadm", 'echo "$@" >>{root}/called')
    write_program(tmp_path, "systemctl", 'echo systemctl "$@" >>{root}/called')
    return tmp_path


def write_program(root: Path, name: str, commands: str) -> None:
    program = root / "bin" / name
    program.write_text(f"#!/bin/bash\n{commands.format(root=root)}\n")
    program.chmod(0o755)


def renew(root: Path) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": f"{root}/bin:{os.environ['PATH']}", "CERTIFICATE_SECONDS": str(365 * DAY)}
    command = ["bash", str(root / "boot" / "renew-certificates.sh")]
    environment = {**variables, "ENDPOINT": "demo-api", "NODE_NAME": "demo-master"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


def find_calls(root: Path) -> list[str]:
    called = root / "called"
    return called.read_text().splitlines() if called.exists() else []


def test_they_are_renewed_and_the_control_plane_is_told(node: Path) -> None:
    ended = renew(node)
    assert ended.returncode == 0, ended.stderr
    assert find_calls(node) == [f"certs renew all --config {node}/run/kubeadm.yaml"]
    assert "The certificates of the control plane are renewed; it restarts to use them." in ended.stdout
    assert not (node / "run" / "certificates-unused").exists()


def test_a_boot_that_is_not_complete_is_left_alone(node: Path) -> None:
    """It is about to make others."""
    (node / "run" / "booted").unlink()
    assert renew(node).returncode == 0
    assert not find_calls(node)


def test_a_renewal_that_fails_says_so_and_is_tried_again(node: Path) -> None:
    write_program(
        node, "kubeadm", "echo renewing; echo error: no space left on device >&2; echo to see more >&2; exit 1"
    )
    ended = renew(node)
    assert ended.returncode != 0
    assert "tried again in 901 s: error: no space left on device\n" in ended.stdout
    # Some may have been renewed: with none near its end, the control plane has to be told all the same.
    write_program(node, "kubeadm", 'echo "$@" >>{root}/called')
    shutil.rmtree(node / "kubernetes")
    write_control_plane(node / "kubernetes")
    assert renew(node).returncode == 0
    assert find_calls(node)
    assert not (node / "run" / "certificates-unused").exists()


def test_a_kubelet_whose_certificate_has_expired_is_given_another_one(node: Path) -> None:
    shutil.rmtree(node / "kubernetes")
    write_control_plane(node / "kubernetes")
    current = node / "kubelet" / "pki" / "kubelet-client-current.pem"
    current.write_bytes(make_certificate(-1))
    write_program(
        node, "kubeadm", f'echo "$@" >>{{root}}/called; cat >{{root}}/kubernetes/kubelet.conf <<END\n{EMBEDDED}END'
    )
    write_program(node, "systemctl", 'echo "$@" >>{root}/called; touch {root}/kubelet/pki/kubelet-client-current.pem')
    assert renew(node).returncode == 0
    assert find_calls(node) == [
        f"init phase kubeconfig kubelet --config {node}/run/kubeadm.yaml", "restart kubelet", "try-restart flanneld"
    ]  # fmt: skip
    assert f"client-key: {current}" in (node / "kubernetes" / "kubelet.conf").read_text()


def test_only_the_own_pods_of_a_node_lose_their_control_plane(tmp_path: Path) -> None:
    """Users run clusters in pods: their programs have the same names, deeper in the tree or in pods of their own."""
    groups = {
        "own": "kubepods/burstable/podaaaa/1",
        "deeper": "kubepods/podbbbb/1/kubelet/kubepods/burstable/podaaaa/1",
        "of a user": "kubepods/besteffort/podcccc/1",
    }
    for folder in ("kube-system_kube-apiserver-demo-master_aaaa", "team_kube-apiserver-x_cccc", "team_any_bbbb"):
        (tmp_path / "logs" / folder).mkdir(parents=True)
    program = tmp_path / "kube-controller-manager"
    shutil.copy(shutil.which("sleep") or "", program)
    shutil.copy(program, tmp_path / "kube-apiserver")
    running = {}
    for name, group in groups.items():
        (tmp_path / "groups" / group).mkdir(parents=True)
        running[name] = subprocess.Popen([tmp_path / "kube-apiserver", "60"])
        (tmp_path / "groups" / group / "cgroup.procs").write_text(f"{running[name].pid}\n")
    script = (
        ". {boot}/pods.sh; PODS={root}/groups POD_LOGS={root}/logs; kill_own_processes kube-apiserver kube-scheduler"
    )
    try:
        run(tmp_path, script.format(boot=BOOT, root=tmp_path))
        assert running["own"].wait(30) == -signal.SIGKILL
        assert [process.poll() for process in running.values()] == [-signal.SIGKILL, None, None]
    finally:
        for process in running.values():
            process.kill()
            process.wait()
