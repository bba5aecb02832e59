"""Stateless Metacontroller hooks: a request in, the desired children and the status out."""

from typing import Final

# The same as in pyproject.toml; a test holds one against the other.
VERSION: Final = "0.2.0"
