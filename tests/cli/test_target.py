"""Which virtual cluster is meant, which flags kubectl is given, and what is said where it fails."""

import pytest

from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import items, running

NOBODY = "The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?"


def test_namespace_can_be_part_of_the_name(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", running())
    assert run("why", "team-b/demo", "-n", "team-a").code == 0
    assert kubectl.calls == ["--namespace=team-b get vk8s demo --output=json"]


def test_flags_of_kubectl_are_passed_on(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", running())
    flags = ("--context", "prod", "--as", "jane", "--as-group", "a", "--as-group", "b", "--request-timeout", "5s")
    assert run("why", "demo", *flags).code == 0
    (call,) = kubectl.calls
    assert call.split()[:5] == ["--context=prod", "--as=jane", "--request-timeout=5s", "--as-group=a", "--as-group=b"]


def test_only_one_needs_no_name(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s --output=json", items(running()))
    assert "Nothing is wrong with demo" in run("why").out


def test_several_without_a_name_are_listed(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s --output=json", items(running(name="a"), running(name="b")))
    ended = run("why", "-n", "team-a")
    assert ended.code == Exit.USAGE
    assert "There are 2 virtual clusters in namespace team-a; write which one: a, b." in ended.err


def test_none_without_a_name_is_said(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s --output=json", items())
    ended = run("why")
    assert ended.code == Exit.NOT_FOUND
    assert "There is no virtual cluster in this namespace. kubectl vk8s list -A" in ended.err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ('Error from server (NotFound): vk8s.vk8s.sktelecom.com "demo" not found', 3, '"demo" not found'),
        (
            'error: the server doesn\'t have a resource type "vk8s"',
            1,
            "does not have the resource Vk8s. Choose another",
        ),
        (f'E1129 11:00:19.284378   24519 memcache.go:265] "Unhandled"\n{NOBODY}', 1, f"kubectl says: {NOBODY}"),
        ("error: context was not found", 1, "error: context was not found"),
    ],
    ids=["there is none", "the product is not installed", "nobody answers", "another error"],
)
def test_errors_of_kubectl_are_explained(error: str, code: int, words: str, kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", error=error)
    ended = run("why", "demo")
    assert ended.code == code
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_kubectl_is_asked_for_where_there_is_none(kubectl: FakeKubectl, run: Run) -> None:
    assert kubectl.calls == []
    ended = run("why", "demo")
    assert ended.code == Exit.FAILED
    assert "kubectl is not on PATH" in ended.err


def test_each_command_is_printed_with_verbose(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", running())
    assert run("why", "demo", "-v").err == "+ kubectl get vk8s demo --output=json\n"


@pytest.mark.parametrize("arguments", [("why", "demo", "extra"), ("nonsense",), ("list", "-o", "xml"), ()])
def test_wrong_usage_asks_nothing_of_the_cluster(arguments: tuple[str, ...], kubectl: FakeKubectl, run: Run) -> None:
    assert run(*arguments).code == Exit.USAGE
    assert kubectl.calls == []
