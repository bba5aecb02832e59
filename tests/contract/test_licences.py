"""docs/licences.md lists what the image of the hooks holds, with the licences that the packages declare."""

from importlib import metadata

from tests.shared_material import ROOT

CLASSIFIER = "License :: "


def find_licence(package: str) -> str:
    """As the package says it: an SPDX expression where it has one."""
    said = metadata.metadata(package).json
    classifiers = [line for line in said.get("classifier", []) if line.startswith(CLASSIFIER)]
    return str(said.get("license_expression") or said.get("license") or ", ".join(classifiers))


def build_rows() -> list[str]:
    """A row for each package of requirements.txt, in its order."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if "==" in line]
    return [f"| {name} | {version} | {find_licence(name)} |" for name, version in pins]


def test_every_package_is_listed_with_its_licence() -> None:
    listed = [line for line in (ROOT / "docs" / "licences.md").read_text().splitlines() if line.startswith("| ")]
    assert listed == ["| package | version | licence |", *build_rows()]
