"""The command line: `python -m hooks serve`, and `render` and `request`, which need no cluster.

Settings come from the environment: VK8S_SETTING_*, see docs/operations.md.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hooks.kubernetes.manifest import Manifest
from hooks.offline.documents import ManifestError, read_objects
from hooks.offline.render import render_all, write_yaml
from hooks.offline.request import build_request
from hooks.server.files import FileProblem
from hooks.server.main import build_context, load_crd, load_scripts
from hooks.server.serve import Address, ListenProblem, serve
from hooks.settings import Settings, describe_problems, parse_settings

_STDIN: Final = "-"
_PORTS: Final = range(1, 65536)
_SEVERAL: Final = "; give it again for more files"


def main(arguments: list[str]) -> int:
    """Runs the command; returns the exit code."""
    options = _parse_arguments(arguments)
    try:
        settings = parse_settings(os.environ)
    except ValidationError as error:
        _complain(describe_problems(error))
        return 2
    if options.command == "serve":
        return _serve(settings, Address(options.host, options.port))
    try:
        objects = [found for file in options.file for found in _read(file)]
        with _naming(options.file):
            output = (
                show_children(settings, objects, options.file) if options.command == "render" else show_request(objects)
            )
    except ManifestError as error:
        _complain(error.problems)
        return 1
    return _write(output)


def show_children(settings: Settings, objects: list[Manifest], files: Sequence[str]) -> str:
    """What would be created for the Vk8s among the objects, as YAML. Warnings go to standard error."""
    rendering = render_all(objects, load_crd(), build_context(settings, load_scripts()))
    text = write_yaml(rendering.children)
    _complain(f"{_name(files)}: warning: {warning}" for warning in rendering.warnings)
    return text


def show_request(objects: list[Manifest]) -> str:
    """Body of a call about the Vk8s among the objects, as JSON; the others are observed objects."""
    return json.dumps(build_request(objects), indent=2) + "\n"


def _read(file: str) -> list[Manifest]:
    """The objects in a file. ManifestError if they can't be read."""
    with _naming([file]):
        try:
            return read_objects(sys.stdin.read() if file == _STDIN else Path(file).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ManifestError("There is no such file.") from error
        except IsADirectoryError as error:
            raise ManifestError("This is a directory; name the files in it.") from error
        except OSError as error:
            raise ManifestError(f"It can't be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise ManifestError("It is not UTF-8 text.") from error


@contextmanager
def _naming(files: Sequence[str]) -> Iterator[None]:
    """Prefixes each problem that is raised inside with the names of the files."""
    try:
        yield
    except ManifestError as error:
        raise ManifestError(*(f"{_name(files)}: {problem}" for problem in error.problems)) from error
    except RecursionError as error:
        raise ManifestError(f"{_name(files)}: It is nested too deeply.") from error


def _name(files: Sequence[str]) -> str:
    return ", ".join("standard input" if file == _STDIN else file for file in files)


def _complain(sentences: Iterable[str]) -> None:
    sys.stderr.writelines(f"{sentence}\n" for sentence in sentences)


def _write(output: str) -> int:
    try:
        sys.stdout.write(output)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe. Without this, Python would report an error when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _serve(settings: Settings, address: Address) -> int:
    try:
        serve(settings, address)
    except (FileProblem, ListenProblem) as problem:
        _complain([str(problem)])
        return 2
    return 0


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m hooks", description=__doc__, formatter_class=as_written)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command = commands.add_parser("serve", help="answer Metacontroller's calls over HTTP")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=_parse_port, default=8080, help="port to listen on (default: %(default)s)")
    text = "print what would be created for a Vk8s, with no cluster"
    note = "The settings of the hooks are read from VK8S_SETTING_*: set them as in your cluster (docs/operations.md)."
    command = commands.add_parser("render", help=text, description=f"{text}. {note}")
    _add_file(command, f"YAML with Vk8s objects; - for standard input{_SEVERAL}")
    command = commands.add_parser("request", help="print the body of a call to a hook about a Vk8s")
    _add_file(command, f"YAML with a Vk8s, and its children; - for standard input{_SEVERAL}")
    return parser.parse_args(arguments)


def _add_file(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("-f", "--file", action="append", required=True, help=text)


def _parse_port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:6]) in _PORTS):
        raise argparse.ArgumentTypeError(f"write a number from {_PORTS.start} to {_PORTS.stop - 1}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
