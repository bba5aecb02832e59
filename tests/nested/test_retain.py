"""A Vk8s that is deleted with `storage.retain`, and another one that takes over what it has left."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster
from tests.walkthrough.pages import read_commands

PAGE = ROOT / "docs" / "how-to" / "retain.md"


@pytest.mark.nightly("tests/unit/vk8s/observed/test_retained.py")
def test_next_vk8s_of_the_name_takes_over_volumes_and_keys(lonely: VirtualCluster, tmp_path: Path) -> None:
    lonely.ensure_running()
    lonely.inside.run("create", "configmap", "written-before")
    before = lonely.inside.get("namespace", "kube-system")["metadata"]["uid"]
    # The kubeconfig of before, which the other one has to accept.
    inside = lonely.inside

    file = tmp_path / "lonely.yaml"
    file.write_text(json.dumps(lonely.manifest))
    follow_page(lonely, file)

    assert inside.find("configmap", "written-before")
    assert inside.get("namespace", "kube-system")["metadata"]["uid"] == before
    lonely.wait_for_phase("Running")
    # As of any other: with its next deletion, all goes.
    lonely.kubectl.run("delete", "vk8s", "lonely", f"--timeout={DELETE_SECONDS}s")
    claim = lonely.kubectl.find("pvc", "lonely-master-state")
    assert claim is None or "deletionTimestamp" in claim["metadata"]


def follow_page(virtual: VirtualCluster, file: Path) -> None:
    """Types in what the page says, for that Vk8s."""
    text = "\n".join(command.text for command in read_commands(PAGE))
    text = text.replace("examples/local.yaml", shlex.quote(str(file))).replace("vk8s/local", f"vk8s/{virtual.name}")
    text = text.replace("vk8s local", f"vk8s {virtual.name}").replace("vk8s=local", f"vk8s={virtual.name}")
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=file.parent,  # kubectl without a home writes its cache there
        env=virtual.host.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, f"{shell.stdout}\n{shell.stderr}\n{virtual.describe()}"
