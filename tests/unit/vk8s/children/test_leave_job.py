"""The Job that removes a worker: what its script is given."""

from dataclasses import replace

import pytest

from tests.unit.vk8s.plan.test_removals import BOTH, MASTER, read_env, with_nodes
from tests.world import node, running_world, spec


def test_job_knows_whether_workers_remain() -> None:
    three = [*BOTH, node("x", "worker")]
    world = running_world(spec=spec(nodes=three))
    assert read_env(with_nodes(world, [node("m", "master"), node("x", "worker")]))["HAS_WORKERS"] == "true"
    assert read_env(with_nodes(running_world(), MASTER))["HAS_WORKERS"] == "false"


@pytest.mark.parametrize(
    ("annotation", "force"), [(None, "false"), ("w", "true"), ("a, w", "true"), ("true", "true"), ("a", "false")]
)
def test_force_remove_names_those_that_are_not_drained(annotation: str | None, force: str) -> None:
    annotations = {"vk8s.sktelecom.com/force-remove": annotation} if annotation else {}
    world = replace(with_nodes(running_world(), MASTER), annotations=annotations)
    assert read_env(world)["FORCE"] == force
