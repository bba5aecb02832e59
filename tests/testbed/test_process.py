"""The process: what it refuses, and how it ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testbed.metacontroller.__main__ import main, parse_arguments
from tests.shared_material import ROOT
from tests.testbed.hook_server import Reply, hook_server

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""
PROCESS = [sys.executable, "-m", "testbed.metacontroller"]
CONTROLLERS = str(ROOT / "metacontroller" / "vk8s.yaml")


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    return str(path)


def test_defaults_are_those_of_the_original() -> None:
    options = parse_arguments(["--kubeconfig", "a", "--controllers", "b"])
    assert (options.workers, options.client_go_qps, options.client_go_burst) == (5, 5, 10)
    assert (options.discovery_interval, options.cache_flush_interval, options.cache_delay) == (30, 1800, 0)


@pytest.mark.parametrize(
    ("controllers", "sentence"),
    [
        ("kind: DecoratorController", "DecoratorControllers are not implemented"),
        ("kind: ConfigMap", "there is no CompositeController in it"),
    ],
    ids=["an unknown kind of controller", "no controller"],
)
def test_rejected_argument_is_reported_at_the_start(
    kubeconfig: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], controllers: str, sentence: str
) -> None:
    file = tmp_path / "controllers.yaml"
    file.write_text(controllers)
    assert main(["--kubeconfig", kubeconfig, "--controllers", str(file)]) == 1
    assert sentence in capsys.readouterr().err


def test_kubeconfig_that_is_not_there_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kubeconfig", str(tmp_path / "none"), "--controllers", CONTROLLERS]) == 1
    assert "not a kubeconfig that can be used" in capsys.readouterr().err


def test_missing_right_ends_the_program(tmp_path: Path) -> None:
    reply = Reply(403, b'{"kind":"Status","reason":"Forbidden","message":"no"}')
    with hook_server(*[reply] * 99) as server:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(KUBECONFIG.replace("http://127.0.0.1:9", server.url))
        command = [*PROCESS, "--kubeconfig", str(kubeconfig), "--controllers", CONTROLLERS]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert "403 Forbidden: the original needs that right" in result.stderr


def test_sigterm_ends_it_at_once_and_well(kubeconfig: str) -> None:
    command = [*PROCESS, "--kubeconfig", kubeconfig, "--controllers", CONTROLLERS]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "CompositeController vk8s: waiting: " in process.stderr.readline()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 1
