"""What `kubectl get` shows, without kubectl: an API server in memory that is asked over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from testbed.kubectl import Kubectl, KubectlError
from testbed.reader import Question, Reader, ReadError, parse_question
from tests.testbed.hook_server import Reply, hook_server

Manifest = dict[str, Any]
Answer = Callable[[httpx2.Request], httpx2.Response]
POD: Final = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "managedFields": [{}]}}
SHOWN: Final = {**POD, "metadata": {"name": "a"}}
JOB: Final = {"metadata": {"name": "b"}}
PODS: Final = "/api/v1/namespaces/team/pods"


def build_group(name: str, version: str, *resources: Manifest) -> Manifest:
    return {"metadata": {"name": name} if name else {}, "versions": [{"version": version, "resources": resources}]}


def build_resource(kind: str, *short: str, scope: str = "Namespaced") -> Manifest:
    names = {"resource": f"{kind.lower()}s", "singularResource": kind.lower(), "shortNames": list(short)}
    return {**names, "responseKind": {"kind": kind}, "scope": scope}


CORE: Final = build_group("", "v1", build_resource("Pod", "po"), build_resource("Node", scope="Cluster"))
GROUPS: Final = [
    build_group("batch", "v1", build_resource("Job")),
    build_group("example.com", "v1", build_resource("Pod")),
]
ANSWERS: Final = {
    "/api": {"items": [CORE]},
    "/apis": {"items": GROUPS},
    f"{PODS}/a": POD,
    f"{PODS}/b": POD,
    PODS: {"items": [{"metadata": POD["metadata"]}]},
    "/api/v1/pods": {"items": []},
    "/api/v1/nodes/n": {"metadata": {"name": "n"}},
    "/apis/batch/v1/namespaces/team/jobs": {"items": [JOB]},
}


def answer(request: httpx2.Request) -> httpx2.Response:
    found = ANSWERS.get(request.url.path)
    if found is None:
        return httpx2.Response(404, json={"reason": "NotFound", "message": 'pods "x" not found'})
    return httpx2.Response(200, json=found)


def ask(*arguments: str, server: Answer = answer) -> Manifest:
    question = parse_question(["--namespace=team", *arguments])
    assert question is not None
    client = httpx2.Client(transport=httpx2.MockTransport(server), base_url="https://api.example.com")
    with client:
        return Reader(client, "default").read(question)


@pytest.mark.parametrize("kind", ["pod", "pods", "po", "Pod"])
def test_object_has_all_that_kubectl_shows_of_it(kind: str) -> None:
    assert ask(kind, "a") == SHOWN


def test_objects_of_several_names_are_a_list() -> None:
    found = ask("pods", "a", "b")
    assert (found["kind"], found["items"]) == ("List", [SHOWN, SHOWN])


def test_list_says_the_kind_of_each_object() -> None:
    assert ask("pods,jobs")["items"] == [SHOWN, {"apiVersion": "batch/v1", "kind": "Job", **JOB}]


def test_all_namespaces_are_asked_where_that_is_wanted() -> None:
    assert ask("pods", "--all-namespaces")["items"] == []


def test_kind_without_namespaces_is_found_in_any() -> None:
    assert ask("node", "n")["metadata"] == {"name": "n"}


def test_selectors_are_passed_on() -> None:
    asked = []

    def record(request: httpx2.Request) -> httpx2.Response:
        asked.append(dict(request.url.params))
        return answer(request)

    ask("pods", "--selector=app=a,b!=c", "--field-selector=status.phase=Running", server=record)
    assert asked[-1] == {"labelSelector": "app=a,b!=c", "fieldSelector": "status.phase=Running"}


def test_missing_object_is_an_error_in_the_words_of_kubectl() -> None:
    with pytest.raises(ReadError, match=r'^Error from server \(NotFound\): pods "x" not found$'):
        ask("pods", "x")


def test_unknown_kind_is_an_error_until_the_server_has_it() -> None:
    is_there = False

    def answer_later(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/apis" and not is_there:
            return httpx2.Response(200, json={"items": []})
        return answer(request)

    with httpx2.Client(transport=httpx2.MockTransport(answer_later), base_url="https://api.example.com") as client:
        reader, question = Reader(client, "team"), Question(["jobs"], [], None, {})
        with pytest.raises(ReadError, match='the server doesn\'t have a resource type "jobs"'):
            reader.read(question)
        is_there = True
        assert len(reader.read(question)["items"]) == 1


def test_connection_that_has_ended_is_opened_again() -> None:
    failures = [httpx2.RemoteProtocolError("closed")]

    def fail_once(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == f"{PODS}/a" and failures:
            raise failures.pop()
        return answer(request)

    assert ask("pods", "a", server=fail_once) == SHOWN


def test_server_that_does_not_answer_is_an_error() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(ReadError, match="ConnectError: refused"):
        ask("pods", server=fail)


def test_answer_that_is_no_status_is_an_error_with_its_text() -> None:
    with pytest.raises(ReadError, match=r"^Error from server \(503\): busy$"):
        ask("pods", server=lambda _: httpx2.Response(503, text="busy"))


def test_kubectl_with_a_kubeconfig_asks_without_a_process(tmp_path: Path) -> None:
    with hook_server() as api:
        kubectl = write_kubectl(tmp_path, api.url)
        for answered in (ANSWERS["/api"], ANSWERS["/apis"], POD):
            api.replies.append(Reply(200, json.dumps(answered).encode()))
        assert kubectl.within("team").get("pod", "a") == SHOWN
    assert [(path, headers["authorization"]) for _, path, headers, _ in api.calls][-1] == (f"{PODS}/a", "Bearer t")


def test_missing_kubeconfig_is_an_error_of_kubectl(tmp_path: Path) -> None:
    kubectl = Kubectl(["no-such-program"], tmp_path / "kubeconfig")
    assert kubectl.find("pod", "a") is None
    with pytest.raises(KubectlError, match=r"kubectl get pod a: .*No such file"):
        kubectl.get("pod", "a")


def write_kubectl(directory: Path, url: str) -> Kubectl:
    """What finds a server without kubectl: there is no such program."""
    named = {
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    path = directory / "kubeconfig"
    path.write_text(json.dumps({**named, "current-context": "x"}))
    return Kubectl(["no-such-program", f"--kubeconfig={path}"], path)


@pytest.mark.parametrize(
    "arguments",
    [[], ["pod/a"], ["pods", "-l", "a=b"], ["pods", "-A"], ["pod", "a", "--ignore-not-found"], ["--raw=/readyz"],
     ["pods,jobs", "a"], ["pods", "--sort-by=.metadata.name"]],
    ids=" ".join,
)  # fmt: skip
def test_other_questions_are_for_kubectl_itself(arguments: list[str]) -> None:
    assert parse_question(arguments) is None
