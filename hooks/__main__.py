"""The hooks as a command: `python -m hooks serve`, and `python -m hooks render -f FILE`.

Settings come from the environment, see `hooks.settings`.
"""

import argparse
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from hooks.files import FileProblem
from hooks.main import build_context, load_scripts
from hooks.render import RenderError, read_vk8s, render, write_yaml
from hooks.serve import Address, serve
from hooks.settings import Settings, describe_problems, parse_settings


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parse_arguments(arguments)
    try:
        settings = parse_settings(os.environ)
    except ValidationError as error:
        sys.stderr.writelines(f"{problem}\n" for problem in describe_problems(error))
        return 2
    if options.command == "render":
        return print_children(settings, options.file)
    try:
        serve(settings, Address(options.host, options.port))
    except FileProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


def print_children(settings: Settings, file: str) -> int:
    """Prints what would be created for the Vk8s objects in `file` (`-`: standard input), as YAML; the exit code."""
    context = build_context(settings, load_scripts())
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        children = [child for vk8s in read_vk8s(text) for child in render(vk8s, context)]
    except (OSError, UnicodeDecodeError, RenderError) as error:
        sys.stderr.write(f"{file}: {error}\n")
        return 1
    sys.stdout.write(write_yaml(children))
    return 0


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hooks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command = commands.add_parser("serve", help="answer Metacontroller's calls over HTTP")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    command = commands.add_parser("render", help="print what would be created for a Vk8s, with no cluster")
    command.add_argument("-f", "--file", required=True, help="YAML with Vk8s objects; - for standard input")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
