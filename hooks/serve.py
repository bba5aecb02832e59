"""The hooks as a server: which address, with which certificate, and how it ends."""

import contextlib
import signal
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from hooks.certificate import Certificate, build_server_context, watch_certificate
from hooks.files import Watched
from hooks.logs import configure_logs
from hooks.main import create_app, load_scripts
from hooks.settings import Settings

# Metacontroller's client keeps idle connections for 90 s; a server that closes one earlier loses a call now and then.
KEEP_ALIVE_SECONDS: Final = 120
# Calls take milliseconds. What is still running then will be asked again anyway.
STOP_SECONDS: Final = 10


@dataclass(frozen=True)
class Address:
    """Where calls are taken."""

    host: str
    port: int


def serve(settings: Settings, address: Address) -> None:
    """Serves the hooks until SIGTERM; FileProblem where the certificate or the tokens can't be used."""
    certificate = find_certificate(settings)
    app = create_app(settings, load_scripts(), certificate)
    configure_logs(settings.log_format)
    # uvicorn stops in good order, then raises the signal again; that is no reason to end as if killed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(build_config(app, address, certificate)).run()


def find_certificate(settings: Settings) -> Watched[Certificate] | None:
    """The certificate of the settings; None where they have none."""
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    return watch_certificate(settings.tls_cert_file, settings.tls_key_file)


def build_config(app: ASGIApp, address: Address, certificate: Watched[Certificate] | None) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        ssl_context_factory=(lambda *_: build_server_context(certificate)) if certificate else None,
        # The process's own configuration of logs counts for uvicorn, too.
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
