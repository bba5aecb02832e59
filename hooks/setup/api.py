"""The API server, with the standard library alone: a few calls of a Job need no client library."""

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from hooks.kubernetes.manifest import Manifest

_PAGE: Final = 500
_SECONDS: Final = 30
_JSON: Final = "application/json"
MERGE: Final = "application/merge-patch+json"


class ApiError(Exception):
    """The API server has rejected a call. The message is its own, with the call before it."""

    def __init__(self, call: str, code: int, message: str) -> None:
        super().__init__(f"{call}: {message}")
        self.code = code
        self.message = message


class NoAnswerError(Exception):
    """The API server has not answered, or not in a way that means anything: another try may succeed."""


@dataclass(frozen=True)
class Access:
    """How to reach an API server. `authority`: a PEM file with its CA, where it speaks HTTPS."""

    server: str
    token: str
    authority: Path | None = None


class Api:
    """Calls of an API server as the owner of a token. Each raises ApiError or NoAnswerError if it fails."""

    def __init__(self, access: Access) -> None:
        """OSError if the file of the CA can't be used."""
        self._access = access
        self._address = urlsplit(access.server)
        is_secure = self._address.scheme == "https"
        self._tls = ssl.create_default_context(cafile=access.authority) if is_secure else None

    def find(self, path: str) -> Manifest | None:
        """An object, or the list of what an API version serves; None if there is none."""
        try:
            return self._call("GET", path)
        except ApiError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            raise

    def list_items(self, path: str) -> Iterator[Manifest]:
        """All objects of a kind; none if the kind is not served."""
        following = ""
        while True:
            page = self.find(f"{path}?limit={_PAGE}&continue={quote(following)}") or {}
            yield from page.get("items", [])
            following = page.get("metadata", {}).get("continue", "")
            if not following:
                return

    def create(self, path: str, obj: Manifest) -> Manifest:
        """Creates an object; `path` is that of its kind."""
        return self._call("POST", path, obj)

    def replace(self, path: str, obj: Manifest) -> Manifest:
        """Writes the whole object."""
        return self._call("PUT", path, obj)

    def merge(self, path: str, changes: Manifest) -> Manifest:
        """Changes the given fields, and those in them, alone."""
        return self._call("PATCH", path, changes, MERGE)

    def delete(self, path: str) -> None:
        """Deletes an object; one that is gone already is none."""
        try:
            self._call("DELETE", path)
        except ApiError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise

    def _call(self, method: str, path: str, body: Manifest | None = None, content_type: str = _JSON) -> Manifest:
        call = f"{method} {path.partition('?')[0]}"
        headers = {"Authorization": f"Bearer {self._access.token}", "Accept": _JSON, "Content-Type": content_type}
        try:
            code, answer = self._send(method, path, headers, body)
        except (OSError, HTTPException, TypeError, ValueError) as error:
            raise NoAnswerError(f"{call}: no answer of {self._access.server}: {error}") from error
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code == HTTPStatus.TOO_MANY_REQUESTS:
            raise NoAnswerError(f"{call}: {answer.get('message', code)}")
        if code >= HTTPStatus.BAD_REQUEST:
            raise ApiError(call, code, str(answer.get("message", code)))
        return answer

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: Manifest | None) -> tuple[int, Manifest]:
        """Status and body of the answer. ValueError or TypeError if the body of a success is not a JSON object."""
        connection = self._connect()
        try:
            connection.connect()
            try:
                connection.request(method, path, json.dumps(body) if body is not None else None, dict(headers))
            except (TypeError, ValueError) as error:
                # What it says may quote a header, and with it the token.
                raise HTTPException(type(error).__name__) from None
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        try:
            answer = json.loads(text)
        except ValueError:
            # For a path that it does not serve, the API server answers in plain text.
            if response.status < HTTPStatus.BAD_REQUEST:
                raise
            answer = {"message": text.decode(errors="replace").strip()}
        if not isinstance(answer, dict):
            raise TypeError("the answer is no object")
        return response.status, answer

    def _connect(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._tls is None:
            return HTTPConnection(host, port, timeout=_SECONDS)
        return HTTPSConnection(host, port, timeout=_SECONDS, context=self._tls)
