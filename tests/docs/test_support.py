"""The table of supported versions names what the product is built from and tested with, and nothing newer."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from docs.tools.support import PAGES, fill, read_rows
from hooks.setup.metacontroller import VERSION
from tests.contract.test_manifests import KUBERNETES
from tests.shared_material import ROOT

ROWS = {row["what"]: row for row in read_rows()}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HOST, VIRTUAL = "Kubernetes of the host cluster", "Kubernetes of virtual clusters"


def read_module(path: str, module: str) -> str:
    """The version of a module that a go.mod requires."""
    (version,) = re.findall(rf"^\s{re.escape(module)} (\S+)$", (ROOT / "images" / path).read_text(), re.MULTILINE)
    return str(version)


KUBE, HELM = "k8s.io/kubernetes", "helm.sh/helm"
FACTS = [
    ("vk8s-metacontroller", "supported", PROJECT["version"]),
    ("vk8s-metacontroller", "tested", PROJECT["version"]),
    (HOST, "supported", f"{KUBERNETES} or newer"),
    (HOST, "tested", read_module("binaries/go.mod", KUBE)),
    (VIRTUAL, "supported", read_module("binaries/go.mod", KUBE)),
    (VIRTUAL, "tested", read_module("binaries/go.mod", KUBE)),
    (VIRTUAL, "tested", read_module("binaries/previous.mod", KUBE)),
    (VIRTUAL, "tested", read_module("binaries/next.mod", KUBE)),
    ("Metacontroller", "supported", f"{VERSION} or newer"),
    ("Metacontroller", "tested", VERSION),
    ("Helm", "tested", read_module("helm/go.mod", f"{HELM}/v4")),
    ("Helm", "tested", read_module("helm/go.mod", f"{HELM}/v3")),
    ("kubectl vk8s", "supported", f"Python {PROJECT['requires-python'].removeprefix('>=')} or newer"),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_tables_are_those_of_the_file(page: Path) -> None:
    assert page.read_text() == fill(page.read_text(), read_rows()), "run `make generate` after a change of the file"


@pytest.mark.parametrize(("what", "column", "version"), FACTS)
def test_version_in_use_is_in_the_table(what: str, column: str, version: str) -> None:
    assert version in ROWS[what][column], f"bring docs/support.yaml up to date: {version}"


@pytest.mark.parametrize("what", ROWS)
def test_no_version_is_claimed_that_nothing_uses(what: str) -> None:
    claimed = re.findall(r"v?\d+\.\d+\.\d+", " ".join(ROWS[what].values()))
    known = {version for _, _, version in FACTS} | {KUBERNETES}
    assert [each for each in claimed if not any(each in version for version in known)] == []


def test_chart_installs_into_supported_clusters_alone() -> None:
    chart = yaml.safe_load((ROOT / "charts" / "vk8s" / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={KUBERNETES}.0-0"


@pytest.mark.parametrize("version", sorted({version for *_, version in FACTS if re.fullmatch(r"v[\d.]+", version)}))
def test_record_of_tests_has_what_the_table_claims(version: str) -> None:
    """And a page about it: docs/verified.md, or docs/how-to/helm.md for what needs no cluster."""
    texts = [(ROOT / "docs" / each).read_text() for each in ("verified.md", "how-to/helm.md")]
    outside = "\n".join(re.sub(r"<!-- table: support -->.*?<!-- end -->", "", text, flags=re.DOTALL) for text in texts)
    assert version.removeprefix("v") in outside


def test_page_without_its_place_is_named() -> None:
    with pytest.raises(ValueError, match="has lost its place"):
        fill("# A page\n", read_rows())
