"""The command `kubectl vk8s`: creates virtual clusters, shows how they are, and connects to them, through kubectl."""

from typing import Any, Final

# The same as in pyproject.toml; a test holds one against the other.
VERSION: Final = "0.2.0"

# A Kubernetes object as it travels: parsed JSON, camelCase keys.
Manifest = dict[str, Any]
