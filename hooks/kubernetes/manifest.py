"""The type of a Kubernetes object as it travels: parsed JSON, camelCase keys."""

from typing import Any

# Any, because the hooks carry objects of every kind, fields of later Kubernetes versions included; what is read
# from one goes through the typed functions of `observed`.
Manifest = dict[str, Any]
