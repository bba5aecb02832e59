"""docs/how-it-works.md names what an operator finds in the host cluster."""

import re

import pytest
import yaml

from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec import naming
from tests.shared_material import ROOT

PAGE = (ROOT / "docs" / "how-it-works.md").read_text()
OBJECTS = PAGE.partition("## What one Vk8s becomes")[2].partition("\n## ")[0]
# Of which a Vk8s has one each, and of which it has one for each node.
NAMES = [make_name("<name>") for kind in CHILD_KINDS.values() for make_name in kind.names]
OF_NODES = [naming.leave_job_name("<node>"), naming.volumes_job_name("<node>"), naming.state_claim_name("<node>")]


@pytest.mark.parametrize("name", sorted({*NAMES, *OF_NODES}))
def test_each_object_is_named(name: str) -> None:
    assert f"`{name}`" in OBJECTS


def test_each_kind_of_child_is_named() -> None:
    assert [each.kind for each in CHILD_KINDS.values() if not re.search(rf"\b{each.kind}s?\b", OBJECTS)] == []


@pytest.mark.parametrize("deployment", ["vk8s-hooks", "metacontroller"])
def test_port_of_what_is_installed_is_right(deployment: str) -> None:
    file = ROOT / "metacontroller" / f"{deployment.removeprefix('vk8s-')}.yaml"
    found = [each for each in yaml.safe_load_all(file.read_text()) if each["kind"] == "Deployment"]
    (container,) = found[0]["spec"]["template"]["spec"]["containers"]
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| Prometheus |")]
    assert any(f"TCP {port['containerPort']}" in row for port in container["ports"])
