"""hooks/vk8s/bootstrap/certificates.sh: what keeps a control plane going for longer than its certificates are valid."""

import os
import subprocess
from pathlib import Path

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
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
