"""Configuration files as text: YAML in which the node replaces `${NAME}` (bootstrap/templates.sh)."""

from typing import Final

import yaml
from yaml.representer import SafeRepresenter

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.yaml_text import TEXT, Dumper, write_text

_COMMENT: Final = "# Built by the controller; what is in ${...} is filled in at each boot of a node.\n"


class Json(str):
    """A placeholder whose value is JSON. The values of all others are strings."""

    __slots__ = ()


def write_documents(*documents: Manifest) -> str:
    """The documents as one file."""
    text: str = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=1000)
    return _COMMENT + text


def _write_text(dumper: SafeRepresenter, text: str) -> yaml.ScalarNode:
    """A placeholder in quotes: the name of a node may be `123`."""
    return dumper.represent_scalar(TEXT, text, style='"') if "${" in text else write_text(dumper, text)


def _write_json(dumper: SafeRepresenter, text: Json) -> yaml.ScalarNode:
    return dumper.represent_scalar(TEXT, str(text))


class _Dumper(Dumper):
    """Writes placeholders as well."""


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(Json, _write_json)
