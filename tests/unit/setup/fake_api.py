"""An API server over HTTP with the objects that a test gives it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hooks.kubernetes.manifest import Manifest
from tests.testbed.hook_server import serving

TOKEN = "token of the job"
NOT_FOUND = 404
Answer = tuple[int, Manifest]


class FakeApi(ThreadingHTTPServer):
    """`objects`: by path. `served`: paths of kinds, of which lists are answered. `calls`: method and path of each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, Manifest] = {}
        self.served = {"/api/v1/nodes", "/apis/apps/v1/deployments", "/apis/apps/v1/statefulsets"}
        self.calls: list[str] = []
        # What is answered instead, by method and path; called each time.
        self.instead: dict[str, Callable[[], tuple[int, bytes]]] = {}
        self.page = 500

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, path: str, **fields: Any) -> None:
        """Stores an object; name and namespace are those of its path."""
        words = path.split("/")
        names = {"namespace": words[words.index("namespaces") + 1]} if "namespaces" in words else {}
        self.objects[path] = {"metadata": {**names, "name": words[-1]}, **fields}
        self.served.add(_cut_namespace(path).rpartition("/")[0])

    def serves(self, path: str) -> bool:
        """Whether the path is that of a kind that it serves, or of an object of one."""
        return not {_cut_namespace(path), _cut_namespace(path).rpartition("/")[0]}.isdisjoint(self.served)

    def list_writes(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if not call.startswith("GET ")]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Manifest) -> Answer:
        """What an API server would, except for everything that tests don't need."""
        if method == "GET" and path in self.served:
            return 200, self._list(path, int(query["limit"][0]), int((query.get("continue") or ["0"])[0] or 0))
        if method == "POST":
            self.objects[f"{path}/{body['metadata']['name']}"] = body
            return 201, body
        if path not in self.objects:
            return 404, {"message": "not found"}
        if method == "DELETE":
            del self.objects[path]
            return 200, {}
        if method in ("PUT", "PATCH"):
            self.objects[path] = body if method == "PUT" else _merge(self.objects[path], body)
        return 200, self.objects[path]

    def _list(self, path: str, limit: int, start: int) -> Manifest:
        found = [obj for at, obj in self.objects.items() if _cut_namespace(at).rpartition("/")[0] == path]
        end = start + min(limit, self.page)
        following = {"continue": str(end)} if end < len(found) else {}
        return {"metadata": following, "items": found[start:end]}


@contextmanager
def serve_api() -> Iterator[FakeApi]:
    """An API server for the time of a test."""
    with FakeApi() as server, serving(server):
        yield server


def _merge(obj: Manifest, changes: Manifest) -> Manifest:
    """RFC 7386, without deletions."""
    inner = {key: _merge(obj.get(key, {}), value) for key, value in changes.items() if isinstance(value, dict)}
    return {**obj, **changes, **inner}


def _cut_namespace(path: str) -> str:
    return re.sub(r"/namespaces/[^/]+/", "/", path)


class _Handler(BaseHTTPRequestHandler):
    server: FakeApi

    def do_GET(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        call = f"{self.command} {address.path}"
        self.server.calls.append(call)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._send(401, b'{"message": "Unauthorized"}')
        elif call in self.server.instead:
            self._send(*self.server.instead[call]())
        else:
            body = json.loads(text) if text else {}
            query = parse_qs(address.query, keep_blank_values=True)
            code, answer = self.server.answer(self.command, address.path, query, body)
            # As a real one answers for a kind that it does not serve.
            is_served = code != NOT_FOUND or self.server.serves(address.path)
            self._send(code, json.dumps(answer).encode() if is_served else b"404 page not found\n")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 the names are inherited

    def _send(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 the name is inherited
        pass
