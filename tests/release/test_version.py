"""One version is everywhere: a release carries the number by which its parts look for each other."""

import re
import tomllib

import yaml

import hooks
import kubectl_vk8s
from testbed.layout import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# Where the image of the hooks is named with its version, for people and for install.sh.
PAGES = ("docs/installation.md", "docs/how-to/upgrade.md", "metacontroller/hooks.yaml")


def test_version_of_the_project_is_that_of_its_programs_and_charts() -> None:
    assert (hooks.VERSION, kubectl_vk8s.VERSION) == (VERSION, VERSION)
    charts = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "charts").glob("*/Chart.yaml"))]
    assert [(each["version"], each["appVersion"]) for each in charts] == [(VERSION, VERSION)] * 2


def test_pages_and_manifests_name_the_image_of_this_version() -> None:
    for page in PAGES:
        named = re.findall(r"vk8s/controller:(\d+\.\d+\.\d+)", (ROOT / page).read_text())
        assert set(named) == {VERSION}, page


def test_changelog_has_a_section_for_this_version() -> None:
    sections = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    first, second, *_ = sections
    assert first == "Unreleased"
    assert re.fullmatch(rf"{re.escape(VERSION)} - \d{{4}}-\d\d-\d\d", second)
