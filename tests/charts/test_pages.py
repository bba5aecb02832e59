"""What the pages say to type in for Helm: no cluster is needed to see that Helm and the chart understand it."""

import shlex
from pathlib import Path

import pytest
import yaml

from testbed.layout import ROOT
from tests.charts.helm import Helm
from tests.walkthrough.pages import read_commands

PLACES = {"README.md": "With Helm", "docs/how-to/helm.md": "Install"}


def read_install(page: Path, heading: str) -> list[str]:
    """The words of the one `helm install` below a heading."""
    text = "\n".join(command.text for command in read_commands(page, under=heading)).replace("\\\n", " ")
    (line,) = [line for line in text.splitlines() if line.startswith("helm install ")]
    return shlex.split(line)[2:]


@pytest.mark.parametrize("place", PLACES)
def test_command_of_a_page_installs_the_chart(place: str, helm: Helm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = helm.run("template", *read_install(ROOT / place, PLACES[place]))
    assert result.returncode == 0, result.stderr
    assert [each for each in yaml.load_all(result.stdout, yaml.CSafeLoader) if each] == helm.render()


@pytest.mark.parametrize("option", ["--set=imag.registry=registry.example.com", "--no-such-option"])
def test_typo_in_a_command_is_found(option: str, helm: Helm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert helm.run("template", *read_install(ROOT / "README.md", "With Helm"), option).returncode != 0
