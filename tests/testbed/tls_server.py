"""Hooks over HTTPS: a server that has a certificate."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.authority import Pair
from tests.testbed.hook_server import HookServer, Reply, serving


def write_pair(directory: Path, pair: Pair) -> Path:
    """A file with both."""
    file = directory / "pair.pem"
    file.write_bytes(pair.key + pair.cert)
    return file


@contextmanager
def tls_server(
    certificate: Path, *replies: Reply, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> Iterator[HookServer]:
    """A server for the time of a test; `newest`: of the versions of TLS that it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version, context.maximum_version = min(newest, ssl.TLSVersion.TLSv1_2), newest
    if newest < ssl.TLSVersion.TLSv1_2:
        # OpenSSL speaks these no more by default.
        context.set_ciphers("ALL:@SECLEVEL=0")
    with _QuietServer(*replies) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with serving(server):
            yield server


class _QuietServer(HookServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up during the handshake is what some tests want."""
