"""How far a Job that removes a node is. What a user sees of it is in test_removals.py."""

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.unit.vk8s.plan.test_removals import leaving, leaving_world, with_job


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"active": 1, "ready": 1}, "its pods are being moved to other nodes"),
        ({}, "has no pod yet; if this persists: kubectl describe"),
        ({"active": 1}, "its pods are not moved yet; if this persists, a PodDisruptionBudget may block them"),
    ],
)
def test_job_says_how_far_it_is_by_its_status(status: Manifest, words: str) -> None:
    assert words in leaving(with_job(leaving_world(), status))


def test_job_waits_while_no_control_plane_node_is_ready() -> None:
    world = leaving_world().with_pod_status("m", {"phase": "Running"})
    assert "waits for the API server of the virtual cluster" in leaving(with_job(world, {"active": 1}))
