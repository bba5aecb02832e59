"""The HTTP side of the hooks: routes, errors, logging. What is decided: `vk8s.decide`, `ippool.decide`."""

import logging
import secrets
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hooks.ippool import decide as ippool
from hooks.ippool.request import PoolCustomizeRequest, PoolRequest
from hooks.settings import Settings
from hooks.vk8s import decide as vk8s
from hooks.vk8s.context import Context
from hooks.vk8s.scripts import Scripts, build_scripts
from hooks.wire import (
    ClusterMetadata,
    CustomizeRequest,
    CustomizeResponse,
    FinalizeResponse,
    HookRequest,
    SyncResponse,
)

BOOTSTRAP_DIRECTORY = Path(__file__).parent / "vk8s" / "bootstrap"
ENTROPY_BYTES = 32

# Fixed sentences: Metacontroller copies an error's body into Events, and a request may hold Secrets.
NOT_A_HOOK_CALL = "The body is not a hook request (Metacontroller, hooks v2): a field is missing or of a wrong type."
INTERNAL_ERROR = "The hook failed and has changed nothing; its log says where. The call will be repeated."

log = logging.getLogger("vk8s.hooks")
Answer = TypeVar("Answer", bound=BaseModel)
Question = TypeVar("Question", bound=BaseModel)


def load_scripts(directory: Path = BOOTSTRAP_DIRECTORY) -> Scripts:
    """The boot files of this version; OSError where they can't be read."""
    return build_scripts({path.name: path.read_text() for path in sorted(directory.iterdir()) if path.is_file()})


def create_app(settings: Settings, scripts: Scripts) -> FastAPI:
    """The hooks as an ASGI application. It holds no state and talks to nobody."""
    app = FastAPI(
        title="vk8s-metacontroller hooks",
        summary="Whole Kubernetes clusters as pods of a host cluster. A call is a question; none changes anything.",
    )
    app.add_exception_handler(RequestValidationError, _refuse_malformed)
    app.add_middleware(LastResort)
    # All of these are async: a decision takes milliseconds of one processor, and a thread would add a tenth to that.
    _add_vk8s_routes(app, settings, scripts)
    _add_ippool_routes(app)

    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        """Whether the process answers."""
        return "ok"

    @app.get("/readyz", response_class=PlainTextResponse)
    async def readyz() -> str:
        """Whether calls can be decided: settings and boot files are loaded before the first answer, so always."""
        return "ok"

    return app


def build_context(settings: Settings, scripts: Scripts) -> Context:
    """What a decision made now depends on, with entropy of its own."""
    return Context(settings, scripts, _now(), secrets.token_bytes(ENTROPY_BYTES))


def _add_vk8s_routes(app: FastAPI, settings: Settings, scripts: Scripts) -> None:
    @app.post("/vk8s/sync", response_model=SyncResponse)
    async def sync(request: HookRequest) -> Response:
        """Desired children and status of a Vk8s."""
        metadata = request.parent.metadata
        return _answer("sync", metadata, lambda: vk8s.decide_sync(request, build_context(settings, scripts)))

    @app.post("/vk8s/finalize", response_model=FinalizeResponse)
    async def finalize(request: HookRequest) -> Response:
        """What is left of a Vk8s that is being deleted."""
        metadata = request.parent.metadata
        return _answer("finalize", metadata, lambda: vk8s.decide_finalize(request, build_context(settings, scripts)))

    @app.post("/vk8s/customize", response_model=CustomizeResponse)
    async def customize(request: CustomizeRequest) -> Response:
        """Which other objects the sync of a Vk8s needs."""
        return _answer("customize", request.parent.metadata, lambda: vk8s.decide_customize(request, settings))


def _add_ippool_routes(app: FastAPI) -> None:
    """These read their bodies by themselves: one may hold every Vk8s, of which FastAPI would make objects."""

    @app.post("/ippool/sync", response_model=SyncResponse)
    async def sync(request: Request) -> Response:
        """Desired allocations and status of an IPPool."""
        question = await _read(PoolRequest, request)
        return _answer("ippool/sync", question.parent.metadata, lambda: ippool.decide_sync(question, _now()))

    @app.post("/ippool/finalize", response_model=FinalizeResponse)
    async def finalize(request: Request) -> Response:
        """What is left of an IPPool that is being deleted."""
        question = await _read(PoolRequest, request)
        return _answer("ippool/finalize", question.parent.metadata, lambda: ippool.decide_finalize(question, _now()))

    @app.post("/ippool/customize", response_model=CustomizeResponse)
    async def customize(request: Request) -> Response:
        """Which other objects the sync of an IPPool needs."""
        question = await _read(PoolCustomizeRequest, request)
        return _answer("ippool/customize", question.parent.metadata, lambda: ippool.decide_customize(question))


class LastResort:
    """Answers 500 with a fixed sentence to whatever nobody caught, and logs where it was, never what it held."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on; an exception goes no further than here."""
        started = False

        async def observe(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, observe)
        except Exception as error:  # noqa: BLE001 the guarantee is about every exception
            _log_failure(scope.get("path", ""), error)
            if not started:
                await _error(500, INTERNAL_ERROR)(scope, receive, send)


async def _read(model: type[Question], request: Request) -> Question:
    """The body as `model`; what that does not declare is skipped in the text, which is far cheaper than reading it."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError([]) from error


def _answer(hook: str, metadata: ClusterMetadata, decide: Callable[[], Answer]) -> Response:
    """The decision as a response; one log line with who, what and how long, without content."""
    start = perf_counter()
    try:
        answer = decide()
    except vk8s.RequestError as error:
        return _error(400, str(error))
    content = answer.model_dump_json(by_alias=True)
    phase = answer.status.get("phase", "-") if isinstance(answer, SyncResponse) else "-"
    milliseconds = (perf_counter() - start) * 1000
    log.info("%s %s generation=%d phase=%s ms=%.1f", hook, metadata.path, metadata.generation, phase, milliseconds)
    return Response(content, media_type="application/json")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def _refuse_malformed(_request: Request, _error_with_input: Exception) -> Response:
    return _error(400, NOT_A_HOOK_CALL)


def _error(code: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=code)


def _log_failure(path: str, error: Exception) -> None:
    """Type and place of an exception. Its message is left out: it may repeat the request."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    log.error("%s failed: %s at %s", path, type(error).__name__, " < ".join(reversed(frames)))
