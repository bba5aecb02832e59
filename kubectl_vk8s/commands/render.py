"""`render`: what would be created for a Vk8s, without a cluster."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from kubectl_vk8s import options
from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.session import Session


@dataclass(frozen=True)
class Options:
    """What `render` is asked for."""

    file: str


@options.command(Options, name="render")
@click.option("-f", "--file", required=True, metavar="FILE", help="YAML with Vk8s objects; - for standard input.")
def command(session: Session, asked: Options) -> int | None:
    """Print what would be created for a Vk8s, without a cluster.

    It needs the hooks, as in a checkout of the project. Their settings are read from VK8S_SETTING_*.
    """
    try:
        from kubectl_vk8s.rendering import render_text
    except ImportError as error:
        raise ProblemError(
            f"render needs the hooks and their packages ({error.name} is missing): run it in a checkout of "
            "vk8s-metacontroller, or use `python -m hooks render` in the image of the hooks."
        ) from error
    text, warnings = render_text(read_text(asked.file), os.environ)
    for warning in warnings:
        session.screen.say(f"warning: {warning}")
    session.screen.print(text.rstrip())
    return None


def read_text(file: str) -> str:
    """The text of a file, or of standard input."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemError(f"{file} can't be read: {error}", Exit.USAGE) from error
