"""Whatever stands in a file, `render` and `request` end with 0 or 1, and what they say is sentences."""

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.__main__ import main
from tests.properties.json_values import JSON, mutated
from tests.properties.specs import valid_specs
from tests.world import IDENTITY, spec

# What YAML reads as something else than it looks like, and what PyYAML's constructors can't make.
ODD = [
    *("7", "0x_", "1_0", "1:30", "1e400", "1.0e+400", ".inf", "-.nan", "yes", "~", "=", "<<", "2026-01-01", "0b_"),
    *("2026-01-01T00:00:00Z", "!!binary a", "!!int x", "!!int ''", "!!bool x", "!!float x", "!!timestamp x"),
    *("!!set {a}", "!!null [a]", "!!map x", "!!seq x", "!!str {}", "!!omap [a: 1]", "!x y"),
    *("!!python/name:os.system", "*a", "&a [*a]", "? [a]\n: b", "? {a: b}\n: c", '"\\uD800"', '"\\0"', "'", "|"),
    *("- - -", "[", "{a: *b}", "%YAML 9.9", "...", "\t", "9" * 5000, "[" * 2000, "{a: " * 300, "0x" + "f" * 9000),
]  # fmt: skip
EXAMPLES = 150
METADATA = ("name", "namespace", "uid", "generation", "labels", "annotations", "finalizers", "ownerReferences")
odd = st.sampled_from(ODD) | st.text(max_size=20)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """YAML of one object, or something like it, with an odd value in one place, or none."""
    spoiled = draw(st.sampled_from([*METADATA, "creationTimestamp", "deletionTimestamp", "spec", "kind", "status", ""]))
    wanted: Any = draw(valid_specs() | valid_specs().flatmap(mutated) | st.just(spec()) | JSON)
    metadata = {"name": "demo", **draw(st.dictionaries(st.sampled_from(METADATA), JSON, max_size=2))}
    kind = draw(st.sampled_from(["Vk8s", "Pod", "IPPool", "List"]))
    found = {**IDENTITY, "kind": kind, "metadata": metadata, "spec": wanted, "items": draw(JSON)}
    if spoiled in METADATA or spoiled.endswith("Timestamp"):
        found = {**found, "metadata": {**metadata, spoiled: "SPOILED"}}
    elif spoiled:
        found = {**found, spoiled: "SPOILED"}
    text = yaml.safe_dump(found, allow_unicode=True)
    return text.replace("SPOILED", draw(odd))


def check(command: str, text: str) -> None:
    """Runs the command on the text."""
    told, printed = io.StringIO(), io.StringIO()
    with patch("sys.stdin", io.StringIO(text)), redirect_stderr(told), redirect_stdout(printed):
        code = main([command, "-f", "-"])
    lines = told.getvalue().splitlines()
    assert code in (0, 1)
    assert (code == 1) == (printed.getvalue() == "")
    assert code == 0 or lines
    assert all(line.startswith("standard input: ") and line[-1] in ".?" for line in lines), lines
    assert "pydantic" not in told.getvalue()


@settings(max_examples=EXAMPLES)
@given(st.sampled_from(["render", "request"]), st.lists(documents() | odd, max_size=3))
def test_any_yaml_is_answered_with_a_message(command: str, texts: list[str]) -> None:
    check(command, "\n---\n".join(texts))
