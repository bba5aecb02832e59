"""The endpoint that a kubelet probes: that the process is there, and nothing else, as the original's."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from testbed.metacontroller.errors import RefusedError

# As where the original has it: this, instead of an address, is for none.
OFF: Final = "0"
_PATHS: Final = {"/healthz", "/readyz"}


class _Probes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """200 for both paths."""
        self.send_response(200 if self.path in _PATHS else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """A probe a second is nothing to log."""


def serve_probes(address: str) -> int:
    """Answers probes at `HOST:PORT` until the process ends; the port, 0 for none. Raises RefusedError."""
    if address == OFF:
        return 0
    host, _, port = address.rpartition(":")
    try:
        server = ThreadingHTTPServer((host, int(port)), _Probes)
    except (OSError, ValueError) as error:
        raise RefusedError(f"--health-probe-bind-address {address}: {error}") from error
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return int(server.server_address[1])
