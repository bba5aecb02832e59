"""A client that talks ASGI itself, so that a test decides when each part of a body comes."""

import asyncio
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send

from hooks.server.middleware import AuthMiddleware, Requirements


class Client:
    """Sends a body in parts, and records the answer."""

    def __init__(self, *parts: Message | None, headers: dict[str, str] | None = None) -> None:
        self.parts = list(parts)
        self.headers = [(key.encode(), value.encode()) for key, value in (headers or {}).items()]
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        """The next part; None is one that never comes."""
        part = self.parts.pop(0)
        if part is None:
            await asyncio.Event().wait()
        return part or {}

    async def send(self, message: Message) -> None:
        """Records a part of the answer."""
        self.sent.append(message)

    def call(self, requirements: Requirements, path: str = "/vk8s/sync") -> list[Any]:
        """The messages that the middleware passes on."""
        came: list[Any] = []

        async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
            came.extend([await receive(), await receive()])

        scope = {"type": "http", "path": path, "headers": self.headers}
        asyncio.run(AuthMiddleware(app, requirements)(scope, self.receive, self.send))
        return came


def part(body: bytes, *, more: bool = True) -> Message:
    """A part of a body, with or without `more` to come."""
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Final[Message] = {"type": "http.disconnect"}
