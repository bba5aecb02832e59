"""The status is what the CRD says, whatever the spec, the children and the status before."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import jsonschema
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.validate import check_spec, parse_spec
from tests.properties.events import set_pods
from tests.properties.host import Host
from tests.properties.json_values import JSON, histories, mutated
from tests.properties.specs import broken_specs, valid_specs
from tests.properties.walks import hosts
from tests.shared_material import ROOT
from tests.simulation.answers import index, is_accepted, is_paused
from tests.simulation.keys import list_keys
from tests.simulation.statuses import POD_STATUSES
from tests.world import NOW, World

CRD: Manifest = yaml.safe_load((ROOT / "crds" / "vk8s.yaml").read_text())
SCHEMA: Manifest = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
PHASES = {
    "Waiting",
    "WaitingNetwork",
    "Installing",
    "Running",
    "Restarting",
    "Paused",
    "Degraded",
    "Fail",
    "Terminating",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
REASON = re.compile(r"[A-Z][A-Za-z0-9]*")
LONGEST_MESSAGE = 32768
MIN_RESYNC, MAX_RESYNC = 1, 3600
MOMENTS = st.datetimes() | st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(-timedelta(hours=12))])
)


@given(hosts(), st.sampled_from(sorted(POD_STATUSES)))
def test_the_status_is_valid_and_its_conditions_are_sentences(host: Host, pods: str) -> None:
    check_status(host.shown.sync().status)
    shown = set_pods(host, host.world.children["Pod.v1"], pods).shown
    check_status(shown.sync().status)
    check_status(shown.finalize().status)
    assert shown.finalize().status["phase"] == "Terminating"


@given(hosts())
def test_running_means_that_every_node_is_ready(host: Host) -> None:
    shown = host.shown
    status = shown.sync().status
    is_held = is_accepted(shown) and is_paused(shown)
    wanted = {node["name"] for node in (shown.spec if is_accepted(shown) else status)["nodes"]}
    nodes = [node for node in status["nodes"] if node["name"] in wanted]
    assert status["readyNodes"] == f"{sum(node['ready'] for node in nodes)}/{len(nodes)}"
    assert [node for node in status["nodes"] if node not in nodes and node["reason"] != "Leaving"] == []
    is_up = bool(nodes) and all(node["ready"] for node in nodes)
    is_blocked = read_status(status, "ChildrenObserved") == "False"
    check_movement(status)
    allowed = {"Paused"} if is_held else {"Running"} if is_up else PHASES - {"Running"}
    assert status["phase"] in allowed | ({"Degraded", "Fail"} if is_blocked else set())


@given(hosts(), JSON | valid_specs().flatmap(broken_specs) | valid_specs().flatmap(mutated).flatmap(mutated))
def test_any_spec_gets_an_answer_that_keeps_the_observed_children(host: Host, spec: Any) -> None:
    shown = World(spec, host.world.name, children=host.shown.children, status=host.world.status)
    answer = shown.sync()
    check_status(answer.status)
    if not is_accepted(shown):
        assert index(answer).keys() == set(list_keys(shown))
        check_rejection(answer.status, shown)


@given(hosts(), st.data())
def test_any_previous_status_gets_the_same_children(host: Host, data: st.DataObject) -> None:
    shown = host.shown
    before = shown.sync()
    status = data.draw(histories(before.status))
    answer = replace(shown, status=status).sync()
    check_status(answer.status)
    assert answer.children == before.children


@given(MOMENTS)
def test_time_in_the_status_stays_the_same_moment_or_becomes_now(moment: datetime) -> None:
    history = {"type": "ChildrenObserved", "status": "False", "lastTransitionTime": moment.isoformat()}
    answer = World(status={"conditions": [history]}).sync()
    check_status(answer.status)
    assert MIN_RESYNC <= answer.resync_after_seconds <= MAX_RESYNC
    time = datetime.fromisoformat(answer.status["conditions"][1]["lastTransitionTime"])
    assert time == NOW if moment.tzinfo is None else time in (NOW, moment.replace(microsecond=0))


def check_movement(status: Manifest) -> None:
    """Fails where no condition says that it moves or needs somebody although it does, or where both do."""
    states = {each["type"]: each["status"] for each in status["conditions"] if each["type"] != "Installed"}
    shown = states.keys() & {"Reconciling", "Stalled"}
    wrong = {
        each["reason"] for each in status["conditions"] if each["status"] == "False" and each["type"] != "Installed"
    }
    is_right = wrong <= {"IPManagerOff"} and status["phase"] == "Running"
    assert len(shown) <= (0 if status["phase"] == "Paused" else 1)
    assert "Stalled" in shown or status["phase"] != "Fail"
    assert shown or is_right or status["phase"] == "Paused"


def read_status(status: Manifest, condition: str) -> str:
    """The status of that condition."""
    found: str = next(entry["status"] for entry in status["conditions"] if entry["type"] == condition)
    return found


def check_rejection(status: Manifest, world: World) -> None:
    """Fails where the status does not say that the spec is refused, with every problem that it has."""
    spec, problems = parse_spec(world.spec)
    accepted = next(entry for entry in status["conditions"] if entry["type"] == "Accepted")
    assert accepted["status"] == "False"
    for problem in [*problems, *(check_spec(world.name, spec) if spec else [])]:
        assert problem in accepted["message"]


def check_status(status: Manifest) -> None:
    """Fails where the API server would refuse the status or drop a part of it, or where a condition says nothing."""
    jsonschema.validate(status, closed(SCHEMA))
    assert status["phase"] in PHASES
    check_conditions(status["conditions"])
    assert all(TIME.fullmatch(time) for time in status.get("certificatesExpire", {}).values())


def check_conditions(conditions: Iterable[Manifest]) -> None:
    """Fails where the conditions are not in metav1 form."""
    types = [entry["type"] for entry in conditions]
    assert len(types) == len(set(types))
    for entry in conditions:
        assert entry["status"] in ("True", "False")
        assert TIME.fullmatch(entry["lastTransitionTime"]), entry
        assert REASON.fullmatch(entry["reason"]), entry
        assert entry["message"].endswith("."), entry
        assert len(entry["message"]) <= LONGEST_MESSAGE


def closed(schema: Manifest) -> Manifest:
    """The schema with unknown fields forbidden: the API server would drop them in silence."""
    inner = {name: closed(field) for name, field in schema.get("properties", {}).items()}
    fields = {"properties": inner, "additionalProperties": False} if inner else {}
    return {**schema, **fields, **({"items": closed(schema["items"])} if "items" in schema else {})}
