"""The references of the resources: written from the CRDs, and nothing of these is left out."""

import re
from typing import Any

import pytest
import yaml

from docs.tools.reference import EXAMPLES, SOURCES, Field, build_page, list_fields
from tests.shared_material import ROOT

CRDS: dict[str, dict[str, Any]] = {
    page: yaml.safe_load((ROOT / source).read_text()) for page, source in SOURCES.items()
}
SCHEMA = {
    "required": ["list"],
    "x-kubernetes-validations": [
        {"rule": "…", "message": "of the list", "fieldPath": ".list"},
        {"rule": "…", "message": "of what is deeper", "fieldPath": ".outer.inner"},
    ],
    "properties": {
        "list": {
            "type": "array",
            "description": "Names.",
            "maxItems": 3,
            "items": {
                "type": "object",
                "x-kubernetes-validations": [{"rule": "…", "message": "of an entry"}],
                "properties": {
                    "on": {"type": "boolean", "default": False},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "port": {"type": "integer", "minimum": 1},
                    "names": {"type": "array", "minItems": 1, "items": {"type": "string", "maxLength": 9}},
                },
            },
        },
        "outer": {"type": "object", "properties": {"inner": {"type": "string"}}},
    },
}


def list_messages(schema: object) -> set[str]:
    """Messages of all rules in a schema, at whatever depth."""
    if isinstance(schema, list):
        return set().union(*map(list_messages, schema))
    if not isinstance(schema, dict):
        return set()
    own = {rule["message"] for rule in schema.get("x-kubernetes-validations", [])}
    return own.union(*map(list_messages, schema.values()))


def test_fields_are_listed_with_facts_and_refusals() -> None:
    assert list(list_fields(SCHEMA)) == [
        Field("list", ("list of objects", "required", "at most 3 entries"), "Names.", ("of the list", "of an entry")),
        Field("list[].on", ("boolean", "default `false`"), "", ()),
        Field("list[].kind", ("string", "one of `a`, `b`"), "", ()),
        Field("list[].port", ("integer", "1 or more"), "", ()),
        Field("list[].names", ("list of strings", "not empty", "each at most 9 characters"), "", ()),
        Field("outer", ("object",), "", ()),
        Field("outer.inner", ("string",), "", ("of what is deeper",)),
    ]


@pytest.mark.parametrize("page", SOURCES)
def test_pages_are_those_of_the_crds(page: str) -> None:
    committed = (ROOT / "docs" / "reference" / page).read_text()
    assert committed == build_page(SOURCES[page], CRDS[page]), "run make generate, and commit docs/reference"


@pytest.mark.parametrize("page", SOURCES)
def test_page_describes_a_status_if_there_is_one(page: str) -> None:
    (version,) = CRDS[page]["spec"]["versions"]
    has_status = "status" in version["schema"]["openAPIV3Schema"]["properties"]
    assert ("## Status" in build_page(SOURCES[page], CRDS[page])) == has_status


@pytest.mark.parametrize("page", SOURCES)
def test_every_rule_is_on_the_page(page: str) -> None:
    (version,) = CRDS[page]["spec"]["versions"]
    listed = re.findall(r"^- (.*)$", build_page(SOURCES[page], CRDS[page]), re.MULTILINE)
    assert set(listed) == {" ".join(message.split()) for message in list_messages(version)}


@pytest.mark.parametrize("page", SOURCES)
def test_every_field_is_described(page: str) -> None:
    (version,) = CRDS[page]["spec"]["versions"]
    fields = list(list_fields(version["schema"]["openAPIV3Schema"]))
    assert len(fields) > 5
    assert [field.path for field in fields if not field.description] == [], f"describe these fields in {SOURCES[page]}"


def list_paths(value: object, path: str = "") -> set[str]:
    """Every field of an object, as the reference names it."""
    if isinstance(value, list):
        return set().union(*(list_paths(each, f"{path}[]") for each in value))
    if not isinstance(value, dict):
        return set()
    own = {f"{path}.{name}".lstrip("."): inner for name, inner in value.items()}
    return set(own).union(*(list_paths(inner, name) for name, inner in own.items()))


# Comments of an example with fields that exclude others.
INSTEAD = {
    "# claim: {name: ": [f"spec.{field}.claim{name}" for field in ("backup", "restoreFrom") for name in ("", ".name")]
}


@pytest.mark.parametrize("source", EXAMPLES)
def test_example_has_every_field(source: str) -> None:
    (version,) = CRDS[next(page for page, crd in SOURCES.items() if crd == source)]["spec"]["versions"]
    fields = {field.path for field in list_fields(version["schema"]["openAPIV3Schema"])}
    text = (ROOT / EXAMPLES[source]).read_text()
    used = list_paths(yaml.safe_load(text))
    instead = {path for line, paths in INSTEAD.items() if line in text for path in paths}
    missing = {path for path in fields if path.startswith("spec")} - used - instead
    assert missing == set(), f"add them to {EXAMPLES[source]}"


@pytest.mark.parametrize("source", EXAMPLES)
def test_defaults_of_the_example_are_those_of_the_crd(source: str) -> None:
    """Where a comment begins with "default", the value is the default; every default has such a comment."""
    (version,) = CRDS[next(page for page, crd in SOURCES.items() if crd == source)]["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    commented = re.findall(r"^ *(\w+): (\S+) # default(?:;|$)", (ROOT / EXAMPLES[source]).read_text(), re.MULTILINE)
    assert sorted(commented) == sorted([*list_defaults(spec), ("operator", "Equal")])


def list_defaults(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and default of every field that has one, as YAML writes them."""
    found: list[tuple[str, str]] = []
    for name, inner in schema.get("properties", {}).items():
        if "default" in inner and inner["default"] != {}:
            found.append((name, yaml.safe_dump(inner["default"]).split()[0]))
        found += list_defaults(inner.get("items", inner))
    return found
