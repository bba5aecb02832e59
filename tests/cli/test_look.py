"""`list`, `status` and `why`: what is printed of a virtual cluster, for people and for programs."""

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, items, rejected, replicated, running, unschedulable, untouched, with_one_down

GET = "get vk8s demo --output=json"
PODS = "get pods --selector=vk8s.sktelecom.com/vk8s=demo"
STATES = {"running": running, "booting": booting, "unschedulable": unschedulable, "rejected": rejected}


@pytest.fixture
def boots(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster whose worker boots."""
    kubectl.answer(GET, booting())
    kubectl.answer(PODS, items(build_pod("m", "h-07"), build_pod("w", "h-03")))
    kubectl.answer("logs w --container=node --tail=1", "[   2.1 s] This node joins its cluster at demo-api.\n")
    return kubectl


def build_pod(name: str, host: str) -> Manifest:
    return {"metadata": {"name": name}, "spec": {"nodeName": host}, "status": {"hostIP": "192.0.2.7"}}


def test_list_has_one_line_each_and_no_colours_in_a_pipe(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s --all-namespaces", items(running(name="a"), unschedulable()))
    lines = run("list", "-A").out.splitlines()
    assert lines[0].split() == ["NAMESPACE", "NAME", "PHASE", "NODES", "VERSION", "AGE", "MESSAGE"]
    assert lines[1].split()[:5] == ["team-a", "a", "Running", "2/2", "v1.34.4"]
    assert lines[2].split()[:4] == ["team-a", "demo", "Installing", "1/2"]
    assert "w can't be scheduled: 0/3 nodes are available: 3 Insufficient cpu" in lines[2]
    assert "\x1b" not in "".join(lines)


def test_list_is_coloured_where_that_is_asked_for(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s", items(running(), unschedulable()))
    out = run("list", "--color=always").out
    assert "\x1b[32mRunning\x1b[0m" in out
    assert "\x1b[31mInstalling\x1b[0m" in out


def test_list_for_programs_has_ages_in_seconds(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s", items(running()))
    (found,) = run("list", "-o", "json").json
    assert found["ageSeconds"] > 0
    assert (found["namespace"], found["name"], found["phase"]) == ("team-a", "demo", "Running")


@pytest.mark.parametrize(("flags", "name"), [((), "demo\n"), (("-A",), "team-a/demo\n")])
def test_list_prints_names_that_other_commands_take(
    flags: tuple[str, ...], name: str, kubectl: FakeKubectl, run: Run
) -> None:
    kubectl.answer("get vk8s", items(running()))
    assert run("list", "-o", "name", *flags).out == name


def test_wide_list_shows_where_the_api_is(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s", items(running()))
    assert "https://demo-api.team-a.svc.cluster.local:6443" in run("list", "-o", "wide").out


def test_wide_list_shows_the_voters_if_there_are_several(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s", items(running(), replicated(with_one_down())))
    lines = run("list", "-o", "wide").out.splitlines()
    at = lines[0].index("VOTERS")
    assert [line[at : at + 6].strip() for line in lines] == ["VOTERS", "", "2/3"]


def test_empty_list_says_how_to_create_one(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s", items())
    ended = run("list")
    assert (ended.code, ended.out) == (Exit.DONE, "")
    assert "kubectl vk8s create NAME" in ended.err


def test_status_shows_each_node_with_its_host_and_what_it_does(boots: FakeKubectl, run: Run) -> None:
    lines = run("status", "demo").out.splitlines()
    assert lines[0].split()[:4] == ["team-a/demo", "Installing", "1/2", "v1.34.4"]
    assert lines[2].split() == ["NODE", "ROLE", "STATE", "HOST", "ADDRESS", "DETAIL"]
    assert lines[3].split() == ["m", "master", "Ready", "h-07", "10.0.0.1"]
    assert lines[4].split()[:5] == ["w", "worker", "Booting", "h-03", "10.0.0.2"]
    assert lines[4].endswith("This node joins its cluster at demo-api.")
    assert lines[-1] == "kubectl vk8s why demo --namespace team-a says what to do."
    assert boots.calls[-1].startswith("--namespace=team-a ")


def test_status_says_what_it_could_not_read(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, booting())
    kubectl.refuse(PODS, "Forbidden", 'pods is forbidden: User "jane" cannot list resource "pods"')
    lines = run("status", "demo").out.splitlines()
    assert lines[3].split() == ["m", "master", "Ready", "?", "10.0.0.1"]
    assert '?: the pods could not be read: pods is forbidden: User "jane" cannot list resource "pods"' in lines


def test_status_for_programs_names_nodes_and_problems(boots: FakeKubectl, run: Run) -> None:
    found = run("status", "demo", "-o", "json").json
    assert [(node["name"], node["ready"], node["host"]) for node in found["nodes"]] == [
        ("m", True, "h-07"),
        ("w", False, "h-03"),
    ]
    assert {problem["reason"] for problem in found["problems"]} == {"Booting"}
    assert boots.calls


def test_half_done_things_are_shown(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = running(annotations={"vk8s.sktelecom.com/force-remove": "true"}, generation=9, deletionTimestamp="x")
    vk8s["spec"] = {**vk8s["spec"], "paused": True}
    kubectl.answer(GET, vk8s)
    kubectl.answer(PODS, items())
    out = run("status", "demo").out
    for sentence in ("The spec has been edited", "It is being deleted.", "It is paused.", "force-remove=true is set"):
        assert sentence in out


@pytest.mark.parametrize(("state", "code"), [("running", 0), ("booting", 4), ("unschedulable", 5), ("rejected", 5)])
def test_exit_code_says_whether_somebody_is_needed(state: str, code: int, kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, STATES[state]())
    kubectl.answer(PODS, items())
    assert run("status", "demo", "--exit-code").code == code
    assert run("status", "demo").code == 0
    assert run("why", "demo").code == code


def test_why_says_cause_fix_and_where_to_read_more(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, unschedulable())
    out = run("why", "demo").out
    assert out.startswith("team-a/demo: Installing\nWorkersReady: Unschedulable\n  w can't be scheduled: 0/3 nodes")
    assert "\n  Fix: change resources, tolerations or nodeSelector of the node, or make room." in out
    assert out.endswith("\n  More: docs/troubleshooting.md#unschedulable\n")


def test_why_names_the_node_in_commands(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, booting())
    assert "kubectl logs -n team-a w shows what it is doing" in run("why", "demo").out


def test_why_for_programs_has_the_same(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, unschedulable())
    (problem,) = run("why", "demo", "-o", "json").json
    assert problem["reason"] == "Unschedulable"
    assert problem["passesByItself"] is False
    assert problem["link"] == "docs/troubleshooting.md#unschedulable"


@pytest.mark.parametrize("vk8s", [booting(), unschedulable(), rejected()], ids=["boots", "waits", "is rejected"])
def test_conditions_for_other_tools_are_no_problems_of_their_own(
    vk8s: Manifest, kubectl: FakeKubectl, run: Run
) -> None:
    kubectl.answer(GET, vk8s)
    kubectl.answer(PODS, items())
    theirs = {"Reconciling", "Stalled"}
    assert {each["type"] for each in vk8s["status"]["conditions"]} & theirs
    problems = [*run("why", "demo", "-o", "json").json, *run("status", "demo", "-o", "json").json["problems"]]
    assert not {each["condition"] for each in problems} & theirs
    assert not any(word in run(command, "demo").out for word in theirs for command in ("why", "status"))


@pytest.mark.parametrize(
    ("vk8s", "words"),
    [
        (running(), "Nothing is wrong with demo: 2 of 2 nodes are Ready."),
        (untouched(), "demo has no status: nobody has looked at it yet."),
        ({**untouched(), "status": None}, "demo has no status: nobody has looked at it yet."),
        ({**running(), "spec": {**running()["spec"], "paused": True}}, "demo is paused. kubectl vk8s resume demo"),
    ],
    ids=["it runs", "it is new", "it is new, and the CRD is older", "it is paused"],
)
def test_why_says_so_where_nothing_is_wrong(vk8s: Manifest, words: str, kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, vk8s)
    ended = run("why", "demo")
    assert ended.out.startswith(words)
    assert ended.code == Exit.DONE
