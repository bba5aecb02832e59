"""The bench itself: what it promises to the tests of the bootstrap files."""

import re

from tests.unit.vk8s.bootstrap.bench import ENDED_BY_BENCH, Node, answer, refuse

# An absolute path of two parts, at the start of a word; what follows a variable or belongs to a URL does not count.
PATH = re.compile(r"(?<![\w$}*.\])/@-])(?<![\w}]\")/\w+/[$\w][\w./]*")
HARMLESS = {"/bin/bash", "/dev/null", "/proc/$process/comm"}
# Of the API, of etcd, and within an object.
REQUESTS = {"/api/v1/namespaces/kube", "/registry/$key", "/registry/minions/", "/data/token"}


def test_no_script_reaches_outside_of_the_directory(node: Node) -> None:
    outside = set()
    for path in (node.root / "vk8s" / "boot").glob("*.sh"):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        outside |= set(PATH.findall("\n".join(lines).replace(f"{node.root}/", "@")))
    assert outside <= HARMLESS | REQUESTS


def test_time_passes_only_while_a_script_sleeps(node: Node) -> None:
    """And what is planned for a moment happens then."""
    node.write(
        "vk8s/boot/any.sh",
        'echo "$SECONDS"; sleep 1.5; echo "$EPOCHREALTIME"; until [[ -e there ]]; do sleep 0.3; done; echo $SECONDS',
    )
    ended = node.run("any.sh", {20: "touch there"})
    assert (ended.code, ended.output.split()) == (0, ["0", "1000000001.500000", "20"])


def test_script_that_never_ends_is_ended(node: Node) -> None:
    node.write("vk8s/boot/any.sh", "while true; do sleep 1; done")
    assert node.run("any.sh", limit=1000).code == ENDED_BY_BENCH


def test_curl_answers_what_a_test_has_said(node: Node) -> None:
    node.write(
        "vk8s/boot/any.sh",
        "url=https://demo-api:6443/a/b\n"
        "curl -s $url?c=d; curl -s --write-out '\\n%{http_code}\\n' $url; sleep 1\n"
        "curl -s --output /dev/null --write-out '%{http_code}' --request PATCH --data '{}' $url || echo \" $?\"",
    )
    ended = node.run("any.sh", {0: answer("/a/b", "yes", status=404), 1: refuse("/a/b", 28, method="PATCH")})
    assert ended.output == "yesyes\n404\n000 28\n"
    assert [call.split()[0] for call in ended.calls] == ["curl"] * 3
