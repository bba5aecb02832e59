"""What our own small pods ask for, in a namespace with rules and in one without."""

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.refused import list_pod_refusals
from hooks.vk8s.spec.own_resources import OwnResources
from tests.namespace_world import container_limit, limit_range, quota, rules
from tests.world import World, names, running_world, spec

MODEST = OwnResources(requests={"cpu": "10m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "256Mi"})
LEAVING = OwnResources(MODEST.requests, MODEST.limits, waives=True)
PLAIN = {"limits": MODEST.limits, "requests": MODEST.requests}


def test_resources_of_our_own_pods_are_small_and_limited() -> None:
    assert MODEST.fit(rules()) == PLAIN
    assert LEAVING.fit(rules(quota(requests_cpu="1", limits_memory="256Mi"))) == PLAIN


@pytest.mark.parametrize(
    ("limit", "memory"),
    [
        (container_limit(max={"memory": "128Mi"}), ("64Mi", "128Mi")),
        (container_limit(max={"memory": "32Mi"}), ("32Mi", "32Mi")),
        (container_limit(min={"memory": "100Mi"}), ("100Mi", "256Mi")),
        (container_limit(min={"memory": "1Gi"}), ("1Gi", "1Gi")),
        ({"type": "Pod", "min": {"memory": "100Mi"}, "max": {"memory": "200Mi"}}, ("100Mi", "200Mi")),
        (container_limit(maxLimitRequestRatio={"memory": "2"}), ("134217728", "256Mi")),
        (container_limit(maxLimitRequestRatio={"memory": "10"}), ("64Mi", "256Mi")),
        (container_limit(default={"memory": "2Gi"}), ("64Mi", "256Mi")),
    ],
    ids=str,
)
def test_limit_range_lets_them_be(limit: Manifest, memory: tuple[str, str]) -> None:
    found = rules(limit_range(limit))
    fitted = MODEST.fit(found)
    assert (fitted["requests"]["memory"], fitted["limits"]["memory"]) == memory
    assert list_pod_refusals({"containers": [{"name": "x", "resources": fitted}]}, found) == []


def test_ratio_is_met_by_a_larger_request_for_cpu() -> None:
    found = rules(limit_range(container_limit(maxLimitRequestRatio={"cpu": "3"})))
    assert MODEST.fit(found)["requests"] == {"cpu": "334m", "memory": "64Mi"}


FULL = quota(used={"limits.memory": "4Gi"}, limits_memory="4Gi", requests_cpu="2", limits_cpu="4")


def test_removal_job_needs_no_room_in_a_quota() -> None:
    fitted = LEAVING.fit(rules(FULL))
    assert fitted == {"limits": {"cpu": "1", "memory": "0"}, "requests": {"cpu": "10m", "memory": "0"}}
    assert list_pod_refusals({"containers": [{"name": "x", "resources": fitted}]}, rules(FULL)) == []
    assert MODEST.fit(rules(FULL)) == PLAIN


@pytest.mark.parametrize("limit", [{"min": {"memory": "1Mi"}}, {"maxLimitRequestRatio": {"memory": "100"}}], ids=str)
def test_nothing_is_not_asked_for_where_a_limit_range_would_refuse_that(limit: Manifest) -> None:
    fitted = LEAVING.fit(rules(FULL, limit_range({"type": "Container", **limit})))
    assert (fitted["limits"]["memory"], fitted["requests"]["memory"]) == ("256Mi", "64Mi")


def test_each_of_our_own_pods_is_bounded() -> None:
    """A quota that counts requests and limits lets them be, as far as there is room."""
    world = running_world(spec=spec(accessPodImage="x"))
    (access,) = [child for child in world.sync().children if child["metadata"]["name"] == "demo-access-pod"]
    left = World(spec=spec(nodes=spec()["nodes"][:1]), children=world.children, status=world.status)
    assert "Job/w-leave" in names(left.sync())
    (job,) = [child for child in left.sync().children if child["kind"] == "Job"]
    for pod in (access["spec"], job["spec"]["template"]["spec"]):
        for container in pod["containers"]:
            # Nodes may have asked for all the cores that the hosts have, as those of examples/local.yaml do on two.
            assert container["resources"]["requests"]["cpu"] == "0"
            assert {kind: set(container["resources"][kind]) for kind in ("limits", "requests")} == {
                "limits": {"cpu", "memory"},
                "requests": {"cpu", "memory"},
            }
