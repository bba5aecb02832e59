"""The Job that removes a worker: what its script is given."""

from tests.unit.vk8s.plan.test_removals import BOTH, MASTER, read_env, with_nodes
from tests.world import node, running_world, spec


def test_job_knows_whether_workers_remain() -> None:
    three = [*BOTH, node("x", "worker")]
    world = running_world(spec=spec(nodes=three))
    assert read_env(with_nodes(world, [node("m", "master"), node("x", "worker")]))["HAS_WORKERS"] == "true"
    assert read_env(with_nodes(running_world(), MASTER))["HAS_WORKERS"] == "false"
