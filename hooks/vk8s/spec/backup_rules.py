"""The rules for spec.backup and spec.restoreFrom.

The CRD has the same, except for what an expression can't say of a schedule.
"""

import re
from collections.abc import Iterator
from typing import Final

from hooks.vk8s.spec.model import BackupSpec, S3Spec, SnapshotStore, Spec
from hooks.vk8s.spec.naming import MAX_BACKED_UP_NAME

_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# The smallest and largest value of each part of a schedule, and the names of its values, from the smallest on; as in
# https://pkg.go.dev/github.com/robfig/cron/v3, by which Kubernetes reads it.
_PARTS: Final[tuple[tuple[int, int, list[str]], ...]] = (
    (0, 59, []),
    (0, 23, []),
    (1, 31, []),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_MACROS: Final = r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)"
_ENTRY: Final = re.compile(r"(?:[*?]|([a-z0-9]{1,3})(?:-([a-z0-9]{1,3}))?)(?:/([0-9]{1,3}))?")
_TIME_ZONE: Final = r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*"
_ENDPOINT: Final = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?"
_BUCKET: Final = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
_PREFIX: Final = r"([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)?"


def list_backup_problems(name: str, backup: BackupSpec | None) -> Iterator[str]:
    """A message for every rule that spec.backup of the Vk8s `name` breaks."""
    if backup is None:
        return
    if len(name) > MAX_BACKED_UP_NAME:
        yield (
            f"spec.backup: leave it out: the CronJob of a Vk8s whose name has more than {MAX_BACKED_UP_NAME} "
            "characters would have too long a name."
        )
    if not is_schedule(backup.schedule):
        yield "spec.backup.schedule: write five fields of cron, such as 0 3 * * *, or @hourly, @daily, @weekly."
    if backup.time_zone and (not re.fullmatch(_TIME_ZONE, backup.time_zone) or backup.time_zone.lower() == "local"):
        yield "spec.backup.timeZone: write a name such as Asia/Seoul or Etc/UTC."
    yield from _list_store_problems("spec.backup", backup)


def list_restore_problems(spec: Spec) -> Iterator[str]:
    """A message for every rule that spec.restoreFrom breaks."""
    restore = spec.restore_from
    if restore is None:
        return
    if spec.storage.ephemeral:
        yield (
            "spec.restoreFrom: leave it out: with ephemeral storage, each new pod would begin with the snapshot again."
        )
    yield from _list_store_problems("spec.restoreFrom", restore)


def _list_store_problems(field: str, store: SnapshotStore) -> Iterator[str]:
    if (store.claim is None) == (store.s3 is None):
        yield f"{field}: write either claim or s3."
    if store.s3:
        yield from _list_s3_problems(field, store.s3)


def _list_s3_problems(field: str, s3: S3Spec) -> Iterator[str]:
    if not re.fullmatch(_ENDPOINT, s3.endpoint):
        yield f"{field}.s3.endpoint: write a URL such as https://s3.example.com, without a bucket."
    if not re.fullmatch(_BUCKET, s3.bucket):
        form = "lower-case letters, digits, '-' and '.', the first and the last a letter or digit"
        yield f"{field}.s3.bucket: write {form}."
    prefix = s3.prefix or ""
    if not re.fullmatch(_PREFIX, prefix) or {".", ".."} & set(prefix.split("/")):
        yield f"{field}.s3.prefix: write words of letters, digits, '-', '_' and '.', with '/' between them."


def is_schedule(text: str) -> bool:
    """Whether Kubernetes accepts this as the schedule of a CronJob."""
    if re.fullmatch(_MACROS, text):
        return True
    fields = text.lower().split()
    return len(fields) == len(_PARTS) and all(map(_is_field, fields, _PARTS))


def _is_field(text: str, part: tuple[int, int, list[str]]) -> bool:
    return all(_is_entry(entry, part) for entry in text.split(","))


def _is_entry(text: str, part: tuple[int, int, list[str]]) -> bool:
    """Whether this is a value, or a range from a smaller to a larger one, maybe with a step."""
    found = _ENTRY.fullmatch(text)
    if found is None or (found[3] is not None and int(found[3]) == 0):
        return False
    if found[1] is None:
        return True
    smallest, largest, _ = part
    first, last = _read_value(found[1], part), _read_value(found[2] or found[1], part)
    return first is not None and last is not None and smallest <= first <= last <= largest


def _read_value(text: str, part: tuple[int, int, list[str]]) -> int | None:
    smallest, _, names = part
    if text.isdecimal():
        return int(text)
    return smallest + names.index(text) if text in names else None
