"""When the next backup by schedule is due, as the host cluster's CronJob controller reckons.

https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from hooks.kubernetes.conditions import parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.model import BackupSpec

_NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def find_next_backup(backup: BackupSpec, cron_job: Manifest | None, now: datetime) -> datetime | None:
    """The first time of the schedule after the last one that was begun.

    It changes only when the CronJob does, or when it has passed. None while the CronJob does not exist or is suspended,
    and without a time zone: that of the host cluster's control plane is not known to the hooks.
    """
    if cron_job is None or cron_job["spec"].get("suspend") or not backup.time_zone:
        return None
    last = parse_time((cron_job.get("status") or {}).get("lastScheduleTime"))
    begun = last or parse_time(cron_job["metadata"].get("creationTimestamp")) or now
    due = _find_time(backup.schedule, backup.time_zone, begun)
    return (
        due
        if due is None or due >= now
        else _find_time(backup.schedule, backup.time_zone, now.replace(second=0, microsecond=0))
    )


def _find_time(schedule: str, zone: str, after: datetime) -> datetime | None:
    """The first time of the schedule after that one; None if there is none, or if it can't be read."""
    fields = _NAMED.get(schedule, schedule).replace("?", "*").upper()
    try:
        return next(CronSim(fields, after.astimezone(ZoneInfo(zone))), None)
    except (CronSimError, ZoneInfoNotFoundError, ValueError):
        return None
