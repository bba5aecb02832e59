"""How the command ends: exit codes, and the one exception that a user sees, as a message."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. `connect -- COMMAND` and `ssh` end with that of the command instead."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_READY = 4
    NEEDS_YOU = 5
    INTERRUPTED = 130


class ProblemError(Exception):
    """Why the command ends early, as a message that says what to do."""

    def __init__(self, message: str, code: int = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
