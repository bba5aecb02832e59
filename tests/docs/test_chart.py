"""The values of the chart: written from their schema, which knows every setting of the hooks."""

import json
import re
import tomllib

import pytest
import yaml

from docs.tools.chart import FIXED, PAGE, SCHEMA, VALUES, build_page, build_settings, build_values, read_schema
from hooks.settings import Settings
from hooks.setup.metacontroller import CRDS_URL, VERSION
from tests.shared_material import ROOT

STALE = "run `python -m docs.tools.chart` after a change of the schema or of the settings"


def test_files_are_what_the_tool_writes() -> None:
    schema = read_schema()
    assert json.loads(SCHEMA.read_text()) == schema, STALE
    assert VALUES.read_text() == build_values(schema), STALE
    assert PAGE.read_text() == build_page(schema), STALE


def test_schema_has_every_setting_that_the_chart_does_not_fix() -> None:
    assert dict(build_settings()).keys() == Settings.model_fields.keys() - FIXED


def test_chart_fixes_the_settings_of_its_pods() -> None:
    deployment = (ROOT / "charts" / "vk8s" / "templates" / "hooks.yaml").read_text()
    assert all(f"VK8S_SETTING_{name.upper()}, value:" in deployment for name in FIXED)
    assert deployment.count(", value:") == len(FIXED)


def test_chart_and_page_name_the_crds_of_its_metacontroller() -> None:
    assert yaml.safe_load(VALUES.read_text())["metacontroller"]["image"]["tag"] == VERSION
    for file in ("charts/vk8s/templates/controllers.yaml", "docs/how-to/helm.md", "README.md"):
        text = (ROOT / file).read_text()
        # The pages break the line of the command.
        (source,) = re.findall(r"^source=(\S+)$", text, re.MULTILINE) or [""]
        assert f"kubectl apply --server-side -f {CRDS_URL}" in text.replace("$source", source)


@pytest.mark.parametrize("chart", ["vk8s", "vk8s-crds"])
def test_version_of_the_charts_is_the_project_s(chart: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    found = yaml.safe_load((ROOT / "charts" / chart / "Chart.yaml").read_text())
    assert (found["version"], found["appVersion"]) == (version, version)


def test_values_of_the_chart_of_crds_are_its_schema_s() -> None:
    chart = ROOT / "charts" / "vk8s-crds"
    properties = json.loads((chart / "values.schema.json").read_text())["properties"]
    defaults = {name: own["default"] for name, own in properties.items() if "default" in own}
    assert yaml.safe_load((chart / "values.yaml").read_text()) == defaults
