"""How bodies of calls are read: in little memory, and with which errors."""

import json
import tracemalloc

from hooks.kubernetes.manifest import Manifest
from hooks.server.reading import read_whole
from hooks.wire import HookRequest
from tests.unit.server.test_main import _groups, body
from tests.world import UID, World

KEYS = 2000


def build_config_map(name: str) -> Manifest:
    """What anybody who may write ConfigMaps can have sent along with each call for a Vk8s of the namespace."""
    keys = [f"k{number}" for number in range(KEYS)]
    fields: Manifest = {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}}
    metadata = {
        "name": name,
        "namespace": "team-a",
        "uid": name,
        "labels": {"controller-uid": UID},
        "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}],
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict.fromkeys(keys, "")}


def test_body_takes_at_most_four_times_its_size_in_memory() -> None:
    whole = World().request().model_dump(by_alias=True, mode="json")
    config_maps = {f"team-a/{name}": build_config_map(name) for name in map(str, range(20))}
    body = json.dumps({**whole, "children": {**whole["children"], "ConfigMap.v1": config_maps}}).encode()
    tracemalloc.start()
    read_whole(HookRequest, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(body)


def test_managed_fields_are_left_out_and_nothing_else() -> None:
    found = {"name": "x", "namespace": "team-a", "uid": "u", "resourceVersion": "7"}
    data = {"metadata": "a text", "managedFields": "another"}
    child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": found, "data": data}
    sent = {**child, "metadata": {**found, "managedFields": [{"manager": "kubectl"}]}}
    whole = {**body(World()), "children": {**_groups(), "ConfigMap.v1": {"team-a/x": sent}}}
    assert read_whole(HookRequest, json.dumps(whole).encode()).children["ConfigMap.v1"] == {"team-a/x": child}
