"""The hooks as a command: `python -m hooks serve`, and what they would do about a file: `render`, `request`.

Settings come from the environment, see `hooks.settings`.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from hooks.files import FileProblem
from hooks.main import build_context, load_scripts
from hooks.render import read_vk8s, render, write_yaml
from hooks.request import ManifestError, build_request, read_objects
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
    if options.command == "serve":
        return _serve(settings, Address(options.host, options.port))
    try:
        text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text()
        sys.stdout.write(show_children(settings, text) if options.command == "render" else show_request(text))
    except (OSError, UnicodeDecodeError, ManifestError) as error:
        sys.stderr.write(f"{options.file}: {error}\n")
        return 1
    return 0


def show_children(settings: Settings, text: str) -> str:
    """What would be created for the Vk8s objects in a YAML text, as YAML."""
    context = build_context(settings, load_scripts())
    return write_yaml([child for vk8s in read_vk8s(text) for child in render(vk8s, context)])


def show_request(text: str) -> str:
    """Body of a call about the Vk8s in a YAML text, as JSON; the other objects in it are what is observed."""
    return json.dumps(build_request(read_objects(text)), indent=2) + "\n"


def _serve(settings: Settings, address: Address) -> int:
    try:
        serve(settings, address)
    except FileProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hooks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command = commands.add_parser("serve", help="answer Metacontroller's calls over HTTP")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    command = commands.add_parser("render", help="print what would be created for a Vk8s, with no cluster")
    command.add_argument("-f", "--file", required=True, help="YAML with Vk8s objects; - for standard input")
    command = commands.add_parser("request", help="print the call by which a hook would be asked about a Vk8s")
    command.add_argument("-f", "--file", required=True, help="YAML with a Vk8s, and its children; - for standard input")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
