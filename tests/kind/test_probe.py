"""`kubectl vk8s doctor --probe` on hosts with virtual clusters: it finds nothing wrong, and leaves nothing."""

import json
import os
from pathlib import Path

import pytest

from kubectl_vk8s.probing import LABEL
from testbed.kind.cluster import NODES, WORKERS
from testbed.waiting import wait_for
from tests.nested.cli import Plugin, install_plugin
from tests.nested.host import Host

GONE_SECONDS = 30


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_host.py")
def test_hosts_have_what_nodes_need(host: Host, tmp_path: Path) -> None:
    path = f"{install_plugin(tmp_path)}:{host.environment['PATH']}"
    plugin = Plugin({**os.environ, **host.environment, "PATH": path})
    # The image is that of ConfigMap vk8s-defaults, which install.sh has written.
    shown = plugin.run("kubectl", "vk8s", "doctor", "--probe", "--yes", "--namespace", host.namespace, "--output=json")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    found = [(each["title"], each["tone"]) for each in json.loads(shown.stdout)]
    for name in WORKERS:
        tones = [tone for title, tone in found if title.startswith(f"{name}: ")]
        assert len(tones) == 15
        assert set(tones) <= {"ok", "note"}
    (control_plane,) = set(NODES) - set(WORKERS)
    assert (f"{control_plane} was not tried", "?") in found
    wait_for("the end of the pods", lambda: not host.kubectl.get("pods", f"--selector={LABEL}")["items"], GONE_SECONDS)
