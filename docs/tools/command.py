"""The reference of the command, from its own help: `python -m docs.tools.command` writes docs/reference/cli.md."""

import sys
from collections.abc import Iterator
from typing import Final

import click

from kubectl_vk8s.cli import ABOUT, EXITS, SECTIONS, vk8s
from kubectl_vk8s.session import COMMON
from testbed.layout import ROOT

FILE: Final = ROOT / "docs" / "reference" / "cli.md"
_PROGRAM: Final = "kubectl vk8s"
_WIDTH: Final = 120
_NOTE: Final = "<!-- Written by `make generate` from the command's own help: change that. -->"
_GUIDE: Final = "How to get the command, and how to use it: [from your machine](../how-to/connect.md)."


def main() -> int:
    """Writes the page; the exit code."""
    FILE.write_text(build_page())
    return 0


def build_page() -> str:
    """The page, as Markdown."""
    root = click.Context(vk8s, info_name=_PROGRAM)
    commands = {name: vk8s.get_command(root, name) for names in SECTIONS.values() for name in names}
    lines = [f"# {_PROGRAM}", _NOTE, "", *ABOUT.split("\n"), "", _GUIDE, ""]
    lines += [*_list_exits(), "## Options of all commands"]
    first = next(each for each in commands.values() if each)
    lines += _list_options(first, click.Context(first), common=True)
    for title, names in SECTIONS.items():
        lines += [f"## {title}"]
        for name in names:
            command = commands[name]
            lines += _show(name, command, root) if command else []
    return "\n".join(lines).rstrip() + "\n"


def _list_exits() -> Iterator[str]:
    title, *codes = EXITS.splitlines()
    yield f"## {title.removesuffix(':')}"
    yield "| code | meaning |"
    yield "|---|---|"
    yield from (f"| {code.split()[0]} | {code.split(maxsplit=1)[1]} |" for code in codes)
    yield ""


def _show(name: str, command: click.Command, root: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=root)
    yield f"### {name}"
    yield "```"
    yield " ".join([f"{_PROGRAM} {name}", *command.collect_usage_pieces(context)])
    yield "```"
    yield ""
    yield click.wrap_text(command.help or "", _WIDTH, preserve_paragraphs=True)
    yield ""
    yield from _list_options(command, context, common=False)


def _list_options(command: click.Command, context: click.Context, *, common: bool) -> Iterator[str]:
    records = [
        param.get_help_record(context) for param in command.get_params(context) if (param.name in COMMON) == common
    ]
    rows = [record for record in records if record and not record[0].endswith("--help")]
    if rows:
        yield "| option | |"
        yield "|---|---|"
        yield from (f"| `{_escape(option)}` | {_escape(' '.join(words.split()))} |" for option, words in rows)
    yield ""


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
