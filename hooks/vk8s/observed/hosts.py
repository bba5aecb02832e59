"""Which hosts do not answer, as the pods on them show. Hosts themselves are not observed: that would take a right."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from hooks.vk8s.observed.pod import Pod


def list_silent_hosts(pods: Iterable[Pod]) -> Mapping[str, datetime]:
    """Hosts that do not answer, and since when.

    A pod that was not Ready before shows nothing, but another one may. A pod that is Ready shows that its host answers.
    """
    known = list(pods)
    answering = {pod.host for pod in known if pod.is_ready}
    found = sorted((since, pod.host) for pod in known if (since := pod.silent_since) and pod.host not in answering)
    return {host: since for since, host in reversed(found)}
