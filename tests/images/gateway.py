"""Stands in for Kubeflow's gateway, with oauth2-proxy and Dex behind it, as far as a login goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FORM = '<form method="post"><input name="login"><input id="password" name="password" type="password"></form>'
LOGIN = "/dex/auth/local/login?back=&state=secret-state"


@dataclass
class Gateway:
    """How it behaves, and where it is; `pages` replace what is at a path: status and body, or where it leads to.

    `told`: what was posted to it.
    """

    email: str
    password: str
    sign_in_page: bool = True
    refuses_with: int = 200
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    address: str = ""
    told: list[str] = field(default_factory=list)

    def answer(self, path: str, cookie: str) -> tuple[int, str]:
        """What a GET gets."""
        logged_in = "session=yes" in cookie
        own = {
            "/": (200, "<title>Kubeflow Central Dashboard</title>") if logged_in else self._turn_away(),
            "/oauth2/start": (302, "/dex/auth?client_id=x&state=secret-state"),
            "/dex/auth": (302, LOGIN),
            "/dex/auth/local": (302, LOGIN),
            "/dex/auth/local/login": (200, FORM),
            "/oauth2/callback": (302, "/"),
        }
        return {**own, **self.pages}.get(path, (404, "nothing"))

    def judge(self, path: str, fields: dict[str, list[str]]) -> tuple[int, str]:
        """What a POST gets."""
        if "POST" in self.pages:
            return self.pages["POST"]
        right = path == LOGIN and fields == {"login": [self.email], "password": [self.password]}
        return (303, "/oauth2/callback?code=secret-code") if right else (self.refuses_with, FORM)

    def _turn_away(self) -> tuple[int, str]:
        return (
            (403, "<button>Sign in with Dex</button>") if self.sign_in_page else (302, "/dex/auth?state=secret-state")
        )


@contextmanager
def serve(gateway: Gateway) -> Iterator[Gateway]:
    """Lets it answer at its `address`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            status, content = gateway.answer(path, self.headers.get("Cookie", ""))
            self._send(status, content, session=path == "/oauth2/callback")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            gateway.told.append(body)
            self._send(*gateway.judge(self.path, parse_qs(body)), session=False)

        def _send(self, status: int, content: str, *, session: bool) -> None:
            is_redirect = status in {302, 303, 307, 308}
            body = b"" if is_redirect else content.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if is_redirect:
                self.send_header("Location", content)
            if session:
                self.send_header("Set-Cookie", "session=yes; Path=/; HttpOnly")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so it is called there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        gateway.address = f"http://127.0.0.1:{server.server_port}"
        yield gateway
        server.shutdown()
