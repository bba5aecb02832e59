"""The type of a Kubernetes object: parsed JSON, camelCase keys."""

from typing import Any

# Any, because the hooks pass on objects of every kind, with fields of later Kubernetes versions. They are read through
# the typed functions of `observed`.
Manifest = dict[str, Any]
