"""The Kubernetes version of a node image, read from its tag."""

import re
from dataclasses import dataclass
from typing import Final

_VERSION: Final = re.compile(r"(v?1\.(\d+)(?:\.\d+)?)(?:[.-]|$)")


@dataclass(frozen=True)
class Version:
    """A version of Kubernetes 1: `text` as written, such as `v1.34.4`, and the number of its minor version."""

    text: str
    minor: int


def parse_version(image: str) -> Version | None:
    """The version at the start of the tag, whatever follows (`-gpu`); None if the tag has none."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    found = _VERSION.match(tag)
    return Version(found[1], int(found[2])) if found else None
