"""The pod of a node: how often its probes run."""

from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.world import CONTEXT, World


def read_probes(seconds: int) -> list[Manifest]:
    """The startup and the readiness probe of a node, with this setting."""
    settings = CONTEXT.settings.model_copy(update={"node_probe_seconds": seconds})
    world = World(context=replace(CONTEXT, settings=settings)).steps(4)
    (container,) = world.children["Pod.v1"]["m"]["spec"]["containers"]
    return [container["startupProbe"], container["readinessProbe"]]


@pytest.mark.parametrize(
    ("seconds", "ready_seconds", "failures"),
    [
        pytest.param(1, 3, 8640, id="each second by default, and a day until it is given up"),
        pytest.param(20, 20, 4320, id="seldom, and a day as before"),
    ],
)
def test_setting_is_the_period_of_the_startup_probe(seconds: int, ready_seconds: int, failures: int) -> None:
    startup, readiness = read_probes(seconds)
    assert (startup["periodSeconds"], startup["failureThreshold"]) == (seconds, failures)
    assert readiness["periodSeconds"] == ready_seconds


def test_startup_probe_has_time_for_its_wait() -> None:
    startup, readiness = read_probes(1)
    waits = int(startup["exec"]["command"][-1])
    assert startup["timeoutSeconds"] == waits + readiness["timeoutSeconds"]
