"""The releases of Debian that a guest can have: each brings another kernel, systemd, containerd and Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Release:
    """A release of Debian: its codename, and its version of Python."""

    suite: str
    python: str


RELEASES: Final[Mapping[str, Release]] = {"12": Release("bookworm", "3.11"), "13": Release("trixie", "3.13")}
