"""`kubeconfig`: what the hooks have written, and the same with another server."""

import re
from base64 import b64encode

import pytest
import yaml

from kubectl_vk8s.credentials import Credentials
from kubectl_vk8s.problems import Exit, ProblemError
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import SECRET, running


@pytest.fixture
def connected(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster with its Secret."""
    kubectl.answer("get vk8s demo", running())
    kubectl.answer("get secret demo-kubeconfig", SECRET)
    return kubectl


def test_kubeconfig_is_that_of_the_secret(connected: FakeKubectl, run: Run) -> None:
    out = run("kubeconfig", "demo").out
    assert b64encode(out.encode()).decode() == SECRET["data"]["value"]
    assert connected.calls[1].startswith("--namespace=team-a ")


def test_server_of_the_kubeconfig_can_be_another(connected: FakeKubectl, run: Run) -> None:
    before = yaml.safe_load(run("kubeconfig", "demo").out)
    after = yaml.safe_load(run("kubeconfig", "demo", "--server", "https://api.example.com:6443").out)
    assert after["clusters"][0]["cluster"] == {
        **before["clusters"][0]["cluster"],
        "server": "https://api.example.com:6443",
    }
    assert after["users"] == before["users"]
    assert connected.calls


def test_all_parts_are_read_from_what_the_hooks_write(connected: FakeKubectl, run: Run) -> None:
    text = run("kubeconfig", "demo").out
    credentials, parsed = Credentials(text), yaml.safe_load(text)
    cluster = parsed["clusters"][0]["cluster"]
    assert credentials.authority == cluster["certificate-authority-data"]
    assert credentials.server_name == cluster["tls-server-name"]
    assert credentials.certificate.startswith("-----BEGIN CERTIFICATE-----")
    assert re.match(r"-----BEGIN (EC )?PRIVATE KEY-----", credentials.key)
    assert connected.calls


def test_missing_part_is_named() -> None:
    with pytest.raises(ProblemError, match="has no client-key-data: somebody has changed it"):
        _ = Credentials("users: []").key


def test_missing_right_is_explained(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", running())
    kubectl.refuse("get secret demo-kubeconfig", "Forbidden", "secrets is forbidden")
    ended = run("kubeconfig", "demo")
    assert ended.code == Exit.FAILED
    assert "You may not read Secret demo-kubeconfig, so you can't connect to demo." in ended.err


def test_other_errors_are_said(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", running())
    kubectl.refuse("get secret demo-kubeconfig", "InternalError", "etcd is slow")
    assert run("kubeconfig", "demo").err == "error: etcd is slow\n"


@pytest.mark.parametrize("has_data", [True, False])
def test_secret_that_is_not_there_yet_is_waited_for(kubectl: FakeKubectl, run: Run, *, has_data: bool) -> None:
    kubectl.answer("get vk8s demo", running())
    if has_data:
        kubectl.answer("get secret", {"data": {}})
    else:
        kubectl.refuse("get secret", "NotFound", "not found")
    ended = run("kubeconfig", "demo")
    assert ended.code == Exit.NOT_FOUND
    assert "demo has no kubeconfig yet" in ended.err
