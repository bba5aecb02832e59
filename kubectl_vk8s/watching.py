"""Showing something again after each change."""

import sys
from collections.abc import Callable

from kubectl_vk8s.follow import follow
from kubectl_vk8s.problems import Exit
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s

_FOREVER = float(365 * 24 * 3600)


def show_repeatedly(session: Session, vk8s: Vk8s, show: Callable[[Vk8s], None]) -> int:
    """Shows the Vk8s now and after each change, on a terminal in the same place, until Ctrl-C or until it is gone."""
    try:
        for seen in follow(session.within(vk8s), vk8s.name, _FOREVER):
            if seen.vk8s is None:
                session.screen.say(f"{vk8s.name} has been deleted.")
                return Exit.NOT_FOUND
            if sys.stdout.isatty():
                # Home, and whatever was below is erased.
                sys.stdout.write("\x1b[H\x1b[2J")
            show(seen.vk8s)
    except KeyboardInterrupt:
        return Exit.DONE
    return Exit.DONE
