"""The table of child kinds, held against what is written by hand for each kind: every gap is a sentence."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest
import yaml

from hooks.ippool.allocation import ALLOCATION, API_VERSION
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS, ChildKind, Data
from tests.contract.test_role import CHILD, granted
from tests.properties.others import UNKNOWN_CONTENTS
from tests.scenarios.golden import list_children
from tests.shared_material import ROOT
from tests.simulation.admission import PLAIN_KINDS, SPECS

TABLE = "hooks/vk8s/observed/kinds.py"
CONTROLLER: Manifest = yaml.safe_load((ROOT / "metacontroller" / "vk8s.yaml").read_text())
KINDS = tuple(CHILD_KINDS.values())
STATEFUL_SET = ChildKind("StatefulSet.apps/v1", "statefulsets", Data.DERIVED, since="0.2.0")


@dataclass(frozen=True)
class Place:
    """Where each kind has a line: its name, how the line of a kind reads, and the lines that there are."""

    name: str
    write: Callable[[ChildKind], str]
    lines: frozenset[str]

    def list_gaps(self, kinds: Iterable[ChildKind]) -> list[str]:
        """What is missing there, and what is there for no kind of the table."""
        wanted = {self.write(kind) for kind in kinds}
        return [
            *(f"{self.name} has no {line}" for line in sorted(wanted - self.lines)),
            *(f"{self.name} has {line}, and {TABLE} has no such kind" for line in sorted(self.lines - wanted)),
        ]


def write_flow(content: Mapping[str, object]) -> str:
    """YAML in one line, as it is written in manifests."""
    return yaml.safe_dump(content, default_flow_style=True, sort_keys=False, width=1000).strip()


def write_child_resource(kind: ChildKind) -> str:
    return write_flow(
        {
            "apiVersion": kind.api_version,
            "resource": kind.plural,
            "updateStrategy": {"method": kind.update_strategy},
        }
    )


def write_rule(group: str, resource: str) -> str:
    return write_flow({"apiGroups": [group], "resources": [resource], "verbs": list(CHILD)})


def list_rules() -> Iterable[str]:
    """A rule for each kind of which Metacontroller may do all that it does with children; those of pools left out."""
    kinds = {(group, resource) for group, resource, _ in granted() if not API_VERSION.startswith(f"{group}/")}
    return (write_rule(*kind) for kind in kinds if all((*kind, verb) in granted() for verb in CHILD))


def list_debugged() -> Iterable[str]:
    """What docs/debugging.md has kubectl get."""
    (kinds,) = re.findall(r"^kinds=(\S+)$", (ROOT / "docs" / "debugging.md").read_text(), re.MULTILINE)
    return str(kinds).split(",")


PLACES = (
    Place(
        "metacontroller/vk8s.yaml, childResources,",
        write_child_resource,
        frozenset(map(write_flow, CONTROLLER["spec"]["childResources"])),
    ),
    Place(
        "metacontroller/metacontroller-role.yaml",
        lambda kind: write_rule(kind.api_version.rpartition("/")[0], kind.plural),
        frozenset(list_rules()),
    ),
    Place("docs/debugging.md, kinds=,", lambda kind: kind.plural, frozenset(list_debugged())),
    Place("tests/scenarios", lambda kind: kind.key, frozenset(map(group_key, list_children())) - {ALLOCATION}),
    Place("tests/simulation/admission.py", lambda kind: kind.key, PLAIN_KINDS | SPECS.keys()),
    Place(
        "tests/properties/others.py, UNKNOWN_CONTENTS,",
        lambda kind: kind.key,
        frozenset(group_key({"apiVersion": "v1", "kind": name, **content}) for name, content in UNKNOWN_CONTENTS),
    ),
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(place.name.split(",")[0]))
def test_each_kind_of_the_table_has_its_line_and_nothing_else_has_one(place: Place) -> None:
    assert place.list_gaps(KINDS) == [], "write what is missing: CONTRIBUTING.md, Code, has the list for a new kind"


def test_every_missing_line_of_a_new_kind_is_named() -> None:
    assert [gap for place in PLACES for gap in place.list_gaps([*KINDS, STATEFUL_SET])] == [
        (
            "metacontroller/vk8s.yaml, childResources, has no "
            "{apiVersion: apps/v1, resource: statefulsets, updateStrategy: {method: InPlace}}"
        ),
        (
            "metacontroller/metacontroller-role.yaml has no "
            "{apiGroups: [apps], resources: [statefulsets], verbs: [get, list, watch, create, update, delete]}"
        ),
        "docs/debugging.md, kinds=, has no statefulsets",
        "tests/scenarios has no StatefulSet.apps/v1",
        "tests/simulation/admission.py has no StatefulSet.apps/v1",
        "tests/properties/others.py, UNKNOWN_CONTENTS, has no StatefulSet.apps/v1",
    ]


def test_line_of_a_kind_that_the_table_does_not_have_is_named() -> None:
    without_jobs = [kind for kind in KINDS if kind.plural != "jobs"]
    assert [place.list_gaps(without_jobs) for place in PLACES[2:4]] == [
        [f"docs/debugging.md, kinds=, has jobs, and {TABLE} has no such kind"],
        [f"tests/scenarios has Job.batch/v1, and {TABLE} has no such kind"],
    ]


def test_no_kind_is_newer_than_this_release() -> None:
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert [kind.key for kind in KINDS if kind.since and parse_version(kind.since) > parse_version(release)] == []


def parse_version(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
