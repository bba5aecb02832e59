"""The CRD, the models and the CompositeController say the same."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.model import NodeSpec, Spec
from hooks.vk8s.spec.placement import Affinity, SpreadConstraint, Toleration
from hooks.vk8s.spec.validate import check_spec, parse_spec
from hooks.wire import CustomizeRequest, HookRequest
from tests.shared_material import ROOT, SHARED, VK8S_EXAMPLES, needs_shared

CRD: Manifest = yaml.safe_load((ROOT / "crds" / "vk8s.yaml").read_text())
SCHEMA: Manifest = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
CONTROLLERS = [yaml.safe_load((ROOT / "metacontroller" / f"{name}.yaml").read_text()) for name in ("vk8s", "ippool")]


def resolve(schema: Manifest, definitions: Manifest) -> Manifest:
    """The schema itself, behind references, lists of alternatives with null, and single-element lists."""
    for alternative in [*schema.get("anyOf", []), *schema.get("allOf", []), schema]:
        if "$ref" in alternative:
            return resolve(definitions[alternative["$ref"].split("/")[-1]], definitions)
    return schema


def walk(model: Manifest, crd: Manifest, definitions: Manifest, path: str) -> list[str]:
    """Every place where the model and the CRD differ in fields, defaults or what is required."""
    model = resolve(model, definitions)
    if "items" in model:
        return walk(model["items"], crd["items"], definitions, f"{path}[]")
    fields, described = model.get("properties"), crd.get("properties")
    if fields is None or described is None:
        return []
    problems = (
        [f"{path}: {sorted(set(fields) ^ set(described))} in one of the two"] if set(fields) ^ set(described) else []
    )
    if sorted(model.get("required", [])) != sorted(crd.get("required", [])):
        problems.append(f"{path}: required {model.get('required')} and {crd.get('required')}")
    for name in set(fields) & set(described):
        for key in ("default", "enum", "minimum", "maximum", "maxLength"):
            left, right = fields[name].get(key), described[name].get(key)
            if key in fields[name] and left not in ([], None, {}) and left != right and "$ref" not in str(fields[name]):
                problems.append(f"{path}.{name}: {key} {left} and {right}")
        problems += walk(fields[name], described[name], definitions, f"{path}.{name}")
    return problems


def test_model_and_the_crd_have_the_same_fields() -> None:
    schema = Spec.model_json_schema(by_alias=True)
    assert walk(schema, SCHEMA["properties"]["spec"], schema["$defs"], "spec") == [], (
        "make crds/vk8s.yaml and hooks/vk8s/spec/model.py say the same"
    )


@pytest.mark.parametrize(
    ("field", "model"),
    [("affinity", Affinity), ("tolerations", Toleration), ("topologySpreadConstraints", SpreadConstraint)],
)
def test_form_of_a_placement_is_the_same_in_the_crd(field: str, model: type[BaseModel]) -> None:
    described = SCHEMA["properties"]["spec"]["properties"]["nodes"]["items"]["properties"][field]
    schema = model.model_json_schema(by_alias=True)
    assert walk(schema, described.get("items", described), schema.get("$defs", {}), field) == []


def undescribed(schema: Manifest, path: str) -> list[str]:
    """Every field without a description."""
    found = [] if "description" in schema else [path]
    inner = {**schema.get("properties", {}), **schema.get("items", {}).get("properties", {})}
    return found + [place for name, child in inner.items() for place in undescribed(child, f"{path}.{name}")]


def test_every_field_of_the_crd_is_described() -> None:
    fields = {name: schema for name, schema in SCHEMA["properties"].items() if name in ("spec", "status")}
    missing = [place for name, schema in fields.items() for place in undescribed(schema, name)]
    # These are Kubernetes' own; their fields are described there.
    known = (".tolerations.", ".affinity.", ".topologySpreadConstraints.")
    assert [place for place in missing if not any(part in place for part in known)] == [], (
        "describe these fields in crds/vk8s.yaml"
    )


@pytest.mark.parametrize("path", VK8S_EXAMPLES, ids=lambda path: path.name)
def test_examples_are_valid(path: Path) -> None:
    example = yaml.safe_load(path.read_text())
    spec, problems = parse_spec(example["spec"])
    assert problems == []
    assert spec is not None
    assert check_spec(example["metadata"]["name"], spec) == []


def test_local_example_fits_2_cores_and_8_gib() -> None:
    nodes = yaml.safe_load((ROOT / "examples" / "local.yaml").read_text())["spec"]["nodes"]
    resources = [NodeSpec.model_validate(node).resources for node in nodes]
    assert sum(parse_quantity(each.requests["cpu"]) for each in resources) == 2
    assert all(parse_quantity(each.limits["cpu"]) <= 2 for each in resources)
    assert sum(parse_quantity(each.limits["memory"]) for each in resources) == 8 << 30


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: str(controller["metadata"]["name"]))
def test_composite_controllers_avoid_the_traps_of_metacontroller(controller: Manifest) -> None:
    spec = controller["spec"]
    assert len(controller["metadata"]["name"]) <= 43
    assert spec["generateSelector"] is True
    assert spec["parentResource"]["ignoreStatusChanges"] is True
    assert {hook["version"] for hook in spec["hooks"].values()} == {"v2"}
    assert all("timeout" in hook["webhook"] for hook in spec["hooks"].values())


@needs_shared
@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: str(controller["metadata"]["name"]))
def test_composite_controllers_are_valid_against_metacontrollers_crd(controller: Manifest) -> None:
    crd = yaml.safe_load(next((SHARED / "metacontroller-crds").glob("compositecontrollers*.yaml")).read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    jsonschema.validate(controller, _closed(schema))


def _closed(schema: Any) -> Any:
    """The schema with unknown fields forbidden: the API server would drop them silently."""
    if isinstance(schema, dict):
        closed = {key: _closed(value) for key, value in schema.items()}
        if "properties" in schema and schema.get("type") == "object":
            return {**closed, "additionalProperties": False} if set(schema["properties"]) != {"name"} else closed
        return closed
    return [_closed(entry) for entry in schema] if isinstance(schema, list) else schema


@needs_shared
@pytest.mark.parametrize(
    "path",
    sorted((SHARED / "recordings" / "requests").glob("*.json")) if SHARED.is_dir() else [],
    ids=lambda path: path.name,
)
def test_recorded_requests_of_metacontroller_are_understood(path: Path) -> None:
    recorded = json.loads(path.read_text())
    model = CustomizeRequest if "customize" in path.name else HookRequest
    parsed = model.model_validate(recorded)
    assert parsed.parent.metadata.uid == recorded["parent"]["metadata"]["uid"]
