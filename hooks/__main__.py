"""The command line: `python -m hooks serve`; `render` and `request`, which need no cluster; `setup` and `guard`.

Settings come from the environment: VK8S_SETTING_*, see docs/operations.md.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
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
from hooks.setup.api import Access, Api, ApiError, NoAnswerError
from hooks.setup.guard import Clock, check_nothing_lives, delete_all
from hooks.setup.objects import SetupProblem
from hooks.setup.prepare import Wish, prepare

_STDIN: Final = "-"
_PORTS: Final = range(1, 65536)
_SEVERAL: Final = "; give it again for more files"
# Where a pod finds what it needs to call its API server.
_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# Of `setup` and `guard`: another try may succeed. The Job of the chart tries again after this one alone.
_TRY_AGAIN: Final = 3


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
    if options.command in ("setup", "guard"):
        return _call_api_server(options)
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


def _call_api_server(options: argparse.Namespace) -> int:
    try:
        token = options.token_file.read_text(encoding="utf-8").strip()
        api = Api(Access(options.server, token, options.ca_file))
        if options.command == "setup":
            prepare(api, _read_wish(options), datetime.now(UTC).replace(microsecond=0), _say)
        elif options.delete:
            delete_all(api, options.timeout, Clock(time.monotonic, time.sleep), _say)
        else:
            check_nothing_lives(api)
    except NoAnswerError as error:
        _complain([str(error)])
        return _TRY_AGAIN
    except (ApiError, SetupProblem, OSError, UnicodeDecodeError) as error:
        _complain([str(error)])
        return 1
    return 0


def _read_wish(options: argparse.Namespace) -> Wish:
    namespace = options.namespace or (_ACCOUNT / "namespace").read_text(encoding="utf-8")
    return Wish(
        namespace=namespace,
        keys=options.keys,
        hooks_secret=options.hooks_secret,
        client_secret=options.client_secret,
        host_cidrs=options.host_cidrs,
        kubeflow_installer=options.kubeflow_installer_image,
        backup_image=options.backup_image,
        uses_other=options.other_metacontroller,
    )


def _say(sentence: str) -> None:
    _complain([sentence])


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
    _add_setup(commands.add_parser("setup", help="create what an installation needs: keys, and the host's networks"))
    _add_guard(commands.add_parser("guard", help="fail while there are virtual clusters: before an uninstallation"))
    return parser.parse_args(arguments)


def _add_file(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("-f", "--file", action="append", required=True, help=text)


def _add_setup(command: argparse.ArgumentParser) -> None:
    _add_access(command)
    command.add_argument("--namespace", help="namespace of the installation (default: that of this pod)")
    sources = "make: create them; token: only the token; given: somebody else does"
    command.add_argument("--keys", choices=("make", "token", "given"), default="make", help=sources)
    command.add_argument("--hooks-secret", default=Wish.hooks_secret, help="the Secret that the hooks mount")
    command.add_argument("--client-secret", default=Wish.client_secret, help="the Secret that Metacontroller reads")
    command.add_argument("--host-cidrs", default="", help="networks of the host (default: those that are found)")
    command.add_argument("--kubeflow-installer-image", default="", help="image that installs Kubeflow")
    command.add_argument("--backup-image", default="", help="image that takes backups")
    note = "the cluster's own Metacontroller is used"
    command.add_argument("--other-metacontroller", action="store_true", help=note)


def _add_guard(command: argparse.ArgumentParser) -> None:
    _add_access(command)
    command.add_argument("--delete", action="store_true", help="delete them first, with all their data")
    note = "how long to wait for their end, in seconds (default: %(default)s)"
    command.add_argument("--timeout", type=float, default=240, help=note)


def _add_access(command: argparse.ArgumentParser) -> None:
    """How to reach the API server: as a pod does, if nobody says otherwise."""
    server, token, authority = "https://kubernetes.default.svc", _ACCOUNT / "token", _ACCOUNT / "ca.crt"
    command.add_argument("--server", default=server, help="address of the API server (default: %(default)s)")
    command.add_argument("--token-file", type=Path, default=token, help="file with a token (default: %(default)s)")
    command.add_argument("--ca-file", type=Path, default=authority, help="file with its CA (default: %(default)s)")


def _parse_port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:6]) in _PORTS):
        raise argparse.ArgumentTypeError(f"write a number from {_PORTS.start} to {_PORTS.stop - 1}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
