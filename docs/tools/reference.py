"""References of the resources, as pages, from their CRDs: `python -m docs.tools.reference` writes docs/reference/*.md.

Nothing is said here that the CRDs don't say: a description that is missing is missing in `kubectl explain`, too.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from testbed.layout import ROOT

# The page, under docs/reference, and the CRD that it is made from.
SOURCES: Final = {
    "vk8s.md": "crds/vk8s.yaml",
    "ippool.md": "crds/ippools.yaml",
    "ipallocation.md": "crds/ipallocations.yaml",
}
# Below the first heading of the page, an example that has every field.
EXAMPLES: Final = {"crds/vk8s.yaml": "examples/every-field.yaml"}
# Where the words for people are.
GUIDES: Final = {
    "crds/vk8s.yaml": "[how it works](../how-it-works.md), [the status](../status.md)",
    "crds/ippools.yaml": "[address pools](../ip-manager.md)",
    "crds/ipallocations.yaml": "[address pools](../ip-manager.md)",
}
COMMAND: Final = "make generate"
# Of the schema, and how the page says it.
_LIMITS: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "maxProperties": "at most {} entries",
    "minimum": "{} or more",
    "maximum": "{} or less",
    "pattern": "matches `{}`",
    "format": "{}",
}
# A list or text of one or more is "not empty".
_COUNTS: Final = frozenset({"minLength", "minItems"})
_SCOPES: Final = {"Namespaced": "in a namespace", "Cluster": "for the whole cluster"}
# Of pods, which Kubernetes' own reference describes.
_OF_PODS: Final = frozenset({"affinity", "topologySpreadConstraints"})
# Given by the API server to every object.
_COMMON: Final = frozenset({"apiVersion", "kind", "metadata"})
Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One field: `path` such as `spec.nodes[].name`, `facts` as words between commas, `refusals` as sentences."""

    path: str
    facts: tuple[str, ...]
    description: str
    refusals: tuple[str, ...]


def main() -> int:
    """Writes all pages; the exit code."""
    for page, source in SOURCES.items():
        file = ROOT / "docs" / "reference" / page
        file.parent.mkdir(exist_ok=True)
        file.write_text(build_page(source, yaml.safe_load((ROOT / source).read_text())))
    return 0


def build_page(source: str, crd: Schema) -> str:
    """The page, as Markdown, for a CRD with one version."""
    spec = crd["spec"]
    (version,) = spec["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    fields = list(list_fields(schema))
    return "\n".join(
        [
            f"# {spec['names']['kind']}",
            f"<!-- Written by `{COMMAND}` from {source}: change that. -->",
            "",
            schema["description"],
            "",
            f"`{spec['group']}/{version['name']}`, {_SCOPES[spec['scope']]}. To read the same in a terminal:",
            f"`kubectl explain {spec['names']['singular']}.spec`. The source is [{source}](../../{source}).",
            f"More: {GUIDES[source]}.",
            "",
            *_list_refusals(_read_refusals(schema)),
            *_show_example(source),
            "## Spec",
            *(line for field in fields if field.path.startswith("spec") for line in _show(field)),
            *_show_status([field for field in fields if field.path.startswith("status.")]),
            "## Columns of kubectl get",
            "| column | from | | |",
            "|---|---|---|---|",
            *(_show_column(column) for column in version["additionalPrinterColumns"]),
            "",
        ]
    )


def list_fields(schema: Schema, path: str = "") -> Iterator[Field]:
    """Every field below `path`, from the top, with what is refused of it."""
    required = set(schema.get("required", []))
    for name, own in schema.get("properties", {}).items():
        if not path and name in _COMMON:
            continue
        inner = _hand_down(schema, name, own)
        below = f"{path}.{name}".lstrip(".")
        is_of_pods = name in _OF_PODS
        own_refusals = tuple(dict.fromkeys(_list_messages(inner))) if is_of_pods else _read_refusals(inner)
        refusals = (*_read_refusals(schema, f".{name}"), *own_refusals)
        yield Field(below, tuple(_list_facts(inner, required=name in required)), inner.get("description", ""), refusals)
        if is_of_pods:
            continue
        yield from list_fields(inner, below)
        if inner.get("type") == "array":
            yield from list_fields(inner["items"], f"{below}[]")


def _show_example(source: str) -> Iterator[str]:
    """Nothing for a resource without an example of all its fields."""
    if source in EXAMPLES:
        file = EXAMPLES[source]
        yield "## Every field in one YAML"
        yield f"This is [{file}](../../{file}). An API server accepts it in the tests; each field is described below."
        yield ""
        yield "```yaml"
        yield (ROOT / file).read_text().rstrip()
        yield "```"
        yield ""


def _list_messages(schema: Schema) -> Iterator[str]:
    """Messages of all rules in a schema, at whatever depth."""
    yield from (str(rule["message"]) for rule in schema.get("x-kubernetes-validations", []))
    entries = schema.get("items") or schema.get("additionalProperties")
    inner = [*schema.get("properties", {}).values(), *([entries] if isinstance(entries, dict) else [])]
    for each in inner:
        yield from _list_messages(each)


def _hand_down(schema: Schema, name: str, inner: Schema) -> Schema:
    """The field `name`, with the rules of the schema around it that are about something deeper in it."""
    deeper = [
        {**rule, "fieldPath": rule["fieldPath"].removeprefix(f".{name}")}
        for rule in schema.get("x-kubernetes-validations", [])
        if rule.get("fieldPath", "").startswith(f".{name}.")
    ]
    return {**inner, "x-kubernetes-validations": [*inner.get("x-kubernetes-validations", []), *deeper]}


def _list_facts(schema: Schema, *, required: bool) -> Iterator[str]:
    yield _name_type(schema)
    if required:
        yield "required"
    if "default" in schema and schema["default"] != {}:
        yield f"default `{json.dumps(schema['default']) if schema['default'] in (True, False) else schema['default']}`"
    if "enum" in schema:
        yield "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    # The length of an enumeration only limits the cost of rules.
    limits = () if "enum" in schema else _LIMITS.items()
    yield from (words.format(schema[key]) for key, words in limits if key in schema and not _is_one(schema, key))
    if any(_is_one(schema, key) for key in _COUNTS):
        yield "not empty"
    entries = schema.get("items") or schema.get("additionalProperties") or {}
    yield from (f"each {_LIMITS[key].format(entries[key])}" for key in ("maxLength", "pattern") if key in entries)


def _is_one(schema: Schema, key: str) -> bool:
    return key in _COUNTS and schema.get(key) == 1


def _name_type(schema: Schema) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "quantity"
    if schema.get("type") == "array":
        return f"list of {_name_type(schema['items'])}s"
    if "additionalProperties" in schema:
        return f"map of {_name_type(schema['additionalProperties'])}s".replace("ys", "ies")
    return str(schema.get("type", "any"))


def _read_refusals(schema: Schema, at: str | None = None) -> tuple[str, ...]:
    """Messages of the rules of a schema, and of what is in its list or map, that are about the field `at` of it."""
    rules = schema.get("x-kubernetes-validations", [])
    found = tuple(str(rule["message"]) for rule in rules if rule.get("fieldPath") == at)
    entries = schema.get("items") or schema.get("additionalProperties")
    return (*found, *_read_refusals(entries)) if isinstance(entries, dict) and at is None else found


def _show(field: Field) -> Iterator[str]:
    depth = "###" if field.path.count(".") < 2 else "####"  # noqa: PLR2004 of spec, and of what is in it
    if field.path != "spec":
        yield f"{depth} `{field.path}`"
        yield f"*{', '.join(field.facts)}*"
        yield ""
    if field.description:
        yield field.description
        yield ""
    yield from _list_refusals(field.refusals)


def _show_status(fields: list[Field]) -> Iterator[str]:
    """Nothing for a resource that has no status."""
    if fields:
        yield "## Status"
        yield "Written by the controller."
        yield ""
        yield from (line for field in fields for line in _show(field))


def _list_refusals(refusals: tuple[str, ...]) -> Iterator[str]:
    if refusals:
        yield "A spec that breaks one of these rules is rejected with its message:"
        yield ""
        yield from (f"- {sentence}" for sentence in refusals)
        yield ""


def _show_column(column: Schema) -> str:
    where = "with `-o wide`" if column.get("priority") else ""
    path = column["jsonPath"].replace("|", "\\|")
    return f"| {column['name'].upper()} | `{path}` | {column.get('description', '')} | {where} |"


if __name__ == "__main__":
    sys.exit(main())
