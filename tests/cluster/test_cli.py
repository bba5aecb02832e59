"""`kubectl vk8s` as a plugin of kubectl, against a real API server."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from kubectl_vk8s.problems import Exit
from testbed.host_cluster import HostCluster
from testbed.layout import ROOT
from testbed.waiting import patient
from tests.cluster.owner import Owner, build_vk8s

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
    for name in ("kubectl-vk8s", "kubectl_complete-vk8s"):
        program = tmp_path / name
        program.write_text(
            f'#!{sys.executable}\nimport sys\nsys.path.insert(0, "{ROOT}")\n'
            "from kubectl_vk8s.__main__ import main\nsys.exit(main())\n"
        )
        program.chmod(0o755)
    path = f"{tmp_path}:{controlled.binaries}:{os.environ['PATH']}"
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
