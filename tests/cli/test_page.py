"""`status -o html`, and the index of a report: one page for a browser that shows everything, and loads nothing."""

import re
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.logs import Line
from kubectl_vk8s.problems import Exit
from kubectl_vk8s.timeline import READY, Step, list_boots
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, items, running, unschedulable
from tests.shared_material import ROOT

GET = "get vk8s demo --output=json"
PODS = "get pods --selector=vk8s.sktelecom.com/vk8s=demo --output=json"
NODE_PODS = "get pods --selector=vk8s.sktelecom.com/vk8s=demo,vk8s.sktelecom.com/node"
ATTACK = '<script src="https://example.com/x.js">'
EMPTY = {"meta", "br", "link", "img", "hr", "input"}
LOG = f"""2026-01-02T03:00:01Z [   0.1 s] Looks at its host.
2026-01-02T03:00:03Z [   2.1 s] Joins, as {ATTACK}.
2026-01-02T03:00:05Z [   4.0 s] {READY}the Node is Ready at 10.0.0.1.
2026-01-09T03:00:05Z [604800.0 s] The API server does not answer.
"""


class Page(HTMLParser):
    """What a browser reads: the tags, all of which have to be closed, and the words between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def select(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all tags of that name."""
        return [attributes for name, attributes in self.tags if name == tag]


def build_pod(name: str) -> Manifest:
    metadata = {"name": name, "labels": {"vk8s.sktelecom.com/node": name}}
    return {"metadata": metadata, "spec": {"nodeName": "h-07"}, "status": {"hostIP": "192.0.2.7"}}


@pytest.fixture
def shown(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster whose worker boots, and both of whose nodes have said something."""
    kubectl.answer(GET, booting())
    kubectl.answer(NODE_PODS, items(build_pod("m"), build_pod("w")))
    kubectl.answer("get pods", items(build_pod("m"), build_pod("w")))
    kubectl.answer("logs w --container=node --tail=1", "[   2.1 s] It joins.\n")
    kubectl.answer("logs m", LOG)
    kubectl.answer("logs w", "2026-01-02T03:00:02Z [   1.0 s] It joins.\n")
    return kubectl


def test_page_says_what_the_terminal_says(shown: FakeKubectl, run: Run) -> None:
    page = Page(run("status", "demo", "-o", "html").out)
    for words in ("team-a/demo", "Installing", "1/2 nodes Ready", "v1.34.4", "h-07", "It joins.", "Cause: ", "Fix: "):
        assert words in page.words
    assert shown.calls


def test_page_loads_and_runs_nothing(shown: FakeKubectl, run: Run) -> None:
    """Whatever messages and logs hold."""
    page = Page(run("status", "demo", "-o", "html").out)
    assert ATTACK in page.words
    assert {"script", "img", "link", "iframe", "object", "form"}.isdisjoint(tag for tag, _ in page.tags)
    assert [each for _, each in page.tags if {"src", "href", "onload"} & each.keys()] == []
    policies = [each["content"] for each in page.select("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    style = re.findall(r"url\(|@import", (ROOT / "kubectl_vk8s" / "page.css").read_text())
    assert style == []
    assert shown.calls


def test_boots_are_drawn_to_one_scale(shown: FakeKubectl, run: Run) -> None:
    bars = Page(run("status", "demo", "-o", "html").out).select("i")
    places = [(each["style"], (each["title"] or "").partition(": ")[2]) for each in bars]
    assert places == [
        ("left:2.50%;width:50.00%", "Looks at its host."),
        ("left:52.50%;width:47.50%", f"Joins, as {ATTACK}."),
        ("left:100.00%;width:0.00%", f"{READY}the Node is Ready at 10.0.0.1."),
        ("left:25.00%;width:0.00%", "It joins."),
    ]
    assert shown.calls


def test_boot_ends_with_the_sentence_of_the_nodes() -> None:
    """It is the same as in the script that says it, and what a node says later is not part of the boot."""
    assert f'say "{READY}the Node is Ready at' in (ROOT / "hooks" / "vk8s" / "bootstrap" / "watcher.sh").read_text()
    lines = [Line("", "m", text.partition(" ")[2]) for text in LOG.splitlines()]
    assert list_boots(lines)["m"][-1] == Step(4.0, 4.0, f"{READY}the Node is Ready at 10.0.0.1.")
    assert list_boots([Line("", "m", "words of a program")]) == {}


def test_page_of_a_cluster_that_runs_has_no_problems(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, running())
    kubectl.answer("get pods", items())
    page = Page(run("status", "demo", "-o", "html").out)
    assert "What is not right" not in page.words
    assert "Boots" not in page.words


def test_page_says_what_could_not_be_read(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, unschedulable())
    kubectl.answer(PODS, items())
    kubectl.refuse(NODE_PODS, "Forbidden", "pods is forbidden")
    page = Page(run("status", "demo", "-o", "html").out)
    assert "?: the logs could not be read: pods is forbidden" in page.words


def test_page_is_not_shown_again(kubectl: FakeKubectl, run: Run) -> None:
    ended = run("status", "demo", "-o", "html", "--watch")
    assert ended.code == Exit.USAGE
    assert kubectl.calls == []


def test_index_of_a_report_leads_to_all_of_its_files(shown: FakeKubectl, run: Run, tmp_path: Path) -> None:
    shown.answer("version", {})
    shown.answer("get", items())
    file = tmp_path / "report.tar.gz"
    assert run("report", "demo", "--file", str(file)).code == Exit.DONE
    with tarfile.open(file) as archive:
        names = {member.name.partition("/")[2]: member for member in archive.getmembers()}
        index = archive.extractfile(names["index.html"])
        assert index
        page = Page(index.read().decode())
    assert {each["href"] for each in page.select("a")} == names.keys() - {"index.html"}
    assert "It joins." in page.words
    assert len(page.select("i")) == 4
