"""The alerts and the dashboard ask for what the hooks export, and for nothing else."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families as parse_metrics
from promql_parser import AggregateExpr, Expr, VectorSelector

from hooks.kubernetes.manifest import Manifest
from hooks.server.main import create_app
from hooks.server.metrics import HOOKS, OUTCOMES
from hooks.server.reasons import REASONS
from hooks.server.serve import open_certificate
from hooks.settings import Settings
from tests.api.material import TOKEN, make_pair, publish
from tests.pool_world import PoolWorld
from tests.shared_material import ROOT
from tests.world import CONTEXT, World

MONITORING = ROOT / "metacontroller" / "monitoring"
ALERTS: Manifest = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
DASHBOARD: Manifest = json.loads((MONITORING / "dashboard.json").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
TARGETS = [target for panel in DASHBOARD["panels"] for target in panel["targets"]]
# What Grafana puts in before it asks.
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"].replace("$__rate_interval", "5m") for target in TARGETS
]
# Metacontroller 4.17.2, pkg/metrics/http.go.
OF_METACONTROLLER = {
    "metacontroller_sync_in_flight_requests": {"url", "controller_name", "controller_type"},
    "metacontroller_sync_requests_total": {"url", "controller_name", "controller_type", "code", "method"},
}
# Prometheus gives these to whatever it scrapes.
OF_PROMETHEUS = {"instance", "job"}
VALUES = {"hook": set(HOOKS), "outcome": set(OUTCOMES), "kind": {"Vk8s", "IPPool"}, "reason": REASONS | {"other"}}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Every metric that the hooks export after some calls, with its labels."""
    directory = tmp_path_factory.mktemp("hooks")
    publish(directory / "tls", {**make_pair().files(), "token": TOKEN.encode()})
    files = {
        "tls_cert_file": directory / "tls" / "tls.crt",
        "tls_key_file": directory / "tls" / "tls.key",
        "token_file": directory / "tls" / "token",
    }
    settings = Settings.model_validate(files)
    app = create_app(settings, CONTEXT.scripts, open_certificate(settings))
    with TestClient(app, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        body = World().request().model_dump(by_alias=True, mode="json")
        assert client.post("/vk8s/sync", json=body).status_code == 200
        assert client.post("/ippool/sync", json=PoolWorld().body()).status_code == 200
        assert client.post("/vk8s/sync", json={}).status_code == 400
        answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: defaultdict[str, set[str]] = defaultdict(set, OF_METACONTROLLER)
    for family in parse_metrics(answer.text):
        for sample in family.samples:
            found[sample.name] |= sample.labels.keys()
    return found


def walk(expression: str) -> Iterator[Expr]:
    """Every part of the expression; an error where Prometheus would not understand it."""
    parts: list[Expr] = []
    promql_parser.walk(promql_parser.parse(expression), parts.append)
    yield from parts


def select_selectors(expression: str) -> list[VectorSelector]:
    """What the expression asks for."""
    found = [getattr(part, "vector_selector", part) for part in walk(expression)]
    return [part for part in found if isinstance(part, VectorSelector)]


def select_kept_labels(expression: str) -> set[str]:
    """The labels that the result of the expression may have, in addition to those of its metrics."""
    modifiers = [part.modifier for part in walk(expression) if isinstance(part, AggregateExpr)]
    return {label for modifier in modifiers if modifier for label in modifier.labels}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_and_label_of_the_queries_is_exported(exported: dict[str, set[str]], expression: str) -> None:
    selectors = select_selectors(expression)
    assert selectors
    labels: set[str] = set()
    for selector in selectors:
        assert selector.name in exported, "no such metric: correct the query in metacontroller/monitoring"
        labels |= exported[selector.name]
        for matcher in selector.matchers.matchers:
            assert matcher.name in exported[selector.name]
            assert set(matcher.value.split("|")) <= VALUES.get(matcher.name, set(matcher.value.split("|")))
    assert select_kept_labels(expression) <= labels | OF_PROMETHEUS


def test_no_metric_has_a_label_for_objects(exported: dict[str, set[str]]) -> None:
    own = {name: labels for name, labels in exported.items() if name.startswith("vk8s_")}
    assert len(own) > 8
    assert set().union(*own.values()) == {"hook", "outcome", "le", "kind", "type", "reason", "file", "version"}
    assert "process_resident_memory_bytes" in exported


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_every_rule_says_what_it_means_and_what_to_do(rule: Manifest) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Vk8s[A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "action"}
    assert promql_parser.parse_duration(rule.get("for", "1m"))
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert told <= select_kept_labels(rule["expr"])
    assert f"`{rule['alert']}`" in (ROOT / "docs" / "operations.md").read_text(), (
        "explain the alert in docs/operations.md"
    )


def test_rules_are_a_file_for_prometheus() -> None:
    assert ALERTS.keys() == {"groups"}
    assert all(group.keys() == {"name", "rules"} for group in ALERTS["groups"])
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_dashboard_can_be_imported() -> None:
    panels = DASHBOARD["panels"]
    assert "id" not in DASHBOARD
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {str(entry["datasource"]["uid"]) for entry in [*panels, *TARGETS]} == {"${datasource}"}
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    assert Path(MONITORING / "dashboard.json").read_text().endswith("}\n")
