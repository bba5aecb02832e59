"""What the hooks' server costs without the hooks: the body is parsed, a prepared answer is serialised, nothing else.

The server, its configuration and the models by which both are done are those of the hooks; what they tell in log and
metrics, and how they look at who calls, is not there.
"""

import argparse
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response

from hooks.server.serve import Address, build_config
from hooks.wire import HookRequest, SyncResponse


def create_app(answer: SyncResponse) -> FastAPI:
    """The application, with the route of the sync hook."""
    app = FastAPI()

    @app.post("/vk8s/sync")
    async def sync(request: HookRequest) -> Response:  # noqa: ARG001 parsed, and no more
        return Response(answer.model_dump_json(by_alias=True), media_type="application/json")

    return app


def main() -> None:
    """Serves on the loopback until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    answer = SyncResponse.model_validate_json(options.answer.read_text())
    uvicorn.Server(build_config(create_app(answer), Address("127.0.0.1", options.port), None)).run()


if __name__ == "__main__":
    main()
