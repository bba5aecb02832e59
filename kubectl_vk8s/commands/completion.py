"""`completion`: what a shell needs to complete names and flags."""

from dataclasses import dataclass

import click

from kubectl_vk8s import options
from kubectl_vk8s.complete import build_script
from kubectl_vk8s.session import Session


@dataclass(frozen=True)
class Options:
    """What `completion` is asked for."""

    shell: str


@options.command(Options, name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "kubectl"]), help="What completes.")
def command(session: Session, asked: Options) -> int | None:
    """Print what a shell needs to complete commands and names.

    For `kubectl vk8s`, write the output of `completion kubectl` to a file kubectl_complete-vk8s on PATH, and make it
    executable; for `vk8s`, source the output for your shell.
    """
    session.screen.print(build_script(asked.shell).rstrip())
    return None
