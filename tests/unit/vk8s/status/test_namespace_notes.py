"""What the status says of quotas and LimitRanges that a node meets."""

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from hooks.vk8s.status.namespace_notes import LIMIT_RANGER
from tests.namespace_world import container_limit, limit_range, related
from tests.shared_material import ROOT
from tests.unit.vk8s.spec.test_namespace_rules import bounded
from tests.world import World, condition, spec


def given(status: Manifest, limits: Manifest, *objects: Manifest, **annotations: str) -> str:
    """What is said about a control-plane node that has been given those limits, and is in that state."""
    world = World(related=related(*objects)).steps(3)
    pod = world.children[POD]["m"]
    container = {**pod["spec"]["containers"][0], "resources": {"limits": limits}}
    metadata = {**pod["metadata"], "annotations": {**pod["metadata"]["annotations"], **annotations}}
    pod = {**pod, "metadata": metadata, "spec": {**pod["spec"], "containers": [container]}, "status": status}
    message: str = condition(world.with_child(POD, "m", pod).sync(), "ControlPlaneReady")["message"]
    return message


def container_status(state: Manifest, **ended: str) -> Manifest:
    return {
        "containerStatuses": [{"name": "node", "state": state, "lastState": {"terminated": ended} if ended else {}}]
    }


ROLE = "master"  # as the node says it
LOOP = {"waiting": {"reason": "CrashLoopBackOff"}}
TOO_LITTLE = container_status(LOOP, message=f"The pod's memory limit is 512 MiB; a {ROLE} needs at least 768 MiB.\n")
GIVEN = {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "1Gi"}
DEFAULTS = limit_range(container_limit(default=GIVEN))


@pytest.mark.parametrize(
    ("status", "note"),
    [
        (TOO_LITTLE, "(its memory limit of 512Mi comes from LimitRange lr: write resources.limits.memory for m)."),
        (
            container_status(LOOP, reason="OOMKilled"),
            "OOMKilled (its memory limit of 512Mi comes from LimitRange lr: write resources.limits.memory for m).",
        ),
        (
            container_status({"running": {}}),
            "-n team-a m (its cpu limit of 500m comes from LimitRange lr: write resources.limits.cpu for m).",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "ephemeral local storage usage exceeds 1Gi"},
            " limit of 1Gi comes from LimitRange lr: write resources.limits.ephemeral-storage for m).",
        ),
        (container_status(LOOP, message="No vxlan."), "m has stopped: No vxlan."),
    ],
    ids=["the boot", "the kernel", "a slow boot", "the kubelet", "something else"],
)
def test_limit_that_a_node_meets_is_reported(status: Manifest, note: str) -> None:
    assert given(status, GIVEN, DEFAULTS).endswith(note)


def test_limit_is_known_by_its_annotation_without_a_limit_range() -> None:
    mark = "LimitRanger plugin set: memory limit for container node"
    end = "write resources.limits.memory for m)."
    assert given(TOO_LITTLE, GIVEN, **{LIMIT_RANGER: mark}).endswith(
        f"(its memory limit of 512Mi comes from a LimitRange of the namespace: {end}"
    )
    assert given(TOO_LITTLE, GIVEN).endswith(f"(its memory limit of 512Mi is not from the spec: {end}")


def test_boot_with_enough_cpu_blames_no_limit() -> None:
    assert given(container_status({"running": {}}), {"cpu": "1"}, DEFAULTS).endswith("kubectl logs -n team-a m.")
    assert given(container_status({"running": {}}), {}, DEFAULTS).endswith("kubectl logs -n team-a m.")


def test_limit_of_the_spec_is_not_blamed_on_a_limit_range() -> None:
    nodes = [bounded("master", "m", "512Mi")]
    world = World(spec=spec(nodes=nodes), related=related(DEFAULTS)).steps(3).with_pod_status("m", TOO_LITTLE)
    assert "LimitRange" not in condition(world.sync(), "ControlPlaneReady")["message"]


def test_preflight_uses_the_words_that_the_status_looks_for() -> None:
    assert "memory limit is" in (ROOT / "hooks" / "vk8s" / "bootstrap" / "preflight.sh").read_text()
