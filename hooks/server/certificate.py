"""The serving certificate of the hooks: TLS contexts, and when it expires."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from hooks.server.files import FileProblem, WatchedFiles


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, ready for handshakes."""

    context: ssl.SSLContext
    expiry: datetime


def watch_certificate(cert_file: Path, key_file: Path) -> WatchedFiles[Certificate]:
    """The certificate in the files, read again when one of them changes. FileProblem if they can't be used now."""
    return WatchedFiles((cert_file, key_file), lambda: _read_certificate(cert_file, key_file))


def build_server_context(certificate: WatchedFiles[Certificate]) -> ssl.SSLContext:
    """A context for a listener: each handshake is made with what the files hold at that moment."""
    context = _build_context()

    def choose(connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called in each handshake, also of a client that names no server."""
        connection.context = certificate.current().context

    context.sni_callback = choose
    return context


def _read_certificate(cert_file: Path, key_file: Path) -> Certificate:
    # A new context each time: one that was given a certificate and key that don't match stays unusable.
    context = _build_context()
    try:
        # Without this empty passphrase, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert_file, key_file, password=lambda: b"")
        first, *_ = x509.load_pem_x509_certificates(cert_file.read_bytes())
    except (OSError, ValueError) as error:
        raise FileProblem(
            f"The certificate {cert_file} with the key {key_file} can't be used: {_describe(error)}."
        ) from error
    return Certificate(context, first.not_valid_after_utc)


def _build_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # As Metacontroller, https://metacontroller.github.io/metacontroller/api/hook.html
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _describe(error: OSError | ValueError) -> str:
    """The reason that OpenSSL or the system gives; never the content of a file."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").replace("_", " ").lower()
    return error.strerror or "not PEM" if isinstance(error, OSError) else "not PEM"
