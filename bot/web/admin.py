"""What an operator asks a running server, on a loopback port of its own: `/metrics`, `/status`, `/readyz`."""

import logging
import time
from asyncio import to_thread
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol, runtime_checkable

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from bot.types import State
from bot.web.api import answer_errors
from bot.web.fences import PublicPaths, SecurityHeaders, TrustedHosts
from bot.web.metrics import CONTENT_TYPE, exposition
from bot.web.operation import Operation
from bot.web.types import ChatBot
from prompts import UserError

PATHS = (("GET HEAD", "/metrics"), ("GET HEAD", "/status"), ("GET HEAD", "/readyz"))
logger = logging.getLogger(__name__)


@runtime_checkable
class Stated(Protocol):
    """A bot that tells what it serves."""

    def state(self) -> State:
        """The index and the model as they are now. Raises UserError."""


def build_admin(bot: ChatBot, operation: Operation) -> FastAPI:
    """The application of the admin port. Raises ImportError without prometheus-client."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(PublicPaths, public=PATHS)
    app.add_middleware(TrustedHosts)  # a page of another site that has its name point here gets nothing
    app.add_middleware(SecurityHeaders, frame_ancestors=())
    answer_errors(app)
    _add_routes(app, bot, operation)
    return app


def _add_routes(app: FastAPI, bot: ChatBot, operation: Operation) -> None:
    state = _state_of(bot)
    scrape = exposition(operation, state)

    @app.api_route("/metrics", methods=["GET", "HEAD"])
    async def metrics() -> Response:
        """The numbers for Prometheus."""
        return Response(await to_thread(scrape), media_type=CONTENT_TYPE)

    @app.api_route("/status", methods=["GET", "HEAD"])
    async def status() -> dict[str, Any]:
        """The same for people: what is served, and how it goes."""
        return _status(operation, bot.ready, await to_thread(state))

    @app.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz() -> JSONResponse:
        """As on the public port; answered here until the last answer has ended."""
        ready = bot.ready and not operation.stop.begun
        return JSONResponse({"ready": ready}, status_code=200 if ready else 503)


def _state_of(bot: ChatBot) -> Callable[[], State | None]:
    """The bot's state; None while it is not loaded, where it tells none, and where its store is broken."""

    def state() -> State | None:
        if not (isinstance(bot, Stated) and bot.ready):
            return None
        try:
            return bot.state()
        except UserError as error:
            logger.warning("the state of the index cannot be told: %s", error)
            return None

    return state


def _status(operation: Operation, ready: bool, state: State | None) -> dict[str, Any]:
    meters, stop = operation.meters, operation.stop
    unknown = {"generation": None, "articles": None, "chunks": None, "model": None}
    told = asdict(state) if state is not None else {**unknown, "breaker_open": None, "waiting": None}
    return {
        "ready": ready and not stop.begun,
        "stopping": stop.begun,
        "uptime_s": round(time.time() - meters.started, 1),
        "open_chats": meters.open,
        "waiting_chats": meters.waiting,
        "questions": sum(meters.ended().values()),
        **{("model_waiting" if name == "waiting" else name): value for name, value in told.items()},
    }
