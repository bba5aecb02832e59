"""Following the boot of a virtual cluster, line by line."""

import time
from collections.abc import Callable

from testbed.kubectl import Kubectl
from testbed.waiting import patient

SECONDS = 300


class BootError(RuntimeError):
    """A virtual cluster does not become Running; the message says why."""


def follow_boot(kubectl: Kubectl, name: str, say: Callable[[str], None]) -> None:
    """Reports each phase of the Vk8s, until it is Running with its current spec. BootError if that takes too long."""
    start, seconds = time.monotonic(), patient(SECONDS)
    generation = f"{kubectl.get('vk8s', name)['metadata']['generation']} "
    columns = (
        r'jsonpath={.status.observedGeneration} {.status.phase}: {.status.conditions[?(@.type=="Ready")].message}{"\n"}'
    )
    shown = ""
    for line in kubectl.watch("vk8s", name, f"--output={columns}", seconds=seconds):
        told = line.removeprefix(generation)
        if told not in (line, shown):
            say(f"  {time.monotonic() - start:4.1f} s  {told}")
            shown = told
        if told.startswith("Running:"):
            return
        if told.startswith("Paused:"):
            raise BootError(f"The virtual cluster {name} is paused: take spec.paused, or the annotation, away.")
    raise BootError(f"The virtual cluster {name} is not Running after {seconds} s; see `make logs`.")
