"""What can go wrong in a sync: one exception for each way to go on."""

from collections.abc import Sequence

NOT_FOUND = "NotFound"
CONFLICT = "Conflict"
ALREADY_EXISTS = "AlreadyExists"
FORBIDDEN = "Forbidden"


class SyncError(Exception):
    """Ends or taints a sync: Event on the parent, then back-off.

    The message goes to the Event and may repeat what a hook or the API server said; `logged` is the same sentence
    without that. `reason` is the API server's, where the error is one of its answers.
    """

    def __init__(self, message: str, *, logged: str | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.logged = message if logged is None else logged
        self.reason = reason

    def within(self, prefix: str) -> "SyncError":
        """The same error, with what was being done in front."""
        return SyncError(f"{prefix}: {self}", logged=f"{prefix}: {self.logged}", reason=self.reason)


class TooManyRequestsError(Exception):
    """A hook answered 429: no Event and no back-off, the parent comes back after so many seconds, 0 being at once."""

    def __init__(self, after_seconds: int) -> None:
        super().__init__(f"429, again after {after_seconds} s")
        self.after_seconds = after_seconds


class NotSyncedError(Exception):
    """A related kind is not cached yet: no Event, but back-off, which is all that the parent hears of it."""


class CrashError(Exception):
    """The original dereferences a null pointer here and the whole process ends with exit code 2; so does this one."""


class RefusedError(Exception):
    """A manifest asks for something that the fake Metacontroller does not do."""


def aggregate(errors: Sequence[SyncError]) -> SyncError | None:
    """One error for several, in the form of the original: `[first, second]`, each message once."""
    distinct = list({str(error): error for error in errors}.values())
    if len(distinct) <= 1:
        return distinct[0] if distinct else None
    logged = list(dict.fromkeys(error.logged for error in distinct))
    return SyncError(f"[{', '.join(map(str, distinct))}]", logged=f"[{', '.join(logged)}]")
