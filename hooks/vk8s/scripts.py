"""The bootstrap files of node pods, as one version with a digest. `main` reads them from disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

DIGEST_LENGTH = 8


@dataclass(frozen=True)
class Scripts:
    """Names and contents of bootstrap files, and a `digest` that changes with any of them."""

    files: Mapping[str, str]
    digest: str


def build_scripts(files: Mapping[str, str]) -> Scripts:
    """The files as one version."""
    hashed = sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name].encode()):
            hashed.update(len(part).to_bytes(8, "big") + part)
    return Scripts(files, hashed.hexdigest()[:DIGEST_LENGTH])


def join_scripts(scripts: Scripts, more: Scripts) -> Scripts:
    """Both as one version."""
    digests = build_scripts({"scripts": scripts.digest, "more": more.digest})
    return Scripts({**scripts.files, **more.files}, digests.digest)
