"""The bearer tokens that the hooks accept. They are never logged or returned."""

import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hooks.server.files import FileProblem, WatchedFiles

MIN_LENGTH: Final = 32
# What RFC 6750 allows in a token; anything else could not be sent.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True)
class Tokens:
    """The tokens of a file; each of them is accepted."""

    values: tuple[bytes, ...] = field(repr=False)

    def admit(self, authorization: str | None) -> bool:
        """Whether the header is `Bearer` and one of the tokens. Constant time: how much matches does not show."""
        scheme, _, given = (authorization or "").partition(" ")
        # latin-1, as in the header: every byte is a character.
        candidate = given.strip().encode("latin-1")
        equal = [hmac.compare_digest(candidate, value) for value in self.values]
        return scheme.lower() == "bearer" and any(equal)


def watch_tokens(path: Path) -> WatchedFiles[Tokens]:
    """The tokens in the file, read again when it changes. FileProblem if it can't be used now."""
    return WatchedFiles((path,), lambda: _read_tokens(path))


def _read_tokens(path: Path) -> Tokens:
    try:
        lines = path.read_bytes().decode("ascii", "replace").splitlines()
    except OSError as error:
        raise FileProblem(f"The token file {path} can't be read: {error.strerror}.") from error
    tokens = {number: line.strip() for number, line in enumerate(lines, start=1) if line.strip()}
    if not tokens:
        raise FileProblem(f"The token file {path} has no token.")
    for number, token in tokens.items():
        if len(token) < MIN_LENGTH or not _TOKEN.fullmatch(token):
            raise FileProblem(
                f"Line {number} of the token file {path} is not a token: at least {MIN_LENGTH} letters, digits or any "
                "of -._~+/ are needed."
            )
    return Tokens(tuple(token.encode() for token in tokens.values()))
