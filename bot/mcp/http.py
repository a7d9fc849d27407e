"""The protocol's way by HTTP: `POST /mcp`, on this machine alone unless API keys guard it.

Every request is whole in itself: no session, no stream that is kept open. Before the protocol stand the
fences of the web half (hosts, paths, headers) and one more: origins and keys.
"""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.bot import Bot
from bot.mcp.server import build_server
from bot.settings import BotSettings
from bot.sites.registry import Registry
from bot.web.fences import PublicPaths, SecurityHeaders, TrustedHosts, refusal, told
from bot.web.gate import Gate
from bot.web.keys import key_required
from bot.web.readers import watched
from bot.web.serve import ServingError, address, bind
from bot.web.types import WebSettings
from bot.web.warmup import Warmup
from prompts import UserError

PATH = "/mcp"
MAX_BODY = 64 * 1024  # bytes: a question of 2,000 letters, each written as \\uXXXX, and its envelope
REQUESTS = 64  # at the same time; more get 503
_STOP_SECONDS = 10


def serve_http(bot: Bot, settings: BotSettings, host: str, port: int, tell: Callable[[str], None]) -> int:
    """Serve until interrupted and return the exit code; `tell` gets the address once the server listens.

    Raises ServingError for a port in use, and for an address that other machines reach and no key guards.
    """
    if not is_loopback(host) and not Registry(settings.registry_file).guarded:
        raise ServingError("mcp.needs_key", host=host)
    listener = bind(host, port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's stop is as good as Ctrl-C
    with listener, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(bot, settings, host, listener, tell))
    return 0


async def _serve(
    bot: Bot, settings: BotSettings, host: str, listener: socket.socket, tell: Callable[[str], None]
) -> None:
    import uvicorn

    usual = WebSettings()
    config = uvicorn.Config(
        build_app(bot, settings, host),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=watched(usual.reader_idle, usual.reader_total),
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    Warmup(bot).start()
    tell(address(host, listener.getsockname()[1]) + PATH)
    await uvicorn.Server(config).serve(sockets=[listener])


def build_app(bot: Bot, settings: BotSettings, host: str = "127.0.0.1") -> ASGIApp:
    """The fenced application; belongs to the running event loop."""
    from mcp.server.transport_security import TransportSecuritySettings

    inner: ASGIApp = build_server(bot).streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # we have
    )
    guarded = Guard(inner, Gate(settings.registry_file), settings.origins)
    own = f"[{host}]" if ":" in host else host
    hosts = TrustedHosts(PublicPaths(guarded, (("POST", PATH),)), (*settings.allowed_hosts, own))
    return SecurityHeaders(hosts, ("'none'",))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """Refuse pages of other sites, callers without a key where the API needs one, and more than so many."""

    def __init__(self, app: ASGIApp, gate: Gate, origins: tuple[str, ...]) -> None:
        self._app = app
        self._check_key = key_required(gate)
        self._origins = frozenset(origins)
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a good request on; 403 for an origin, 401 for a key, 503 for unreadable keys or in a crowd."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._running += 1
        try:
            await (await self._refused(Request(scope)) or self._app)(scope, receive, send)
        finally:
            self._running -= 1

    async def _refused(self, request: Request) -> JSONResponse | None:
        if self._running > REQUESTS:
            return refusal(503, "web.busy", {"Retry-After": "5"})
        if not self._origins.issuperset(request.headers.getlist("origin")):
            return refusal(403, "mcp.origin_refused")
        try:
            await self._check_key(request)
        except UserError as error:
            headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
            return told(PATH, error.status, str(error), headers)
        return None
