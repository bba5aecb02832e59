"""Which hosts do not answer, as the pods on them show. Hosts themselves are not observed: that would take a right."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from hooks.vk8s.observed.pod import Pod


def list_silent_hosts(pods: Iterable[Pod]) -> Mapping[str, datetime]:
    """Hosts that do not answer, and since when. A pod that was not Ready before shows nothing, but another one may."""
    found = sorted((since, pod.host) for pod in pods if (since := pod.silent_since))
    return {host: since for since, host in reversed(found)}
