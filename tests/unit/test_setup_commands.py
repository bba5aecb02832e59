"""`python -m hooks setup` and `guard` as a Job runs them: the exit code, and what is printed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hooks import __main__ as command
from hooks.__main__ import main
from hooks.setup.metacontroller import CRD
from tests.unit.setup.fake_api import TOKEN, FakeApi, serve_api
from tests.unit.setup.test_metacontroller import CRDS, PATH

VK8S = "/apis/vk8s.sktelecom.com/v1alpha1/namespaces/team-a/vk8s/demo"
SYSTEM = "/api/v1/namespaces/vk8s-system"
Run = Callable[..., int]


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with serve_api() as server:
        server.put(PATH, spec=CRDS[CRD]["spec"])
        yield server


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a pod has of its ServiceAccount."""
    monkeypatch.setattr(command, "_ACCOUNT", tmp_path)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "namespace").write_text("vk8s-system")
    return tmp_path


@pytest.fixture
def run(server: FakeApi, account: Path) -> Run:
    """A command, in a pod of a cluster with that API server."""
    assert account.exists()
    return lambda *arguments: main([*arguments, f"--server={server.url}"])


def test_setup_prepares_the_namespace_of_its_pod(server: FakeApi, run: Run) -> None:
    assert run("setup") == 0
    assert {f"{SYSTEM}/secrets/vk8s-hooks", f"{SYSTEM}/secrets/vk8s-hooks-client"} < server.objects.keys()
    assert f"{SYSTEM}/configmaps/vk8s-hooks-host" in server.objects


def test_setup_does_what_it_is_given(server: FakeApi, run: Run) -> None:
    options = ("--namespace=other", "--keys=token", "--hooks-secret=mine", "--client-secret=theirs")
    settings = ("--host-cidrs=10.0.0.0/8", "--kubeflow-installer-image=installer:{version}", "--other-metacontroller")
    assert run("setup", *options, *settings) == 0
    assert set(server.objects["/api/v1/namespaces/other/secrets/mine"]["data"]) == {"tokens"}
    assert set(server.objects["/api/v1/namespaces/other/secrets/theirs"]["data"]) == {"token"}
    data = server.objects["/api/v1/namespaces/other/configmaps/vk8s-hooks-host"]["data"]
    assert data["VK8S_SETTING_HOST_CIDRS"] == "10.0.0.0/8"
    assert data["VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE"] == "installer:{version}"


def test_problem_of_the_setup_is_printed(server: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    del server.objects[PATH]
    assert run("setup") == 1
    assert capsys.readouterr().err.startswith("Metacontroller's CRDs are not in this cluster.")


def test_rejected_call_is_printed(server: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    server.instead[f"GET {PATH}"] = lambda: (403, b'{"message": "forbidden: ask your administrator"}')
    assert run("setup") == 1
    assert capsys.readouterr().err == f"GET {PATH}: forbidden: ask your administrator\n"


def test_server_that_does_not_answer_has_an_exit_code_of_its_own(server: FakeApi, run: Run) -> None:
    server.instead[f"GET {PATH}"] = lambda: (503, b"{}")
    assert run("setup") == 3


def test_pod_without_a_token_is_reported(account: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (account / "token").unlink()
    assert main(["guard"]) == 1
    assert str(account / "token") in capsys.readouterr().err


def test_guard_lets_an_empty_cluster_go(run: Run) -> None:
    assert run("guard") == 0


def test_guard_stops_while_there_is_a_virtual_cluster(
    server: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put(VK8S)
    assert run("guard") == 1
    assert "vk8s team-a/demo" in capsys.readouterr().err
    assert VK8S in server.objects


def test_guard_deletes_where_it_may(server: FakeApi, run: Run) -> None:
    server.put(VK8S)
    assert run("guard", "--delete", "--timeout=5") == 0
    assert VK8S not in server.objects


def test_guard_gives_up_after_its_time(server: FakeApi, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    server.put(VK8S)
    server.instead[f"DELETE {VK8S}"] = lambda: (200, b"{}")
    assert run("guard", "--delete", "--timeout=0") == 1
    assert "These still exist: team-a/demo" in capsys.readouterr().err
