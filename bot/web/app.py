"""The application: routes, page and fences put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from bot.web.api import answer_errors, chat_router, health_router
from bot.web.bodies import JsonBodies
from bot.web.embedded import embed_router
from bot.web.fences import PublicPaths, SecurityHeaders, TrustedHosts
from bot.web.index import IndexHead
from bot.web.page import mount_page
from bot.web.types import BotFor, ChatBot, WebSettings
from bot.web.warmup import Warmup


def build_app(
    bot: ChatBot, settings: WebSettings, *, page: bool = True, bot_for: BotFor | None = None
) -> FastAPI:
    """The fenced application around `bot`; it starts to load the bot when the server starts.

    Call it in a running event loop: without one, Gradio opens a loop for each of its locks and closes none.
    `page=False` leaves the chat page out, and with it the import of gradio. `bot_for` chooses who answers for
    a site; without it, `bot` answers for all.
    """
    warmup = Warmup(bot)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        warmup.start()
        yield

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    _fence(app, settings)
    app.include_router(health_router(bot))
    app.include_router(chat_router(bot, warmup, settings, bot_for))
    app.include_router(embed_router(bot, warmup, lambda site: settings.frame_ancestors, bot_for))
    answer_errors(app)
    if page:
        mount_page(app, bot, warmup, settings)
    return app


def _fence(app: FastAPI, settings: WebSettings) -> None:
    """Add the middleware, the innermost first."""
    app.add_middleware(IndexHead)
    app.add_middleware(JsonBodies)
    # Also tells Gradio not to add a policy of its own, which would allow every origin.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Content-Type",),
        allow_credentials=False,
    )
    app.add_middleware(PublicPaths)
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    app.add_middleware(TrustedHosts, hosts=(*settings.allowed_hosts, own))
    app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)
