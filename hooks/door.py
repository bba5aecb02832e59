"""The door of the hooks: who may come in, with how much, and how fast. Nothing behind it sees what it turns away."""

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.files import Watched
from hooks.refusals import NO_TOKEN, TOO_LARGE, TOO_SLOW, build_turning_away
from hooks.tokens import Tokens

# Kubelet and Prometheus have no token. These pages tell nothing of anybody's objects; a NetworkPolicy guards them.
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})


@dataclass(frozen=True)
class Rules:
    """What the door asks for. Without `tokens`, everybody may come in."""

    tokens: Watched[Tokens] | None
    max_bytes: int
    seconds: float


class TurnedAwayError(Exception):
    """The call does not come in; status and sentence of the answer."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Door:
    """Lets a call in with its whole body, or turns it away: for want of a token before anything of the body is read."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or answers it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            self._check(scope)
            body = await self._read(receive)
        except TurnedAwayError as error:
            await build_turning_away(error.code, error.sentence)(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, _replay(body, receive), send)

    def _check(self, scope: Scope) -> None:
        """What the headers tell."""
        headers = Headers(scope=scope)
        if self.rules.tokens and scope["path"] not in OPEN_PATHS:
            given = headers.getlist("authorization")
            if len(given) != 1 or not self.rules.tokens.current().admit(given[0]):
                raise TurnedAwayError(401, NO_TOKEN)
        # The server has refused one that is no number.
        if int(headers.get("content-length", "0")) > self.rules.max_bytes:
            raise TurnedAwayError(413, TOO_LARGE)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body; None where the client has gone before it was complete."""
        try:
            async with asyncio.timeout(self.rules.seconds):
                return await _collect(receive, self.rules.max_bytes)
        except TimeoutError as error:
            raise TurnedAwayError(408, TOO_SLOW) from error


async def _collect(receive: Receive, max_bytes: int) -> bytes | None:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > max_bytes:
            raise TurnedAwayError(413, TOO_LARGE)
        parts.append(part)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body as a whole, then whatever comes after it."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return rest.pop() if rest else await receive()

    return give
