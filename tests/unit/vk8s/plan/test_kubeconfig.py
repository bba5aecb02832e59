"""The Secret with the kubeconfig: when it is renewed, and when it is returned unchanged."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.vk8s.plan.test_keys import (
    KUBECONFIG,
    RUNNING,
    answered,
    apply,
    at,
    data_of,
    read_cert,
    with_data,
)
from tests.world import CONTEXT, NOW, get_child, running_world


@pytest.mark.parametrize(("days", "renewed"), [(0, False), (334, False), (336, True)])
def test_kubeconfig_is_renewed_30_days_before_its_end(days: int, renewed: bool) -> None:  # noqa: FBT001 a table
    world = running_world()
    later = replace(CONTEXT, now=NOW + timedelta(days=days), entropy=b"another" * 6)
    answer = replace(world, context=later).sync()
    secret = get_child(answer, "demo-kubeconfig")
    assert (secret["data"] != world.children["Secret.v1"]["demo-kubeconfig"]["data"]) is renewed


@pytest.mark.parametrize(
    "data", [{}, {"value": "e30=", "config": "e30="}, {"value": "YQ==", "config": "Yg=="}], ids=repr
)
def test_invalid_kubeconfig_is_replaced(data: dict[str, str]) -> None:
    world = running_world()
    secret = {**world.children["Secret.v1"]["demo-kubeconfig"], "data": data}
    answer = world.with_child("Secret.v1", "demo-kubeconfig", secret).sync()
    made = get_child(answer, "demo-kubeconfig")
    assert sorted(made["data"]) == ["config", "value"]
    assert made["data"] != data


def test_kubeconfig_of_another_server_is_replaced() -> None:
    world = running_world()
    settings = CONTEXT.settings.model_copy(update={"cluster_domain": "example.org"})
    answer = replace(world, context=replace(CONTEXT, settings=settings)).sync()
    made = get_child(answer, "demo-kubeconfig")
    assert made["data"] != world.children["Secret.v1"]["demo-kubeconfig"]["data"]


def test_next_call_comes_when_the_renewal_is_due() -> None:
    due = replace(CONTEXT, now=NOW + timedelta(days=335, seconds=-100))
    assert replace(running_world(), context=due).sync().resync_after_seconds == 100


def test_kubeconfig_that_is_no_base64_is_written_again() -> None:
    assert answered(with_data(RUNNING, KUBECONFIG, {"config": "a"}), KUBECONFIG)["data"].keys() == {
        "config",
        "value",
    }


@pytest.mark.parametrize("days", [3400, 3649, 3651])
def test_kubeconfig_is_not_renewed_again_near_the_end_of_its_ca(days: int) -> None:
    once = apply(at(RUNNING, days))
    later = replace(once, context=replace(once.context, entropy=b"another" * 6))
    assert answered(later, KUBECONFIG)["data"] == data_of(once, KUBECONFIG)
    assert later.sync().resync_after_seconds == 3600
    assert once.sync().status["certificatesExpire"] == {
        "ca": "2035-12-31T03:04:05Z",
        "kubeconfig": "2035-12-31T03:04:05Z",
    }


def test_missing_kubeconfig_is_created_even_after_the_ca_ended() -> None:
    world = apply(at(RUNNING, 3700).with_child("Secret.v1", KUBECONFIG, None))
    assert read_cert(world).not_valid_after_utc == NOW + timedelta(days=3650)
