"""The application: routes, page and fences put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from bot.web.api import answer_errors, chat_router, health_router
from bot.web.bodies import JsonBodies
from bot.web.embedded import embed_router
from bot.web.fences import OPENAPI, PUBLIC, PublicPaths, SecurityHeaders, TrustedHosts
from bot.web.gate import Gate
from bot.web.index import IndexHead
from bot.web.limits import Limits
from bot.web.openai_api import openai_router
from bot.web.operation import Operation, watched
from bot.web.opinions import feedback_router
from bot.web.origins import HEADERS, METHODS, SiteOrigins
from bot.web.page import mount_page
from bot.web.slots import Slots
from bot.web.traffic import CountedTraffic
from bot.web.types import BotFor, ChatBot, WebSettings
from bot.web.visitors import token_router
from bot.web.warmup import Warmup
from prompts import say


def build_app(
    bot: ChatBot,
    settings: WebSettings,
    *,
    page: bool = True,
    operation: Operation | None = None,
    bot_for: BotFor | None = None,
) -> FastAPI:
    """The fenced application around `bot`; it starts to load the bot when the server starts.

    Call it in a running event loop: without one, Gradio opens a loop for each of its locks and closes none.
    `page=False` leaves the chat page out, and with it the import of gradio. `bot_for` chooses who answers for
    a site; without it, `bot` answers for all.
    """
    operation = operation or Operation.of(settings)
    bot, bot_for = watched(bot, bot_for, operation)
    warmup = Warmup(bot)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warmup.start()
        async with operation.running():
            yield
        await limits.close()

    gate, slots, limits = Gate(settings.registry), Slots(settings, operation.meters), Limits(settings)
    described = OPENAPI[1] if settings.openapi else None
    app = FastAPI(
        title=say("web.title"), docs_url=None, redoc_url=None, openapi_url=described, lifespan=lifespan
    )
    app.state.limits = limits
    _fence(app, settings, gate)
    app.add_middleware(CountedTraffic, traffic=operation.traffic)
    app.include_router(health_router(bot))
    app.include_router(chat_router(bot_for, warmup, slots, gate, operation))
    app.include_router(token_router(gate))
    app.include_router(feedback_router(bot_for, gate, operation))
    app.include_router(openai_router(bot, warmup, slots, gate))
    app.include_router(embed_router(bot_for, warmup, settings.frame_ancestors, gate))
    answer_errors(app)
    if page:
        mount_page(app, bot, warmup, settings, limits)
    return app


def _fence(app: FastAPI, settings: WebSettings, gate: Gate) -> None:
    """Add the middleware, the innermost first."""
    app.add_middleware(IndexHead)
    app.add_middleware(JsonBodies)
    # Also tells Gradio not to add a policy of its own, which would allow every origin.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=("Retry-After",),
        allow_credentials=False,
    )
    app.add_middleware(SiteOrigins, gate=gate, known=settings.origins)
    app.add_middleware(PublicPaths, public=(*PUBLIC, OPENAPI) if settings.openapi else PUBLIC)
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    app.add_middleware(TrustedHosts, hosts=(*settings.allowed_hosts, own))
    app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)
