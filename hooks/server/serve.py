"""Running the server: its address, its certificate, and how it stops."""

import contextlib
import logging
import signal
import socket
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from hooks.server.certificate import Certificate, build_server_context, watch_certificate
from hooks.server.files import WatchedFiles
from hooks.server.logs import configure_logs
from hooks.server.main import create_app, load_scripts
from hooks.settings import Settings

# Metacontroller's client keeps idle connections for 90 s. A server that closes them earlier loses a call now and then.
KEEP_ALIVE_SECONDS: Final = 120
# Calls take milliseconds. Metacontroller repeats what has not finished by then.
STOP_SECONDS: Final = 10

log: Final = logging.getLogger("vk8s.hooks")


@dataclass(frozen=True)
class Address:
    """Where the server listens."""

    host: str
    port: int


class ListenProblem(Exception):  # noqa: N818 as FileProblem: its message is for people
    """The server can't listen on the address; the message says why."""


def serve(settings: Settings, address: Address) -> None:
    """Serves the hooks until SIGTERM. FileProblem or ListenProblem if files or the address can't be used."""
    certificate = open_certificate(settings)
    app = create_app(settings, load_scripts(), certificate)
    listener = listen(address)
    configure_logs(settings.log_format)
    log.info("Listening on %s, port %d (%s)", address.host, address.port, "https" if certificate else "http")
    # uvicorn stops gracefully, then raises the signal again, which would end the process as if it were killed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(build_config(app, address, certificate)).run([listener])


def listen(address: Address) -> socket.socket:
    """A socket that listens on the address. ListenProblem if that fails, where uvicorn would print six lines."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "this is not an address"
        sentence = f"The hooks can't listen on {address.host}, port {address.port}: {reason}."
        raise ListenProblem(f"{sentence} Give another --host or --port.") from error
    return listener


def open_certificate(settings: Settings) -> WatchedFiles[Certificate] | None:
    """The certificate in the settings, if any. FileProblem if it can't be used."""
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    return watch_certificate(settings.tls_cert_file, settings.tls_key_file)


def build_config(app: ASGIApp, address: Address, certificate: WatchedFiles[Certificate] | None) -> uvicorn.Config:
    """The configuration of uvicorn for the application."""
    return uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        ssl_context_factory=(lambda *_: build_server_context(certificate)) if certificate else None,
        # `configure_logs` applies to uvicorn as well.
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
