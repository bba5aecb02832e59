"""How bodies of calls are read: that it takes little memory. What is refused of them: tests/api."""

import json
import tracemalloc

from hooks.kubernetes.manifest import Manifest
from hooks.server.reading import read_whole
from hooks.wire import HookRequest
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


def test_a_body_takes_four_times_its_size_at_most_whatever_is_noted_of_its_managers() -> None:
    whole = World().request().model_dump(by_alias=True, mode="json")
    config_maps = {f"team-a/{name}": build_config_map(name) for name in map(str, range(20))}
    body = json.dumps({**whole, "children": {**whole["children"], "ConfigMap.v1": config_maps}}).encode()
    tracemalloc.start()
    read_whole(HookRequest, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(body)
