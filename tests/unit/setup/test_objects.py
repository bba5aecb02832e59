"""Objects of the installation: written when they differ, and nothing of others is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from hooks.setup.api import Api
from hooks.setup.objects import Namespace
from tests.unit.setup.fake_api import FakeApi

CONFIG_MAP = "/api/v1/namespaces/vk8s-system/configmaps/demo"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
DEPLOYMENT = "/apis/apps/v1/namespaces/vk8s-system/deployments/vk8s-hooks"


@pytest.fixture
def place(api: Api) -> Namespace:
    return Namespace(api, "vk8s-system")


def test_data_of_an_object_that_is_missing_or_empty(server: FakeApi, place: Namespace) -> None:
    assert place.find_data("ConfigMap", "demo") is None
    server.put(CONFIG_MAP)
    assert place.find_data("ConfigMap", "demo") == {}


@pytest.mark.parametrize(("kind", "resource"), [("ConfigMap", "configmaps"), ("Secret", "secrets")])
def test_object_is_created_where_it_is_missing(server: FakeApi, api: Api, kind: str, resource: str) -> None:
    place = Namespace(api, "vk8s-system")
    assert place.write_data(kind, "demo", {"a": "b"})  # type: ignore[arg-type] # one of two kinds
    created = server.objects[f"/api/v1/namespaces/vk8s-system/{resource}/demo"]
    labels = {"app.kubernetes.io/part-of": "vk8s"}
    metadata = {"name": "demo", "namespace": "vk8s-system", "labels": labels}
    assert created == {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {"a": "b"}}


def test_object_that_differs_keeps_all_but_its_data(server: FakeApi, place: Namespace) -> None:
    server.put(CONFIG_MAP, data={"a": "b", "old": "c"}, immutable=False)
    assert place.write_data("ConfigMap", "demo", {"a": "b"})
    assert server.objects[CONFIG_MAP]["data"] == {"a": "b"}
    assert server.objects[CONFIG_MAP]["immutable"] is False


def test_object_that_is_as_it_should_be_is_not_written(server: FakeApi, place: Namespace) -> None:
    server.put(CONFIG_MAP, data={"a": "b"})
    assert not place.write_data("ConfigMap", "demo", {"a": "b"})
    assert server.list_writes() == []


def test_pods_are_recreated_once_for_other_inputs(server: FakeApi, place: Namespace) -> None:
    server.put(DEPLOYMENT)
    place.note_inputs("vk8s-hooks", "123")
    assert not place.restart("vk8s-hooks", "123", NOW)
    assert "spec" not in server.objects[DEPLOYMENT]
    seen = set()
    # The earlier inputs come back in the end.
    for seconds, inputs in enumerate(("456", "123", "456")):
        assert place.restart("vk8s-hooks", inputs, NOW + timedelta(seconds=seconds))
        assert not place.restart("vk8s-hooks", inputs, NOW)
        seen.add(server.objects[DEPLOYMENT]["spec"]["template"]["metadata"]["annotations"]["vk8s.sktelecom.com/inputs"])
    assert len(seen) == 3


def test_inputs_on_record_stay_until_the_restart(server: FakeApi, place: Namespace) -> None:
    server.put(DEPLOYMENT)
    place.note_inputs("vk8s-hooks", "123")
    place.note_inputs("vk8s-hooks", "456")
    assert server.objects[DEPLOYMENT]["metadata"]["annotations"] == {"vk8s.sktelecom.com/started-with": "123"}


def test_deployment_that_is_not_there_yet_needs_no_restart(server: FakeApi, place: Namespace) -> None:
    place.note_inputs("vk8s-hooks", "123")
    assert not place.restart("vk8s-hooks", "123", NOW)
    assert server.list_writes() == []
