"""Objects of the installation: written when they differ, and nothing of others is lost."""

import pytest

from hooks.setup.api import Api
from hooks.setup.objects import Namespace
from tests.unit.setup.fake_api import FakeApi

CONFIG_MAP = "/api/v1/namespaces/vk8s-system/configmaps/demo"
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


def test_pods_of_a_deployment_are_recreated(server: FakeApi, place: Namespace) -> None:
    server.put(DEPLOYMENT)
    assert place.restart("vk8s-hooks", "123")
    annotations = server.objects[DEPLOYMENT]["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"vk8s.sktelecom.com/inputs": "123"}


def test_deployment_that_is_not_there_yet_needs_no_restart(server: FakeApi, place: Namespace) -> None:
    assert not place.restart("vk8s-hooks", "123")
    assert server.list_writes() == []
