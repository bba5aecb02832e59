"""Middleware that checks the token of each call, and limits the size and the time of its body."""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.server.files import Watched
from hooks.server.refusals import NO_ROOM, NO_TOKEN, TOO_LARGE, TOO_SLOW, build_turning_away
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
class Rules:
    """What a call must fulfil. Without `tokens`, no token is required; `seconds` is the time for the whole body."""

    tokens: Watched[Tokens] | None
    limits: Limits
    seconds: float


class TurnedAwayError(Exception):
    """The call is rejected; status code and message of the response."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Room:
    """The memory for bodies. A call returns its share when it has been answered."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def check(self, size: int) -> None:
        """TurnedAwayError if there is no room for `size` more bytes."""
        if self.taken + size > self.most:
            raise TurnedAwayError(503, NO_ROOM)


class Body:
    """The part of one call's body that has arrived."""

    def __init__(self, room: Room, most: int) -> None:
        self.room = room
        self.most = most
        self.size = 0
        self.parts: list[bytes] = []

    def check(self, size: int) -> None:
        """TurnedAwayError if `size` more bytes are too many for this body, or for all bodies together."""
        if self.size + size > self.most:
            raise TurnedAwayError(413, TOO_LARGE)
        self.room.check(size)

    def add(self, part: bytes) -> None:
        """Adds a part. TurnedAwayError if it is too large."""
        self.check(len(part))
        self.parts.append(part)
        self.size += len(part)
        self.room.taken += len(part)

    def let_go(self) -> None:
        """Returns its share of the memory."""
        self.room.taken -= self.size


class Door:
    """Reads the whole body, then passes the call on. 401 before the body is read; 413 and 408 while reading."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules
        self.room = Room(rules.limits.bodies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or answers it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(self.room, self.rules.limits.get_limit(scope["path"]))
        try:
            self._check(scope, body)
            if await self._read(receive, body):
                await self.app(scope, _replay(b"".join(body.parts), receive), send)
        except TurnedAwayError as error:
            await build_turning_away(error.code, error.sentence)(scope, receive, send)
        finally:
            body.let_go()

    def _check(self, scope: Scope, body: Body) -> None:
        """Checks the headers: 401 for the token, 413 and 503 for the announced size."""
        headers = Headers(scope=scope)
        if self.rules.tokens and scope["path"] not in OPEN_PATHS:
            given = headers.getlist("authorization")
            if len(given) != 1 or not self.rules.tokens.current().admit(given[0]):
                raise TurnedAwayError(401, NO_TOKEN)
        # The server has rejected a value that is not a number.
        body.check(int(headers.get("content-length", "0")))

    async def _read(self, receive: Receive, body: Body) -> bool:
        """Reads the body; false if the client disconnected before it was complete."""
        try:
            async with asyncio.timeout(self.rules.seconds):
                return await _collect(receive, body)
        except TimeoutError as error:
            raise TurnedAwayError(408, TOO_SLOW) from error


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
