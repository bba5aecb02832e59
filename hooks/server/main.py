"""The routes of the hooks. Who may call: `middleware`. Logs and metrics: `calls`. Decisions: `vk8s`, `ippool`."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from hooks import VERSION
from hooks.ippool import decide as ippool
from hooks.ippool.request import PoolCustomizeRequest, PoolRequest
from hooks.kubernetes.schema import Resource, read_crd
from hooks.server.calls import CallRecorder, get_call
from hooks.server.certificate import Certificate
from hooks.server.files import WatchedFiles
from hooks.server.metrics import CONTENT_TYPE, Metrics
from hooks.server.middleware import AuthMiddleware, Limits, Requirements
from hooks.server.openapi import REFUSALS, describe_body
from hooks.server.reading import BodyError, check_content_type, read_declared, read_whole
from hooks.server.refusals import NOT_FOUND, WRONG_METHOD, CatchAll, build_refusal
from hooks.server.tokens import watch_tokens
from hooks.settings import Settings
from hooks.vk8s import decide as vk8s
from hooks.vk8s.scripts import Scripts, build_scripts
from hooks.vk8s.situation import Context
from hooks.wire import ClusterMetadata, CustomizeRequest, CustomizeResponse, FinalizeResponse, HookRequest, SyncResponse

BOOTSTRAP_DIRECTORY: Final = Path(__file__).parents[1] / "vk8s" / "bootstrap"
CRD_FILE: Final = Path(__file__).parents[2] / "crds" / "vk8s.yaml"
ENTROPY_BYTES: Final = 32

Answer = TypeVar("Answer", bound=BaseModel)


def load_scripts(directory: Path = BOOTSTRAP_DIRECTORY) -> Scripts:
    """The bootstrap files of this version. OSError if they can't be read."""
    return build_scripts({path.name: path.read_text() for path in sorted(directory.iterdir()) if path.is_file()})


def load_crd() -> Resource:
    """The resource Vk8s, as the API server knows it. OSError if its CRD can't be read."""
    return read_crd(CRD_FILE.read_text())


def create_app(settings: Settings, scripts: Scripts, certificate: WatchedFiles[Certificate] | None = None) -> FastAPI:
    """The hooks as an ASGI application. It makes no calls itself. FileProblem if the tokens can't be used.

    `certificate`: the serving certificate, for the metric of its expiry.
    """
    app = FastAPI(
        title="vk8s-metacontroller hooks",
        summary="Whole Kubernetes clusters as pods of a host cluster. Calls are read-only: none changes anything.",
        version=VERSION,
        # These pages load scripts from other sites, which a cluster may not reach, and they can't send a token.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_exception_handler(BodyError, _refuse_body)
    app.add_exception_handler(HTTPException, _refuse_path)
    metrics = Metrics()
    _add_guards(app, settings, metrics)
    if certificate:
        metrics.watch_certificate(certificate)
    # All routes are async: a decision takes milliseconds of one processor, and a thread would add a tenth to that.
    _add_vk8s_routes(app, settings, scripts)
    _add_ippool_routes(app)
    _add_pages(app, metrics)
    return app


def build_context(settings: Settings, scripts: Scripts) -> Context:
    """The context of a decision that is made now, with entropy of its own."""
    return Context(settings, scripts, _now(), secrets.token_bytes(ENTROPY_BYTES))


def _add_guards(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """The middleware that each call passes before its route. What is added last comes first."""
    tokens = watch_tokens(settings.token_file) if settings.token_file else None
    if tokens:
        metrics.watch_file("tokens", tokens)
    limits = Limits(settings.max_body_bytes, settings.max_pool_body_bytes, settings.max_bodies_bytes)
    app.add_middleware(AuthMiddleware, Requirements(tokens, limits, settings.body_seconds))
    app.add_middleware(CatchAll)
    app.add_middleware(CallRecorder, metrics)


def _add_vk8s_routes(app: FastAPI, settings: Settings, scripts: Scripts) -> None:
    @app.post("/vk8s/sync", **_describe_hook(SyncResponse, HookRequest))
    async def sync(call: Request) -> Response:
        """Desired children and status of a Vk8s."""
        question = read_whole(HookRequest, await _read_body(call))
        metadata = question.parent.metadata
        return _answer(call, metadata, lambda: vk8s.decide_sync(question, build_context(settings, scripts)))

    @app.post("/vk8s/finalize", **_describe_hook(FinalizeResponse, HookRequest))
    async def finalize(call: Request) -> Response:
        """The children that a Vk8s that is being deleted still has."""
        question = read_whole(HookRequest, await _read_body(call))
        metadata = question.parent.metadata
        return _answer(call, metadata, lambda: vk8s.decide_finalize(question, build_context(settings, scripts)))

    @app.post("/vk8s/customize", **_describe_hook(CustomizeResponse, CustomizeRequest))
    async def customize(call: Request) -> Response:
        """Which other objects the sync of a Vk8s needs."""
        question = read_whole(CustomizeRequest, await _read_body(call))
        return _answer(call, question.parent.metadata, lambda: vk8s.decide_customize(question, settings))


def _add_ippool_routes(app: FastAPI) -> None:
    """These bodies may hold every Vk8s, so only declared fields are read."""

    @app.post("/ippool/sync", **_describe_hook(SyncResponse, PoolRequest))
    async def sync(call: Request) -> Response:
        """Desired allocations and status of an IPPool."""
        question = read_declared(PoolRequest, await _read_body(call))
        return _answer(call, question.parent.metadata, lambda: ippool.decide_sync(question, _now()))

    @app.post("/ippool/finalize", **_describe_hook(FinalizeResponse, PoolRequest))
    async def finalize(call: Request) -> Response:
        """The allocations that an IPPool that is being deleted still has."""
        question = read_declared(PoolRequest, await _read_body(call))
        return _answer(call, question.parent.metadata, lambda: ippool.decide_finalize(question, _now()))

    @app.post("/ippool/customize", **_describe_hook(CustomizeResponse, PoolCustomizeRequest))
    async def customize(call: Request) -> Response:
        """Which other objects the sync of an IPPool needs."""
        question = read_declared(PoolCustomizeRequest, await _read_body(call))
        return _answer(call, question.parent.metadata, lambda: ippool.decide_customize(question))


def _add_pages(app: FastAPI, metrics: Metrics) -> None:
    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> str:
        """Whether the process answers."""
        return "ok"

    @app.head("/readyz", include_in_schema=False)
    @app.get("/readyz", response_class=PlainTextResponse)
    async def readyz() -> str:
        """Whether calls can be decided: always, as settings and bootstrap files are loaded before the server starts."""
        return "ok"

    @app.head("/metrics", include_in_schema=False)
    @app.get("/metrics", response_class=PlainTextResponse)
    async def numbers() -> Response:
        """The metrics of this process, for Prometheus."""
        return Response(metrics.render(), media_type=CONTENT_TYPE)


def _describe_hook(answer: type[BaseModel], question: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a hook. FastAPI can't derive it, as the routes read their bodies themselves."""
    return {"response_model": answer, "responses": REFUSALS, "openapi_extra": describe_body(question)}


async def _read_body(request: Request) -> bytes:
    check_content_type(request.headers.get("content-type"))
    return await request.body()


def _answer(request: Request, metadata: ClusterMetadata, decide: Callable[[], Answer]) -> Response:
    """The decision as a response; what log and metrics need is recorded in the call."""
    call = get_call(request.scope)
    call.metadata = metadata
    try:
        answer = decide()
    except vk8s.RequestError as error:
        return build_refusal(400, str(error))
    call.answer = answer if isinstance(answer, SyncResponse) else None
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def _refuse_body(_request: Request, error: Exception) -> Response:
    return build_refusal(400, str(error))


async def _refuse_path(_request: Request, error: Exception) -> Response:
    """404 and 405: the application raises no other."""
    code, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    return build_refusal(code, WRONG_METHOD if code == HTTPStatus.METHOD_NOT_ALLOWED else NOT_FOUND, headers)
