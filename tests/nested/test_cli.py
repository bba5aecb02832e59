"""`kubectl vk8s connect` and `ssh` to a real virtual cluster: nothing but kubectl leads there."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_vk8s.tunnel.place import get_directory
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.cli import Plugin, install_plugin
from tests.nested.virtual import VirtualCluster

GET_NODES = ("kubectl", "get", "nodes", "--output=name")
SECONDS = 90


@pytest.fixture
def plugin(running: VirtualCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """The plugin, a copy of the kubeconfig, and no contexts or tunnels left afterwards."""
    host = running.host
    environment = dict(host.environment)
    kubeconfig = tmp_path / "kubeconfig"
    shown = running.kubectl.run("config", "view", "--raw", "--flatten", "--minify")
    kubeconfig.write_text(shown)
    kubeconfig.chmod(0o600)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    path = f"{install_plugin(tmp_path)}:{environment.get('PATH', os.environ['PATH'])}"
    own = {**os.environ, **environment, "PATH": path, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path)}
    plugin = Plugin(own)
    yield plugin
    plugin.run("kubectl", "vk8s", "disconnect", "--all")


def list_nodes(virtual: VirtualCluster) -> list[str]:
    return sorted(f"node/{name}" for name in virtual.nodes)


def connect(plugin: Plugin, virtual: VirtualCluster) -> str:
    """The context that `connect` has added."""
    target = f"{virtual.host.namespace}/{virtual.name}"
    before = plugin.run("kubectl", "config", "current-context").stdout
    connected = plugin.run("kubectl", "vk8s", "connect", target)
    assert connected.returncode == 0, connected.stderr
    assert plugin.run("kubectl", "config", "current-context").stdout == before
    names = plugin.run("kubectl", "config", "get-contexts", "--output=name").stdout.split()
    (context,) = [name for name in names if name.startswith("vk8s_")]
    return context


def test_command_runs_in_the_virtual_cluster_and_its_exit_code_is_returned(
    plugin: Plugin, running: VirtualCluster
) -> None:
    target = f"{running.host.namespace}/{running.name}"
    start = time.monotonic()
    shown = plugin.run("kubectl", "vk8s", "connect", target, "--", *GET_NODES)
    record("cli_connect_s", time.monotonic() - start)
    assert shown.returncode == 0, shown.stderr
    assert sorted(shown.stdout.split()) == list_nodes(running)
    assert plugin.run("kubectl", "vk8s", "connect", target, "--", "sh", "-c", "exit 7").returncode == 7


def test_context_finds_its_way_again_after_its_tunnel_was_killed(plugin: Plugin, running: VirtualCluster) -> None:
    context = connect(plugin, running)
    get = (*GET_NODES, f"--context={context}")
    assert sorted(plugin.run(*get).stdout.split()) == list_nodes(running)
    (report,) = get_directory().glob("*.report")
    os.kill(json.loads(report.read_text())["pid"], signal.SIGKILL)
    again = plugin.run(*get)
    assert sorted(again.stdout.split()) == list_nodes(running), again.stderr


def test_context_holds_no_key(plugin: Plugin, running: VirtualCluster) -> None:
    context = connect(plugin, running)
    view = plugin.run("kubectl", "config", "view", "--raw", "--output=json")
    (user,) = [each["user"] for each in json.loads(view.stdout)["users"] if each["name"] == context]
    assert list(user) == ["exec"]


@pytest.mark.nightly("tests/cli/test_tunnel.py")
def test_context_outlives_the_pod_of_the_control_plane(plugin: Plugin, running: VirtualCluster) -> None:
    context = connect(plugin, running)
    get = (*GET_NODES, f"--context={context}")
    assert plugin.run(*get).returncode == 0
    running.replace_pod(running.nodes[0], SECONDS)
    # An API server that has just started knows its roles a moment later.
    wait_for("an answer", lambda: sorted(plugin.run(*get).stdout.split()) == list_nodes(running), SECONDS)


def test_disconnect_leaves_neither_context_nor_tunnel(plugin: Plugin, running: VirtualCluster) -> None:
    connect(plugin, running)
    ended = plugin.run("kubectl", "vk8s", "disconnect", running.name)
    assert ended.returncode == 0, ended.stderr
    names = plugin.run("kubectl", "config", "get-contexts", "--output=name").stdout.split()
    assert [name for name in names if name.startswith("vk8s_")] == []
    assert list(get_directory().glob("*.report")) == []


def test_shell_of_the_access_pod_is_reached_by_ssh(plugin: Plugin, running: VirtualCluster) -> None:
    running.kubectl.run("wait", f"vk8s/{running.name}", "--for=condition=AccessReady", f"--timeout={SECONDS}s")
    target = f"{running.host.namespace}/{running.name}"
    address = running.host.client.address
    shown = plugin.run("kubectl", "vk8s", "ssh", target, "--address", address, "--", *GET_NODES)
    assert sorted(shown.stdout.split()) == list_nodes(running), shown.stderr


def test_logs_of_all_nodes_end_with_their_being_ready(plugin: Plugin, running: VirtualCluster) -> None:
    shown = plugin.run("kubectl", "vk8s", "logs", f"{running.host.namespace}/{running.name}")
    ready = {line.split()[1] for line in shown.stdout.splitlines() if "] Ready: the Node is Ready at" in line}
    assert ready == set(running.nodes)
