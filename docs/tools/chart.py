"""The values of the Helm chart, from their schema: `python -m docs.tools.chart` writes values.yaml and a page of them.

In values.schema.json alone, a value has its type, default and description. Its part about the settings of the hooks is
written from hooks/settings.py.
"""

import json
import sys
import textwrap
from collections.abc import Iterator
from typing import Any, Final

import yaml

from hooks.settings import Settings
from testbed.layout import ROOT

COMMAND: Final = "make generate"
CHART: Final = ROOT / "charts" / "vk8s"
SCHEMA: Final = CHART / "values.schema.json"
VALUES: Final = CHART / "values.yaml"
PAGE: Final = ROOT / "docs" / "reference" / "chart.md"
# Settings that the pods of the chart have, whatever a ConfigMap says.
FIXED: Final = frozenset({"tls_cert_file", "tls_key_file", "token_file", "log_format"})
_WIDTH: Final = 120
# Of pydantic's schema: what the schema of the chart says of a setting.
_KEPT: Final = ("type", "enum", "minimum", "maximum", "pattern", "description")
Schema = dict[str, Any]


def main() -> int:
    """Writes all files; the exit code."""
    schema = read_schema()
    SCHEMA.write_text(f"{json.dumps(schema, indent=2)}\n")
    VALUES.write_text(build_values(schema))
    PAGE.write_text(build_page(schema))
    return 0


def read_schema() -> Schema:
    """The schema of the values, with the settings that the hooks have now."""
    schema: Schema = json.loads(SCHEMA.read_text())
    schema["properties"]["settings"]["properties"] = dict(build_settings())
    return schema


def build_settings() -> Iterator[tuple[str, Schema]]:
    """Name and schema of each setting that an installation may have."""
    for name, found in Settings.model_json_schema()["properties"].items():
        if name not in FIXED:
            # A setting without a default may be left out; null is no value of it.
            own = {**found, **next(iter(found.get("anyOf", [])), {})}
            items = {"items": {"type": "string"}} if own["type"] == "array" else {}
            yield name, {**{key: own[key] for key in _KEPT if key in own}, **items}


def build_values(schema: Schema) -> str:
    """values.yaml: every value with its default, below its description."""
    head = [f"# Written by `{COMMAND}` from values.schema.json: change that.", ""]
    return "\n".join([*head, *_list_lines(schema, 0), ""])


def build_page(schema: Schema) -> str:
    """The page with a table of all values."""
    rows = [f"| `{name}` | {default} | {description} |" for name, default, description in list_values(schema)]
    return "\n".join(
        [
            "# Values of the chart",
            f"<!-- Written by `{COMMAND}` from charts/vk8s/values.schema.json: change that. -->",
            "",
            "How to set them: [install with Helm](../how-to/helm.md). A name that is not in this table is an error,",
            "and so is a value of another type. `settings` takes the names of the",
            "[settings of the hooks](../operations.md#settings).",
            "",
            "| value | default | what it does |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def list_values(schema: Schema, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Each value: its path, its default as the page writes it, and its description."""
    for name, own in schema["properties"].items():
        if "default" in own:
            yield f"{path}{name}", _show_default(own["default"]), own["description"]
        else:
            yield from list_values(own, f"{path}{name}.")


def _show_default(default: object) -> str:
    if default == "":
        return ""
    return f"`{json.dumps(default) if isinstance(default, list | dict | bool) else default}`"


def _list_lines(schema: Schema, depth: int) -> Iterator[str]:
    for name, own in schema["properties"].items():
        if depth == 0:
            yield from [""] if name != next(iter(schema["properties"])) else []
        indent = "  " * depth
        wrapped = textwrap.wrap(own["description"], _WIDTH - len(indent) - 2, break_on_hyphens=False)
        yield from (f"{indent}# {line}" for line in wrapped)
        if "default" in own:
            yield from _list_default(name, own["default"], indent)
        else:
            yield f"{indent}{name}:"
            yield from _list_lines(own, depth + 1)


def _list_default(name: str, default: object, indent: str) -> Iterator[str]:
    if default == "":
        yield f'{indent}{name}: ""'
        return
    # Lists and maps are in one line where there is nothing but values in them.
    style = None if isinstance(default, list | dict) and default else False
    text = yaml.safe_dump({name: default}, default_flow_style=style, sort_keys=False, width=_WIDTH)
    yield from textwrap.indent(text.rstrip(), indent).splitlines()


if __name__ == "__main__":
    sys.exit(main())
