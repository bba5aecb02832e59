"""`ssh`: how the access pod is reached, and by which keys both ends know each other."""

import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import items, running


@pytest.fixture
def reachable(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster with an access pod, and an ssh that writes down its arguments."""
    vk8s = running()
    vk8s["spec"] = {**vk8s["spec"], "accessPodImage": "r/access:v1.34.4", "accessPodPort": 30022}
    vk8s["status"] = {**vk8s["status"], "endpoints": {"ssh": 30022}}
    kubectl.answer("get vk8s demo", vk8s)
    kubectl.answer("get pods", items({"metadata": {"name": "m"}, "spec": {}, "status": {"hostIP": "192.0.2.7"}}))
    secret = {"id_ecdsa": "KEY\n", "ssh_host_ecdsa_key.pub": "ecdsa-sha2 AAAA\n"}
    kubectl.answer(
        "get secret demo-ssh", {"data": {key: b64encode(text.encode()).decode() for key, text in secret.items()}}
    )
    ssh = kubectl.directory / "bin" / "ssh"
    ssh.write_text(
        f'#!/bin/bash\necho "$@" >{kubectl.directory}/ssh\nfor word; do case $word in '
        f'-oUserKnownHostsFile=*) cat "${{word#*=}}" >{kubectl.directory}/hosts ;; '
        f'*/key) cat "$word" >{kubectl.directory}/key ;; esac; done\nexit 3\n'
    )
    ssh.chmod(0o755)
    return kubectl


def test_ssh_knows_host_and_key_from_the_secret(reachable: FakeKubectl, run: Run) -> None:
    assert run("ssh", "demo", "--", "kubectl", "get", "nodes").code == 3
    words = (reachable.directory / "ssh").read_text()
    assert words.startswith("-p 30022 ")
    assert words.endswith(" -oIdentitiesOnly=yes root@192.0.2.7 kubectl get nodes\n")
    assert (reachable.directory / "hosts").read_text() == "[192.0.2.7]:30022 ecdsa-sha2 AAAA\n"
    assert (reachable.directory / "key").read_text() == "KEY\n"


def test_ssh_takes_a_key_and_an_address_of_the_user(reachable: FakeKubectl, run: Run) -> None:
    run("ssh", "demo", "-i", "my.key", "--address", "example.com")
    assert (reachable.directory / "ssh").read_text().endswith("-i my.key root@example.com\n")


def test_own_keys_are_used_where_the_spec_names_keys(reachable: FakeKubectl, run: Run) -> None:
    vk8s = running()
    vk8s["spec"] = {**vk8s["spec"], "accessPodImage": "r/access", "access": {"authorizedKeys": ["ssh-ed25519 AAAA"]}}
    vk8s["status"] = {**vk8s["status"], "endpoints": {"ssh": 30022}}
    reachable.answer_first("get vk8s demo", vk8s)
    run("ssh", "demo")
    assert " -i " not in (reachable.directory / "ssh").read_text()


def test_ssh_without_a_port_goes_through_kubectl(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", {**running(), "spec": {**running()["spec"], "accessPodImage": "r/access"}})
    kubectl.answer("exec --stdin demo-access-pod -- true", code=4)
    ended = run("ssh", "demo", "--", "true")
    assert ended.code == 4
    assert "demo has no accessPodPort: this shell comes by `kubectl exec`." in ended.err


@pytest.mark.parametrize(
    ("usual", "spare", "chosen"),
    [("False", "True", "demo--access-pod"), ("True", "True", "demo-access-pod"), ("False", "False", "demo-access-pod")],
    ids=["the spare one alone", "both", "none"],
)
def test_shell_opens_in_the_access_pod_that_is_ready(
    kubectl: FakeKubectl, run: Run, usual: str, spare: str, chosen: str
) -> None:
    kubectl.answer("get vk8s demo", {**running(), "spec": {**running()["spec"], "accessPodImage": "r/access"}})
    kubectl.answer("get pods", items(build_pod("demo-access-pod", usual, ""), build_pod("demo--access-pod", spare, "")))
    kubectl.answer(f"exec --stdin {chosen} -- true", code=4)
    assert run("ssh", "demo", "--", "true").code == 4


def test_ssh_prefers_the_host_of_a_ready_pod(reachable: FakeKubectl, run: Run) -> None:
    """The first host may be lost."""
    reachable.answer_first("get pods", items(build_pod("m", "False", "192.0.2.1"), build_pod("w", "True", "192.0.2.2")))
    run("ssh", "demo")
    assert (reachable.directory / "ssh").read_text().endswith(" root@192.0.2.2\n")


def build_pod(name: str, ready: str, host: str) -> Manifest:
    status = {"hostIP": host, "conditions": [{"type": "Ready", "status": ready}]}
    return {"metadata": {"name": name}, "spec": {}, "status": status}


def test_ssh_without_an_access_pod_says_what_else_there_is(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", running())
    assert "demo has no access pod: write spec.accessPodImage, or" in run("ssh", "demo").err


def test_ssh_needs_an_address_and_a_program(reachable: FakeKubectl, run: Run) -> None:
    (reachable.directory / "bin" / "ssh").unlink()
    assert "There is no ssh on PATH." in run("ssh", "demo").err
    reachable.answer_first("get pods", items())
    assert "write --address" in run("ssh", "demo").err


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files of this user stay."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "vk8s"


def test_command_that_is_printed_works_as_it_is(reachable: FakeKubectl, run: Run, home: Path) -> None:
    ended = run("ssh", "demo", "--print", "--", "echo", "a b")
    assert ended.code == Exit.DONE
    assert not (reachable.directory / "ssh").exists()
    subprocess.run(["bash", "-c", ended.out], check=False)
    assert (reachable.directory / "ssh").read_text().endswith(" root@192.0.2.7 echo a b\n")
    assert (reachable.directory / "hosts").read_text() == "[192.0.2.7]:30022 ecdsa-sha2 AAAA\n"
    assert (reachable.directory / "key").read_text() == "KEY\n"
    modes = {file.name: file.stat().st_mode & 0o777 for file in home.rglob("ssh-*/*")}
    assert modes == {"known_hosts": 0o600, "key": 0o600}


def test_nothing_stays_of_an_ssh_that_is_run(reachable: FakeKubectl, run: Run, home: Path) -> None:
    assert run("ssh", "demo").code == 3
    assert (reachable.directory / "key").exists()
    assert not home.exists()


def test_printed_shell_without_a_port_is_one_of_kubectl(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", {**running(), "spec": {**running()["spec"], "accessPodImage": "r/access"}})
    printed = run("ssh", "demo", "--print").out
    assert printed == "kubectl --namespace=team-a exec --stdin --tty demo-access-pod -- bash --login\n"
