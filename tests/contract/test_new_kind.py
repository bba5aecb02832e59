"""What CONTRIBUTING promises of a new kind of child, tested by adding one to a copy of the hooks.

A kind is a line in the table, a name, a builder and a planner. No line of code says that it is not returned where the
CompositeController does not list it, that one of another version is kept, and that one that nobody plans is pruned.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.shared_material import ROOT
from tests.world import names, observe, running_world, spec

LINE = """
    ChildKind(
        "StatefulSet.apps/v1", "statefulsets", Data.SPEC, (naming.store_stateful_set_name,), since="0.2.0"
    ),
"""
NAME = """

def store_stateful_set_name(vk8s: str) -> str:
    return f"{vk8s}-stores"
"""
BUILDER = """
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.naming import store_stateful_set_name


def build_store_stateful_set(identity):
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": build_metadata(identity, store_stateful_set_name(identity.name)),
        "spec": {"serviceName": "stores"},
    }
"""
PLANNER = """
from hooks.vk8s.children.store_stateful_set import build_store_stateful_set
from hooks.vk8s.part import Part


def plan_stores(situation):
    return Part(children=[] if situation.cluster.paused else [build_store_stateful_set(situation.identity)])
"""
IMPORT = "from hooks.vk8s.plan.stores import plan_stores\n"
# What the hooks answer about some worlds, as JSON: names of children.
PROGRAM = """
import json
from dataclasses import replace

from tests.world import names, observe, running_world, spec

KIND = "StatefulSet.apps/v1"
metadata = {"name": "demo-later", "namespace": "team-a", "labels": {}}
later = observe({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": {}})
world = running_world()
worlds = {
    "listed": world,
    "not listed": replace(world, children={kind: each for kind, each in world.children.items() if kind != KIND}),
    "not planned": replace(world.with_child(KIND, "demo-later", later), spec=spec(paused=True)),
    "rejected": replace(world, spec=spec(nodes=[])),
    "no PKI": world.with_child("Secret.v1", "demo-pki", None),
}
print(json.dumps({name: names(each.sync()) for name, each in worlds.items()}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The StatefulSets that hooks with the new kind answer with, by what they are asked about."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "hooks", copy / "hooks", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests").mkdir()
    for name in ("__init__.py", "world.py"):
        shutil.copy(ROOT / "tests" / name, copy / "tests" / name)
    add_kind(copy / "hooks" / "vk8s")
    (copy / "program.py").write_text(PROGRAM)
    # Nothing of the environment: coverage would look for files of the copy.
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "program.py"], cwd=copy, env=environment, check=True, capture_output=True)
    answered: dict[str, list[str]] = json.loads(done.stdout)
    return {case: [child for child in children if "StatefulSet" in child] for case, children in answered.items()}


def add_kind(directory: Path) -> None:
    """Adds the kind to the package of the hooks for virtual clusters."""
    insert(directory / "observed" / "kinds.py", "_TABLE: Final = (\n", LINE)
    insert(directory / "plan" / "assemble.py", "from hooks.vk8s.plan.services import plan_services\n", IMPORT)
    insert(directory / "plan" / "assemble.py", "plan_claims(staying), ", "plan_stores(staying), ")
    naming = directory / "spec" / "naming.py"
    naming.write_text(naming.read_text() + NAME)
    (directory / "children" / "store_stateful_set.py").write_text(BUILDER)
    (directory / "plan" / "stores.py").write_text(PLANNER)


def insert(path: Path, anchor: str, text: str) -> None:
    """Puts the text behind the anchor, which is there once."""
    before, found, after = path.read_text().partition(anchor)
    assert found
    assert anchor not in after
    path.write_text(before + anchor + text + after)


@pytest.mark.parametrize(
    ("case", "stateful_sets"),
    [
        pytest.param("listed", ["StatefulSet/demo-stores"], id="it is returned where the CompositeController lists it"),
        pytest.param("not listed", [], id="it is not returned where the CompositeController does not"),
        pytest.param("not planned", ["StatefulSet/demo-later"], id="of those that nobody plans, only ours goes"),
        pytest.param("rejected", ["StatefulSet/demo-stores"], id="it stays while the spec can't be acted on"),
        pytest.param("no PKI", ["StatefulSet/demo-stores"], id="it stays while the PKI is lost"),
    ],
)
def test_line_in_the_table_a_builder_and_a_planner_are_a_new_kind(
    answers: dict[str, list[str]], case: str, stateful_sets: list[str]
) -> None:
    assert answers[case] == stateful_sets


def test_hooks_that_do_not_know_a_kind_keep_what_is_observed_of_it() -> None:
    metadata = {"name": "demo-stores", "namespace": "team-a", "labels": {}}
    stateful_set: Manifest = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": {}}
    world = running_world()
    newer = replace(world, children={**world.children, "StatefulSet.apps/v1": {"demo-stores": observe(stateful_set)}})
    for each in (newer, replace(newer, spec=spec(paused=True))):
        assert "StatefulSet/demo-stores" in names(each.sync())
