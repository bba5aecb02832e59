"""Versions of Kubernetes in the tags of node images."""

import re
from typing import Final

_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)(-.+)?")
Version = tuple[int, int, int]


def read_tag(image: str) -> str:
    """The tag of an image; empty where it has none, or a digest that says what it is."""
    return "" if "@" in image else image.rpartition("/")[2].partition(":")[2]


def parse_version(text: str) -> Version | None:
    """Major, minor and patch of `v1.34.4`, or of `v1.34.4-gpu`; None where it is no version."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def replace_version(image: str, version: str) -> str:
    """The image with another version in its tag; what follows a version, such as -gpu, stays."""
    tag = read_tag(image)
    found = _VERSION.fullmatch(tag)
    suffix = (found[4] or "") if found else ""
    return f"{image.removesuffix(tag).removesuffix(':')}:{version}{suffix}"
