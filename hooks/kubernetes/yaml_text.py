"""Strings in YAML for Kubernetes' programs, which read more of them as booleans and numbers than PyYAML quotes."""

import re
from typing import Any, Final

import yaml
from yaml.representer import SafeRepresenter

TEXT: Final = "tag:yaml.org,2002:str"
# https://github.com/yaml/go-yaml/blob/v2/resolve.go: booleans of one letter, any number with an exponent, octal ones.
_AMBIGUOUS: Final = re.compile(r"[yYnN]|[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)[eE][-+]?[0-9]+|[-+]?0o[0-7_]+")

# Several times as fast, if PyYAML was built with it. Any, as its stubs know neither.
FAST_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write_text(dumper: SafeRepresenter, text: str) -> yaml.ScalarNode:
    """The string, in quotes if it would be read as something else."""
    return dumper.represent_scalar(TEXT, text, style='"' if _AMBIGUOUS.fullmatch(text) else None)


class Dumper(FAST_DUMPER):  # type: ignore[misc] # one of two classes
    """PyYAML's dumper, which quotes these as well."""


Dumper.add_representer(str, write_text)
