"""Which hosts do not answer, as the pods on them show. Hosts themselves are not observed: that would take a right."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from hooks.vk8s.observed.pod import Pod

# The host cluster says the same of pods whose kubelet reports that it is not ready, as after a restart; the pods show
# no difference. That kubelet corrects it as soon as it sees it. Longer patience would make the loss of a host known
# later than a minute after it: the host cluster itself waits for up to 55 s.
_PATIENCE: Final = timedelta(seconds=4)


def list_suspects(pods: Iterable[Pod]) -> Mapping[str, datetime]:
    """Hosts that may not answer, and since when.

    A pod that was not Ready before shows nothing, but another one may. A pod that is Ready shows that its host answers.
    """
    known = list(pods)
    answering = {pod.host for pod in known if pod.is_ready}
    found = sorted((since, pod.host) for pod in known if (since := pod.silent_since) and pod.host not in answering)
    return {host: since for since, host in reversed(found)}


def select_silent(suspects: Mapping[str, datetime], now: datetime) -> Mapping[str, datetime]:
    """Those that do not answer."""
    return {host: since for host, since in suspects.items() if since + _PATIENCE <= now}


def compute_silence_due(suspects: Mapping[str, datetime], now: datetime) -> datetime | None:
    """When the next of them counts as one that does not answer."""
    return min((end for since in suspects.values() if (end := since + _PATIENCE) > now), default=None)
