"""`python -m hooks serve`: the hooks as a process. Settings come from the environment, see `hooks.settings`."""

import argparse
import logging
import os
import sys

import uvicorn
from pydantic import ValidationError

from hooks.main import create_app, load_scripts
from hooks.settings import PREFIX, Settings, parse_settings

# Metacontroller's client keeps idle connections for 90 s; a server that closes one earlier loses a call now and then.
KEEP_ALIVE_SECONDS = 120
# Calls take milliseconds. What is still running then will be asked again anyway.
STOP_SECONDS = 10


def main(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    options = _parse_arguments(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        settings = parse_settings(os.environ)
    except ValidationError as error:
        for details in error.errors(include_input=False):
            name = "_".join(str(part) for part in details["loc"]).upper()
            sys.stderr.write(f"The environment variable {PREFIX}{name} can't be used: {details['msg']}.\n")
        return 2
    serve(settings, options.host, options.port)
    return 0


def serve(settings: Settings, host: str, port: int) -> None:
    """Serves the hooks until SIGTERM."""
    uvicorn.run(
        create_app(settings, load_scripts()),
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hooks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("serve", help="answer Metacontroller's calls over HTTP")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    command.add_argument("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
