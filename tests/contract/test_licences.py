"""docs/licences.md lists what the image of the hooks holds, with the licences that the packages declare.

And the Go modules of the image for GPUs.
"""

import re
from importlib import metadata

from tests.shared_material import ROOT

CLASSIFIER = "License :: "


def read_licence(package: str) -> str:
    """As the package says it: an SPDX expression where it has one."""
    said = metadata.metadata(package).json
    classifiers = [line for line in said.get("classifier", []) if line.startswith(CLASSIFIER)]
    return str(said.get("license_expression") or said.get("license") or ", ".join(classifiers))


def build_rows() -> list[str]:
    """A row for each package of requirements.txt, in its order."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if "==" in line]
    return [f"| {name} | {version} | {read_licence(name)} |" for name, version in pins]


def test_every_package_is_listed_with_its_licence() -> None:
    listed = [line for line in (ROOT / "docs" / "licences.md").read_text().splitlines() if line.startswith("| ")]
    assert listed == ["| package | version | licence |", *build_rows()], (
        "bring the table of docs/licences.md up to date with requirements.txt"
    )


def test_every_module_of_the_image_for_gpus_is_listed() -> None:
    modules = re.findall(r"^\t(\S+) v\S+$", (ROOT / "images" / "gpu" / "go.mod").read_text(), re.MULTILINE)
    assert modules
    listed = (ROOT / "docs" / "licences.md").read_text()
    assert [module for module in modules if f"`{module}`" not in listed] == [], (
        "add these modules of images/gpu/go.mod to docs/licences.md"
    )
