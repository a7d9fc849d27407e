"""Run the web half: one process, one worker, until Ctrl-C."""

import asyncio
import contextlib
import errno
import gc
import importlib.util
import re
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from bot.journal import configure
from bot.web.fences import page_policy
from bot.web.operation import Operation
from bot.web.types import BotFor, ChatBot, WebSettings
from prompts import UserError, say

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

_SWITCH = 0.001  # seconds a thread that computes an answer may keep the event loop waiting
_LOOK = 0.1  # seconds between two looks whether the bot is loaded
_KEEP_ALIVE = 75  # seconds of an idle connection; a proxy keeps it for less (nginx: 60) and closes it first


class ServingError(UserError):
    """An address that cannot be listened on, or a setting that cannot be used."""


def serve(
    bot: ChatBot,
    settings: WebSettings,
    tell: Callable[[str], None] | None = None,
    bot_for: BotFor | None = None,
) -> int:
    """Serve `bot`, and for a site the one that `bot_for` names, until interrupted; returns the exit code.

    `tell` gets the line with the address once the server listens (default: a line on stdout). Raises
    ServingError for a port in use and for settings that cannot be used, before anything is loaded.
    """
    check_settings(settings)
    operation = Operation.of(settings)
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        listeners = [stack.enter_context(bind(settings.host, settings.port))]
        if settings.admin_port is not None:
            check_admin(settings)
            admin = bind(settings.admin_host, settings.admin_port, "FORUM_BOT_ADMIN_PORT=")
            listeners.append(stack.enter_context(admin))
        configure(settings.log)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's stop is like Ctrl-C
        stack.callback(operation.close)
        asyncio.run(_serve(bot, settings, operation, listeners, tell or _print, bot_for))
    return 0


async def _serve(
    bot: ChatBot, settings: WebSettings, operation: Operation, listeners: Sequence[socket.socket],
    tell: Callable[[str], None], bot_for: BotFor | None,
) -> None:  # fmt: skip
    # Only now, as these imports take seconds.
    from bot.web.app import build_app
    from bot.web.servers import PublicServer

    app = build_app(bot, settings, operation=operation, bot_for=bot_for)
    config = _config(app, settings, settings.grace, settings.root_path)
    sys.setswitchinterval(_SWITCH)
    tell(say("web.serving", url=address(settings.host, listeners[0].getsockname()[1])))
    settling = asyncio.create_task(_settle(bot))
    async with _administered(bot, settings, operation, listeners[1:], tell):
        await PublicServer(config, operation.stop, operation.traffic).serve(sockets=[listeners[0]])
    settling.cancel()


async def _settle(bot: ChatBot) -> None:
    """Keep what is loaded for good out of garbage collections: a full one stops all answers for 0.2 s."""
    while not bot.ready:
        await asyncio.sleep(_LOOK)
    gc.collect()
    gc.freeze()


@contextlib.asynccontextmanager
async def _administered(
    bot: ChatBot, settings: WebSettings, operation: Operation, listeners: Sequence[socket.socket],
    tell: Callable[[str], None],
) -> AsyncIterator[None]:  # fmt: skip
    """Serve the admin port, where there is one, until the block ends."""
    if not listeners:
        yield
        return
    from bot.web.admin import build_admin
    from bot.web.servers import QuietServer

    server = QuietServer(_config(build_admin(bot, operation), settings, grace=0.0))
    running = asyncio.create_task(server.serve(sockets=list(listeners)))
    tell(say("web.serving_admin", url=address(settings.admin_host, listeners[0].getsockname()[1])))
    try:
        yield
    finally:
        server.should_exit = True
        await running


def _config(app: "FastAPI", settings: WebSettings, grace: float, root_path: str = "") -> "uvicorn.Config":
    import uvicorn

    from bot.web.readers import watched
    from bot.web.servers import patience

    return uvicorn.Config(
        app,
        workers=1,
        log_config=None,  # ours masks personal data
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        root_path=root_path,
        ws="none",
        http=watched(settings.reader_idle, settings.reader_total),
        timeout_graceful_shutdown=patience(grace),
        timeout_keep_alive=_KEEP_ALIVE,
    )


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def check_settings(settings: WebSettings) -> None:
    """Raise ServingError for the first setting that would weaken or break a fence."""
    for host in settings.allowed_hosts:
        if not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise ServingError("web.bad_host", value=host)
    for origin in settings.origins:
        if not re.fullmatch(r"https?://[a-z0-9._-]+(:\d{1,5})?", origin):
            raise ServingError("web.bad_origin", value=origin)
    for source in settings.frame_ancestors:
        try:
            page_policy((source,))
        except ValueError as exc:
            raise ServingError("web.bad_frame_ancestor", value=source) from exc
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*", settings.root_path):
        raise ServingError("web.bad_root_path", value=settings.root_path)
    _check_limits(settings)


def _check_limits(settings: WebSettings) -> None:
    from bot.web.addresses import Visitors
    from bot.web.limits import rates, shared_storage

    for proxy in settings.proxies:
        try:
            Visitors((proxy,))
        except ValueError as exc:
            raise ServingError("web.bad_proxy", value=proxy) from exc
    for limit in (settings.visitor_limit, settings.site_limit, settings.key_limit, settings.limit):
        try:
            rates(limit)
        except ValueError as exc:
            raise ServingError("web.bad_limit", value=limit) from exc
    if settings.limits_url is not None:
        shared_storage(settings.limits_url)


def check_admin(settings: WebSettings) -> None:
    """Raise ServingError where the admin port would be open to others, or lacks its library."""
    if settings.admin_host not in ("127.0.0.1", "::1"):
        raise ServingError("web.admin_host", value=settings.admin_host)
    if importlib.util.find_spec("prometheus_client") is None:
        raise ServingError("web.no_metrics")


def bind(host: str, port: int, option: str = "--port ") -> socket.socket:
    """A socket bound to the address. Raises ServingError where that cannot be, with the reason.

    `option` is what another port is set with.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as exc:
        listener.close()
        if isinstance(exc, OSError) and exc.errno == errno.EADDRINUSE:
            raise ServingError("web.port_in_use", host=host, port=port, other=f"{option}{port + 1}") from exc
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise ServingError("web.address_unusable", host=host, port=port, reason=reason) from exc
    return listener


def address(host: str, port: int) -> str:
    """The address a person opens: a server on all interfaces is opened by its loopback name."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"
