"""The CRDs of address pools, their models, answers and CompositeController agree."""

from typing import Any

import jsonschema
import pytest
import yaml

from hooks.ippool.addresses import parse_address
from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.decide import decide_customize
from hooks.ippool.model import PoolSpec
from hooks.ippool.pools import POOL, build_pool
from hooks.ippool.request import VK8S, PoolCustomizeRequest
from hooks.kubernetes.labels import CONTROLLER_UID
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from hooks.wire import ClusterMetadata
from tests.contract.test_resource import undescribed, walk
from tests.pool_world import POOL_UID, PoolWorld, pool_manifest
from tests.properties.test_status import closed
from tests.scenarios.golden import ANSWER, list_children, read_answers
from tests.shared_material import ROOT

CRDS = {
    name: yaml.safe_load((ROOT / "crds" / f"{name}.yaml").read_text()) for name in ("ippools", "ipallocations", "vk8s")
}
CONTROLLER: Manifest = yaml.safe_load((ROOT / "metacontroller" / "ippool.yaml").read_text())


def schema(name: str) -> Any:
    return CRDS[name]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_model_and_the_crd_of_pools_have_the_same_fields() -> None:
    model = PoolSpec.model_json_schema(by_alias=True)
    assert walk(model, schema("ippools")["properties"]["spec"], model.get("$defs", {}), "spec") == [], (
        "make crds/ippools.yaml and hooks/ippool/model.py say the same"
    )


@pytest.mark.parametrize("name", ["ippools", "ipallocations"])
def test_every_field_is_described(name: str) -> None:
    fields = {field: value for field, value in schema(name)["properties"].items() if field in ("spec", "status")}
    assert [place for field, value in fields.items() for place in undescribed(value, field)] == [], (
        f"describe these fields in crds/{name}.yaml"
    )


def test_statuses_follow_the_schema_of_pools() -> None:
    texts = [text for path, text in read_answers("ippool").items() if path.endswith(ANSWER)]
    statuses = [answer["status"] for answer in map(yaml.safe_load, texts) if "status" in answer]
    assert statuses
    for status in statuses:
        jsonschema.validate(status, closed(schema("ippools")["properties"]["status"]))


def test_allocations_follow_their_schema() -> None:
    described = schema("ipallocations")["properties"]["spec"]
    allocations = [child for child in list_children() if group_key(child) == ALLOCATION]
    assert allocations
    for allocation in allocations:
        spec = allocation["spec"]
        jsonschema.validate(spec, closed(described))
        assert set(spec) == set(described["properties"]) == set(described["required"])
        assert allocation["metadata"]["name"] == spec["address"]
        assert parse_address(spec["address"])


def test_groups_of_a_request_are_named_after_the_crds() -> None:
    kinds = {name: crd["spec"]["names"]["kind"] for name, crd in CRDS.items()}
    groups = {name: f"{kind}.vk8s.sktelecom.com/v1alpha1" for name, kind in kinds.items()}
    assert groups == {"ippools": POOL, "ipallocations": ALLOCATION, "vk8s": VK8S}


def test_composite_controller_is_about_pools_and_allocations() -> None:
    spec = CONTROLLER["spec"]
    assert spec["parentResource"]["resource"] == "ippools"
    assert [child["resource"] for child in spec["childResources"]] == ["ipallocations"]
    assert {child["updateStrategy"]["method"] for child in spec["childResources"]} == {"InPlace"}
    paths = {name: hook["webhook"]["path"] for name, hook in spec["hooks"].items()}
    assert paths == {name: f"/ippool/{name}" for name in ("sync", "finalize", "customize")}


def test_related_are_all_vk8s_all_pools_and_the_allocations_of_others() -> None:
    rules = decide_customize(PoolCustomizeRequest.model_validate({"parent": pool_manifest()})).related_resources
    assert {rule["apiVersion"] for rule in rules} == {"vk8s.sktelecom.com/v1alpha1"}
    assert {rule["resource"] for rule in rules} == set(CRDS)
    selectors = {rule["resource"]: rule["labelSelector"] for rule in rules if "labelSelector" in rule}
    others = {"key": CONTROLLER_UID, "operator": "NotIn", "values": [POOL_UID]}
    assert selectors == {"ipallocations": {"matchExpressions": [others]}}


def test_example_is_valid() -> None:
    example = yaml.safe_load((ROOT / "examples" / "ippool.yaml").read_text())
    jsonschema.validate(example["spec"], closed(schema("ippools")["properties"]["spec"]))
    pool = build_pool(ClusterMetadata(name="default", uid="x"), example["spec"])
    assert (pool.problems, pool.is_default, pool.addresses.size) == ((), True, 198)


def test_call_that_is_complete_is_understood() -> None:
    request = PoolWorld().request()
    assert request.parent.metadata.path == "default"
    assert request.parent.metadata.uid == POOL_UID
