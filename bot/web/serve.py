"""Run the web half: one process, one worker, until Ctrl-C."""

import asyncio
import contextlib
import errno
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable

from bot.journal import configure
from bot.web.fences import page_policy
from bot.web.types import BotFor, ChatBot, WebSettings
from prompts import UserError, say

_SWITCH = 0.001  # seconds a thread that computes an answer may keep the event loop waiting
_STOP_SECONDS = 10  # how long running answers may go on after Ctrl-C
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
    listener = bind(settings.host, settings.port)
    configure(settings.log)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's stop is as good as Ctrl-C
    with listener, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(bot, settings, listener, tell or _print, bot_for))
    return 0


async def _serve(
    bot: ChatBot,
    settings: WebSettings,
    listener: socket.socket,
    tell: Callable[[str], None],
    bot_for: BotFor | None,
) -> None:
    # Only now, as these imports take seconds.
    import uvicorn

    from bot.web.app import build_app

    config = uvicorn.Config(
        build_app(bot, settings, bot_for=bot_for),
        workers=1,
        log_config=None,  # ours masks personal data
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=_STOP_SECONDS,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    sys.setswitchinterval(_SWITCH)
    tell(say("web.serving", url=address(settings.host, listener.getsockname()[1])))
    await uvicorn.Server(config).serve(sockets=[listener])


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


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises ServingError where that cannot be, with the reason."""
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
            raise ServingError("web.port_in_use", host=host, port=port, other=port + 1) from exc
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise ServingError("web.address_unusable", host=host, port=port, reason=reason) from exc
    return listener


def address(host: str, port: int) -> str:
    """The address a person opens: a server on all interfaces is opened by its loopback name."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"
