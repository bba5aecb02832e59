"""`kubectl vk8s`: the list of its commands. Each is imported when it is called."""

import sys
from importlib import import_module
from typing import Final

import click

from kubectl_vk8s import VERSION
from kubectl_vk8s.complete import answer_kubectl
from kubectl_vk8s.options import choose_program
from kubectl_vk8s.problems import Exit

# Titles of the help, and what stands under them.
SECTIONS: Final = {
    "Look": ("list", "status", "members", "why", "logs"),
    "Use": ("connect", "disconnect", "kubeconfig", "ssh"),
    "Create and change": ("create", "scale", "upgrade", "restart", "pause", "resume", "delete"),
    "Back up": ("snapshot", "snapshots", "restore"),
    "Check": ("doctor", "report", "render", "version", "completion"),
}
ABOUT: Final = (
    "Virtual clusters: Kubernetes clusters whose nodes are pods of this cluster.\n\n"
    "NAME is the name of a Vk8s, or NAMESPACE/NAME; where there is only one, it can be left out."
)
# Click keeps the lines of a paragraph after a backspace.
EXITS: Final = """Exit codes:
  0  done
  1  failed
  2  wrong usage, and nothing has been changed
  3  not found
  4  not Ready in time; it goes on by itself
  5  it needs you: the message says what to do"""
COMMANDS: Final = tuple(name for names in SECTIONS.values() for name in names)
_ALIASES: Final = {"ls": "list", "get": "list", "describe": "status"}


class Verbs(click.Group):
    """The commands, in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 click's
        """The command of that name, or of an alias."""
        name = _ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        found: click.Command = import_module(f"kubectl_vk8s.commands.{name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the sections."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                commands = ((name, self.get_command(ctx, name)) for name in names)
                formatter.write_dl([(name, each.get_short_help_str(60)) for name, each in commands if each])


@click.group(
    cls=Verbs,
    help=f"{ABOUT}\n\n\b\n{EXITS}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, prog_name="kubectl vk8s")
def vk8s() -> None:
    """All of the command."""


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    if arguments[:1] == ["__complete"]:
        return answer_kubectl(vk8s, arguments[1:])
    try:
        vk8s.main(arguments, choose_program(sys.argv[0]), complete_var="_VK8S_COMPLETE")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.FAILED
