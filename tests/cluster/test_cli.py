"""`kubectl vk8s` as a plugin of kubectl, against a real API server."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from kubectl_vk8s.problems import Exit
from testbed.host_cluster import HostCluster
from testbed.waiting import patient
from tests.cluster.owner import Owner, build_vk8s
from tests.nested.cli import install_plugin

SECONDS = 60
IMAGES = ("--registry", "registry.example.com")
Result = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Cli:
    """The command in one namespace, called by kubectl."""

    environment: dict[str, str]
    namespace: str

    def run(self, command: str, *arguments: str, stdin: str = "") -> Result:
        """Runs `kubectl vk8s COMMAND ARGUMENTS`."""
        words = ["kubectl", "vk8s", command, *arguments, f"--namespace={self.namespace}"]
        return subprocess.run(
            words, env=self.environment, input=stdin, capture_output=True, text=True, check=False,
            timeout=patient(SECONDS),
        )  # fmt: skip


@pytest.fixture
def cli(controlled: HostCluster, owner: Owner, tmp_path: Path) -> Cli:
    """The command on PATH, next to kubectl, for the namespace of the owner."""
    path = f"{install_plugin(tmp_path)}:{controlled.binaries}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "KUBECONFIG": str(controlled.testbed.kubeconfig)}
    return Cli(environment, owner.namespace)


@contextmanager
def playing_kubelet(owner: Owner, *pods: str) -> Iterator[None]:
    """Meanwhile these pods get Ready as soon as they exist."""

    def play() -> None:
        owner.wait_for_children(*(f"Pod/{pod}" for pod in pods))
        for pod in pods:
            owner.play_kubelet(pod)

    thread = threading.Thread(target=play)
    thread.start()
    yield
    thread.join()


def test_cluster_is_created_shown_and_deleted(cli: Cli, owner: Owner) -> None:
    with playing_kubelet(owner, "demo-master", "demo-worker-1", "demo-worker-2"):
        created = cli.run("create", "demo", *IMAGES, "--workers", "2", "--cpu", "2", "--memory", "4Gi")
    assert created.returncode == Exit.DONE, created.stderr
    assert created.stdout.startswith("demo is Running, after ")
    assert created.stderr.startswith(
        f"demo: Kubernetes v1.34.4, a control-plane node and 2 workers, in namespace {owner.namespace}\n"
    )
    (line,) = cli.run("list").stdout.splitlines()[1:]
    assert line.split()[:4] == ["demo", "Running", "3/3", "v1.34.4"]
    page = cli.run("status", "demo").stdout.splitlines()
    assert page[3].split() == ["demo-master", "master", "Ready", "10.200.0.9", "2/4Gi"]
    assert cli.run("why").stdout == "Nothing is wrong with demo: 3 of 3 nodes are Ready.\n"
    assert cli.run("logs").stdout == ""
    deleted = cli.run("delete", "demo", "--yes")
    assert deleted.returncode == Exit.DONE, deleted.stderr
    assert owner.kubectl.find("vk8s", "demo") is None


def test_kubeconfig_is_that_of_the_secret(cli: Cli, owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s())
    owner.wait_for_children("Secret/demo-kubeconfig")
    printed = yaml.safe_load(cli.run("kubeconfig", "demo").stdout)
    assert printed["clusters"][0]["cluster"]["server"].startswith(f"https://demo-api.{owner.namespace}.svc")


def test_rejection_of_the_api_server_is_passed_on(cli: Cli) -> None:
    result = cli.run("create", "1a", *IMAGES)
    assert result.returncode == Exit.FAILED
    assert result.stderr.startswith('error: The Vk8s "1a" is invalid: metadata.name: write a name of at most 52')


def test_end_of_the_wait_says_what_is_waited_for(cli: Cli) -> None:
    result = cli.run("create", "demo", *IMAGES, "--workers", "0", "--timeout", "5s")
    assert result.returncode == Exit.NOT_READY
    assert "demo-master can't be scheduled: no nodes available to schedule pods." in result.stderr
    why = cli.run("why", "demo")
    assert why.returncode == Exit.NEEDS_YOU
    assert "ControlPlaneReady: Unschedulable\n" in why.stdout


def test_dry_run_prints_what_can_be_created(cli: Cli, owner: Owner) -> None:
    text = cli.run("create", "demo", *IMAGES, "--dry-run").stdout
    owner.kubectl.run("create", "--filename=-", stdin=text)
    assert cli.run("create", "-f", "-", stdin=text).stderr.endswith('"demo" already exists\n')


def test_kubectl_completes_names_with_their_phases(cli: Cli, owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s())
    owner.wait_for_reason("ControlPlaneReady", "Unschedulable")
    words = ["kubectl", "__complete", "vk8s", "status", "--namespace", owner.namespace, "d"]
    completed = subprocess.run(words, env=cli.environment, capture_output=True, text=True, check=True)
    assert completed.stdout == "demo\tInstalling\n:4\n"


SERVER = ("--server", "https://api.example.com:6443")


@pytest.fixture
def connected(cli: Cli, owner: Owner, tmp_path: Path) -> Cli:
    """A Vk8s, and a KUBECONFIG of two files, the first of which does not exist yet."""
    owner.kubectl.apply(build_vk8s())
    owner.wait_for_children("Secret/demo-kubeconfig")
    kubeconfig = f"{tmp_path / 'own'}:{tmp_path / 'host'}"
    (tmp_path / "host").write_text(Path(cli.environment["KUBECONFIG"]).read_text())
    return Cli({**cli.environment, "KUBECONFIG": kubeconfig, "XDG_RUNTIME_DIR": str(tmp_path)}, cli.namespace)


def config(cli: Cli, *arguments: str) -> str:
    words = ["kubectl", "config", *arguments]
    return subprocess.run(words, env=cli.environment, capture_output=True, text=True, check=True).stdout.strip()


def test_context_is_added_and_the_current_one_stays(connected: Cli) -> None:
    before = config(connected, "current-context")
    result = connected.run("connect", "demo", *SERVER)
    assert result.returncode == Exit.DONE, result.stderr
    name = f"vk8s_{before}_{connected.namespace}_demo"
    assert f"kubectl --context {name} get nodes" in result.stderr
    assert config(connected, "current-context") == before
    assert name in config(connected, "get-contexts", "--output=name").split()


def test_context_is_removed_and_the_one_before_is_current_again(connected: Cli) -> None:
    before = config(connected, "current-context")
    assert connected.run("connect", "demo", "--switch", *SERVER).returncode == Exit.DONE
    assert config(connected, "current-context") == f"vk8s_{before}_{connected.namespace}_demo"
    assert connected.run("disconnect", "demo").returncode == Exit.DONE
    assert config(connected, "current-context") == before
    assert config(connected, "get-contexts", "--output=name").split() == [before]
    assert connected.run("disconnect", "demo").returncode == Exit.NOT_FOUND


def test_printed_kubeconfig_asks_for_the_certificate(connected: Cli) -> None:
    printed = yaml.safe_load(connected.run("connect", "demo", "--print", *SERVER).stdout)
    (user,) = [each["user"]["exec"] for each in printed["users"]]
    assert printed["clusters"][0]["cluster"]["server"] == SERVER[1]
    arguments = [user["command"], *user["args"]]
    environment = {**connected.environment, **{each["name"]: each["value"] for each in user["env"]}}
    credential = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert "BEGIN CERTIFICATE" in json.loads(credential.stdout)["status"]["clientCertificateData"]


def test_missing_right_is_named(connected: Cli, owner: Owner) -> None:
    owner.kubectl.run("create", "role", "vk8s-view", "--verb=get", "--resource=vk8s.vk8s.sktelecom.com")
    owner.kubectl.run("create", "rolebinding", "look-here", "--role=vk8s-view", "--user=jane")
    result = connected.run("kubeconfig", "demo", "--as", "jane")
    assert result.returncode == Exit.FAILED
    assert "You may not read Secret demo-kubeconfig, so you can't connect to demo." in result.stderr


def test_images_come_from_the_defaults_of_an_administrator(cli: Cli, owner: Owner) -> None:
    system = owner.kubectl.within("vk8s-system")
    system.run("create", "configmap", "vk8s-defaults", "--from-literal=registry=r.example.com")
    try:
        assert "image: r.example.com/vk8s/kink:v1.34.4\n" in cli.run("create", "demo", "--dry-run").stdout
    finally:
        system.run("delete", "configmap", "vk8s-defaults")


def test_workers_are_added_and_removed_and_nodes_upgraded(cli: Cli, owner: Owner) -> None:
    owner.run_cluster()
    assert cli.run("scale", "demo", "--add", "2", "--no-wait").returncode == Exit.DONE
    owner.wait_for_children("Pod/demo-worker-1", "Pod/demo-worker-2")
    upgraded = cli.run("upgrade", "demo", "--version", "v1.34.9", "--yes", "--no-wait")
    assert upgraded.returncode == Exit.DONE, upgraded.stderr
    tags = {node["image"].rpartition(":")[2] for node in owner.kubectl.get("vk8s", "demo")["spec"]["nodes"]}
    assert tags == {"v1.34.9"}
    assert cli.run("pause", "demo").stdout.startswith("demo is paused, after ")
