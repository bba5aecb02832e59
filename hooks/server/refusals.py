"""Error responses: the fixed messages, and the catch-all that answers 500.

Metacontroller copies an error's body into Events, and a request may hold Secrets: so the messages are fixed, and one
that names a field repeats neither a value nor a name that the sender chose.
"""

import logging
from collections.abc import Mapping
from typing import Final

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.server.logs import describe_exception

NOT_JSON: Final = "The body is not JSON. Send a hook request (Metacontroller, hooks v2)."
WRONG_CONTENT_TYPE: Final = "The Content-Type of the call is not application/json. Send it with that one."
WRONG_PARENT: Final = (
    "The apiVersion or kind of the parent is not the one that this hook is for. Send a Vk8s of group "
    "vk8s.sktelecom.com to /vk8s/*, and an IPPool of that group to /ippool/*."
)
_WRONG_FIELD: Final = "The body is not a hook request (Metacontroller, hooks v2): {} is missing or of a wrong type."
NOT_FOUND: Final = "There is nothing under this path. /openapi.json lists the paths that exist."
WRONG_METHOD: Final = "This path does not take this method. Use POST for a hook, and GET for the other pages."
INTERNAL_ERROR: Final = "The hook failed and has changed nothing; its log says where. The call will be repeated."
NO_TOKEN: Final = "The call has no valid bearer token; docs/operations.md says how Metacontroller is given one."  # noqa: S105 a sentence
TOO_LARGE: Final = "The body is larger than the hooks' setting max_body_mib (max_pool_body_mib for a pool) allows."
NO_ROOM: Final = "The hooks hold as many bodies as their setting max_bodies_mib allows. The call will be repeated."
TOO_SLOW: Final = "The body did not arrive within the time that the hooks' setting body_seconds allows."

log: Final = logging.getLogger("vk8s.hooks")


def describe_wrong_field(path: str) -> str:
    """The message for an invalid field. `path` consists of names that we have given, never of what the sender wrote."""
    return _WRONG_FIELD.format(path)


def build_refusal(code: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The error response to a call whose body has been read."""
    return JSONResponse({"error": sentence}, status_code=code, headers=headers)


def build_early_refusal(code: int, sentence: str) -> JSONResponse:
    """The error response to a call whose body was not read to its end, so the connection can't be used again."""
    challenge = {"WWW-Authenticate": "Bearer"} if sentence == NO_TOKEN else {}
    return JSONResponse({"error": sentence}, status_code=code, headers={"Connection": "close", **challenge})


class CatchAll:
    """Answers 500 with a fixed message to any unhandled exception, and logs its type and place, never its message."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on. No exception gets past this."""
        started = False

        async def observe(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, observe)
        except Exception as error:  # noqa: BLE001 the guarantee is about every exception
            log.error("%s failed: %s", scope.get("path", ""), describe_exception(error))  # noqa: TRY400 place only
            if not started:
                await build_refusal(500, INTERNAL_ERROR)(scope, receive, send)
