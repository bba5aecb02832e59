"""The files that a node pod boots from, as one version with a digest. Reading them from disk is `main`'s."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

DIGEST_LENGTH = 8


@dataclass(frozen=True)
class Scripts:
    """Names and contents of the boot files, and `digest`, which differs when any of them does."""

    files: Mapping[str, str]
    digest: str


def build_scripts(files: Mapping[str, str]) -> Scripts:
    """One version of the boot files."""
    hashed = sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name].encode()):
            hashed.update(len(part).to_bytes(8, "big") + part)
    return Scripts(files, hashed.hexdigest()[:DIGEST_LENGTH])


def join_scripts(scripts: Scripts, more: Scripts) -> Scripts:
    """Both as one version."""
    digests = build_scripts({"scripts": scripts.digest, "more": more.digest})
    return Scripts({**scripts.files, **more.files}, digests.digest)
