"""Which Kubernetes a node image has: its tag says so, where that is written as a version."""

import re
from dataclasses import dataclass
from typing import Final

_VERSION: Final = re.compile(r"(v?1\.(\d+)(?:\.\d+)?)(?:[.-]|$)")


@dataclass(frozen=True)
class Version:
    """A version of Kubernetes 1: `text` as it is written, `v1.34.4`, and the minor one as a number."""

    text: str
    minor: int


def parse_version(image: str) -> Version | None:
    """The version that starts the tag, whatever follows (`-gpu`); None where the image has no such tag."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    found = _VERSION.match(tag)
    return Version(found[1], int(found[2])) if found else None
