"""Questions before something that can't be undone, and the pages that plan it."""

import sys
from collections.abc import Iterable

import click

from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.session import Session


def confirm(session: Session, plan: Iterable[str], *, is_sure: bool) -> None:
    """Shows what is going to happen, and asks unless it `is_sure`. ProblemError where the answer is no."""
    for line in plan:
        session.screen.say(line)
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise ProblemError("There is no terminal to ask on: write --yes if you mean it. Nothing has been changed.")
    if not click.confirm("Go on?", err=True):
        raise ProblemError("Nothing has been changed.")
