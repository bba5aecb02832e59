"""Calling a hook over HTTP and HTTPS as Go's client does."""

import math
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from testbed.metacontroller.composite import CompositeSpec, Hook
from testbed.metacontroller.detour import Addresses, Detour
from testbed.metacontroller.door import Door, Find, build_tls_context, read_door
from testbed.metacontroller.endpoints import read_access
from testbed.metacontroller.errors import SyncError, TooManyRequestsError
from testbed.metacontroller.objects import Manifest, go_json

# Go gives up after ten redirects; 307 and 308 keep the POST, the others make it a GET, as here.
_MAX_REDIRECTS: Final = 10
_IDLE_SECONDS: Final = 90
_IDLE_CONNECTIONS: Final = 2
_OK: Final = 200
_TOO_MANY_REQUESTS: Final = 429
_HEADERS: Final = (
    (b"Content-Type", b"application/json"),
    (b"User-Agent", b"Go-http-client/1.1"),
    (b"Accept-Encoding", b"gzip"),
)

Now = Callable[[], datetime]
# The name of a hook and a request in, the body of the answer out. Raises SyncError and TooManyRequestsError.
Hooks = Callable[[str, Manifest], bytes]


class _Reply(NamedTuple):
    status: int
    retry_after: str
    body: bytes


class Webhook:
    """One hook of one CompositeController."""

    def __init__(self, hook: Hook, door: Door, addresses: Addresses, now: Now = lambda: datetime.now(UTC)) -> None:
        """Raises SyncError for authorities that are none."""
        self._url = hook.webhook.address
        self._timeout = hook.webhook.timeout_seconds
        self._now = now
        # As in the URL: Go keeps a port that is the default one.
        host = urlsplit(self._url).netloc.rpartition("@")[2].encode()
        authorization = [(b"Authorization", door.authorization)] if door.authorization else []
        self._headers = httpx.Headers([(b"Host", host), *_HEADERS, *authorization])
        limits = httpx.Limits(max_keepalive_connections=_IDLE_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
        transport = httpx.HTTPTransport(verify=build_tls_context(door.authorities), limits=limits, trust_env=False)
        self._client = httpx.Client(
            transport=Detour(transport, addresses),
            follow_redirects=True,
            max_redirects=_MAX_REDIRECTS,
            timeout=self._timeout,
            trust_env=False,
        )
        for header in list(self._client.headers):
            del self._client.headers[header]

    def call(self, request: Manifest) -> bytes:
        """The body of a 200. Raises TooManyRequestsError for 429, SyncError for everything else."""
        reply = self._post(go_json(request).encode("utf-8", "replace"))
        if reply.status == _TOO_MANY_REQUESTS:
            raise TooManyRequestsError(retry_after_seconds(reply.retry_after, self._now()))
        if reply.status != _OK:
            body = reply.body.decode("utf-8", "replace")
            summary = f"unsupported status code: {reply.status}"
            raise SyncError(f"{summary} body: {body}", logged=summary)
        return reply.body

    def _post(self, body: bytes) -> _Reply:
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream("POST", self._url, content=body, headers=self._headers) as response:
                chunks = []
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    if time.monotonic() > deadline:
                        raise SyncError(f'http error: Post "{self._url}": timeout awaiting response body')
                return _Reply(response.status_code, response.headers.get("Retry-After", ""), b"".join(chunks))
        except httpx.LocalProtocolError as error:
            # Whose message would repeat the header.
            raise SyncError(f'http error: Post "{self._url}": invalid header field value') from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SyncError(f'http error: Post "{self._url}": {type(error).__name__}: {error}') from error


def connect_hooks(spec: CompositeSpec, addresses: Addresses, find: Find) -> Hooks:
    """The hooks of a CompositeController, with what there is now of Secrets and ConfigMaps. Raises SyncError."""
    declared = {"sync": spec.hooks.sync, "finalize": spec.hooks.finalize, "customize": spec.hooks.customize}
    webhooks = {}
    for name, hook in declared.items():
        if hook is None:
            continue
        access = read_access(hook.webhook, hook.webhook.address, spec.endpoint_configs)
        try:
            door = read_door(access, find)
        except SyncError as error:
            raise error.within(f"can't resolve endpoint config for {name} hook") from error
        webhooks[name] = Webhook(hook, door, addresses)
    return lambda name, request: webhooks[name].call(request)


def retry_after_seconds(header: str, now: datetime) -> int:
    """Seconds of a Retry-After: an integer or an RFC 1123 date; anything else is 0, which means at once."""
    try:
        then = datetime.strptime(header, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC)
    except ValueError:
        return int(header) if re.fullmatch(r"[+-]?[0-9]+", header) else 0
    return math.ceil((then - now).total_seconds())
