"""docs/licences.md lists what the image of the hooks and the command hold, with the licences that packages declare.

And the Go modules of the image for GPUs.
"""

import re
import tomllib
from importlib import metadata

import pytest
from packaging.specifiers import SpecifierSet

from tests.shared_material import ROOT

CLASSIFIER = "License :: "


def read_licence(package: str) -> str:
    """As the package says it: an SPDX expression where it has one."""
    said = metadata.metadata(package).json
    classifiers = [line.split(" :: ")[-1] for line in said.get("classifier", []) if line.startswith(CLASSIFIER)]
    return str(said.get("license_expression") or said.get("license") or ", ".join(classifiers))


def build_rows(requirements: str) -> list[str]:
    """A row for each package that the file pins, in its order."""
    lines = (ROOT / requirements).read_text().splitlines()
    pins = [line.split("==") for line in lines if "==" in line]
    return [f"| {name} | {version} | {read_licence(name)} |" for name, version in pins]


def test_every_package_is_listed_with_its_licence() -> None:
    listed = [line for line in (ROOT / "docs" / "licences.md").read_text().splitlines() if line.startswith("| ")]
    assert listed == [
        "| package | version | licence |",
        *build_rows("requirements.txt"),
        "| package of the command | version | licence |",
        *build_rows("requirements-cli.txt"),
    ], "bring the tables of docs/licences.md up to date with requirements.txt and requirements-cli.txt"


def test_command_is_tested_with_the_packages_that_it_is_built_with() -> None:
    pins = re.findall(r"^(\S+)==(\S+)$", (ROOT / "requirements-cli.txt").read_text(), re.MULTILINE)
    assert pins
    assert [(name, metadata.version(name)) for name, _ in pins] == pins


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-cli.txt", "requirements-dev.txt"])
def test_every_package_runs_on_the_oldest_python_that_is_supported(file: str) -> None:
    """The minor version alone is promised, and Debian 12 has an early 3.11."""
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    pins = re.findall(r"^(\S+)==\S+$", (ROOT / file).read_text(), re.MULTILINE)
    assert pins
    wanted = {name: metadata.metadata(name).json.get("requires_python", "") for name in pins}
    assert {name: said for name, said in wanted.items() if f"{least}.0" not in SpecifierSet(str(said))} == {}


def test_every_module_of_the_image_for_gpus_is_listed() -> None:
    modules = re.findall(r"^\t(\S+) v\S+$", (ROOT / "images" / "gpu" / "go.mod").read_text(), re.MULTILINE)
    assert modules
    listed = (ROOT / "docs" / "licences.md").read_text()
    assert [module for module in modules if f"`{module}`" not in listed] == [], (
        "add these modules of images/gpu/go.mod to docs/licences.md"
    )
