"""Middleware that checks the token of each call, and limits the size and the time of its body."""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.server.files import WatchedFiles
from hooks.server.refusals import NO_ROOM, NO_TOKEN, TOO_LARGE, TOO_SLOW, build_early_refusal
from hooks.server.tokens import Tokens

# Kubelet and Prometheus have no token. These pages reveal nothing about objects, and a NetworkPolicy protects them.
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


# Calls for a pool hold every Vk8s that it may serve.
_POOL_PATHS: Final = "/ippool/"


@dataclass(frozen=True)
class Limits:
    """Bytes: the limit for a body, for that of a call for a pool, and for all bodies that are in memory at once."""

    body: int
    pool_body: int
    bodies: int

    def get_limit(self, path: str) -> int:
        """The limit for a body that is sent to this path."""
        return self.pool_body if path.startswith(_POOL_PATHS) else self.body


@dataclass(frozen=True)
class Requirements:
    """What a call must fulfil. Without `tokens`, no token is required; `seconds` is the time for the whole body."""

    tokens: WatchedFiles[Tokens] | None
    limits: Limits
    seconds: float


class RejectedError(Exception):
    """The call is rejected; status code and message of the response."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class BodyBudget:
    """The memory for bodies. A call returns its share when it has been answered."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def check(self, size: int) -> None:
        """RejectedError if there is no room for `size` more bytes."""
        if self.taken + size > self.most:
            raise RejectedError(503, NO_ROOM)


class Body:
    """The part of one call's body that has arrived."""

    def __init__(self, room: BodyBudget, most: int) -> None:
        self.room = room
        self.most = most
        self.size = 0
        self.parts: list[bytes] = []

    def check(self, size: int) -> None:
        """RejectedError if `size` more bytes are too many for this body, or for all bodies together."""
        if self.size + size > self.most:
            raise RejectedError(413, TOO_LARGE)
        self.room.check(size)

    def add(self, part: bytes) -> None:
        """Adds a part. RejectedError if it is too large."""
        self.check(len(part))
        self.parts.append(part)
        self.size += len(part)
        self.room.taken += len(part)

    def release(self) -> None:
        """Returns its share of the memory."""
        self.room.taken -= self.size


class AuthMiddleware:
    """Reads the whole body, then passes the call on. 401 before the body is read; 413 and 408 while reading."""

    def __init__(self, app: ASGIApp, requirements: Requirements) -> None:
        self.app = app
        self.requirements = requirements
        self.room = BodyBudget(requirements.limits.bodies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or answers it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(self.room, self.requirements.limits.get_limit(scope["path"]))
        try:
            self._check(scope, body)
            if await self._read(receive, body):
                await self.app(scope, _replay(b"".join(body.parts), receive), send)
        except RejectedError as error:
            await build_early_refusal(error.code, error.sentence)(scope, receive, send)
        finally:
            body.release()

    def _check(self, scope: Scope, body: Body) -> None:
        """Checks the headers: 401 for the token, 413 and 503 for the announced size."""
        headers = Headers(scope=scope)
        if self.requirements.tokens and scope["path"] not in OPEN_PATHS:
            given = headers.getlist("authorization")
            if len(given) != 1 or not self.requirements.tokens.current().admit(given[0]):
                raise RejectedError(401, NO_TOKEN)
        # The server has rejected a value that is not a number.
        body.check(int(headers.get("content-length", "0")))

    async def _read(self, receive: Receive, body: Body) -> bool:
        """Reads the body; false if the client disconnected before it was complete."""
        try:
            async with asyncio.timeout(self.requirements.seconds):
                return await _collect(receive, body)
        except TimeoutError as error:
            raise RejectedError(408, TOO_SLOW) from error


async def _collect(receive: Receive, body: Body) -> bool:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        body.add(message.get("body", b""))
        more = message.get("more_body", False)
    return True


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that yields the body as a whole, then whatever comes after it."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return rest.pop() if rest else await receive()

    return give
