"""What stands between the public and the routes: pure-ASGI middleware, outermost first.

SecurityHeaders → TrustedHosts → PublicPaths → SiteOrigins (origins.py) → CORSMiddleware → JsonBodies
(bodies.py). What is not on a list is refused: hosts, paths, methods, content types, sizes and shapes of
bodies.
"""

import logging
import re
from collections.abc import Iterable

from anyio import BrokenResourceError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.openai_shape import PREFIX, openai_error
from prompts import say

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
logger = logging.getLogger(__name__)

_FILE = r"(?:[A-Za-z0-9_@-][A-Za-z0-9._@-]*/)*[A-Za-z0-9_@-][A-Za-z0-9._@-]*"
# Every path that is answered, below the root path: (methods, pattern). Nothing else is.
PUBLIC: tuple[tuple[str, str], ...] = (
    ("POST", "/api/chat"),
    ("POST", "/api/token"),
    ("POST", "/api/feedback"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/v1/models"),
    ("GET HEAD", "/widget.js"),
    ("GET HEAD", "/widget-[0-9a-f]{12}.js"),
    ("GET HEAD", "/embed"),
    ("GET HEAD", "/embed/[0-9a-f]{12}/embed.(?:js|css|svg)"),
    ("GET", "/embed/suggestions"),
    ("GET", "/embed/evidence"),
    ("GET HEAD", "/healthz"),
    ("GET HEAD", "/readyz"),
    ("GET HEAD", "/"),
    ("GET HEAD", "/favicon.ico"),
    ("GET HEAD", "/robots.txt"),
    ("GET HEAD", "/manifest.json"),
    ("GET HEAD", "/config"),
    ("GET HEAD", "/theme.css"),
    ("GET HEAD", f"/assets/{_FILE}"),
    ("GET HEAD", f"/static/{_FILE}"),
    ("GET", "/gradio_api/startup-events"),
    ("GET", "/gradio_api/heartbeat/[A-Za-z0-9]{1,40}"),
    ("GET", "/gradio_api/queue/data"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/gradio_api/reset"),
)
OPENAPI = ("GET", "/openapi.json")  # answered too, where the settings say so
# A proxy's headers that Gradio would build its own address from, whoever sent them.
_FORGEABLE = re.compile(rb"x-forwarded-(?!for$|proto$).*|forwarded|x-gradio-.*|x-original-.*|x-rewrite-url")
# A request with one of these has come by way of somebody else.
_FORWARDED = re.compile(
    rb"x-forwarded(-.*)?|forwarded|via|x-real-ip|cf-.*|true-client-ip|x-client-ip|x-cluster-client-ip|x-original-.*"
)


def refusal(status: int, key: str, headers: dict[str, str] | None = None, path: str = "") -> JSONResponse:
    """An error answer: one Korean sentence as `{"error": "…"}`, below /v1/ in OpenAI's form."""
    return told(path, status, say(key), headers)


def told(
    path: str,
    status: int,
    message: str,
    headers: dict[str, str] | None = None,
    param: str | None = None,
    code: str | None = None,
) -> JSONResponse:
    """An error answer with any message; `param` and `code` are told below /v1/ only."""
    ours = {"error": message}
    content = openai_error(status, message, param, code) if path.startswith(PREFIX) else ours
    return JSONResponse(content, status_code=status, headers=headers)


class SecurityHeaders:
    """Put the security headers on every answer, and turn a crash into a plain 500."""

    def __init__(self, app: ASGIApp, frame_ancestors: Iterable[str] = ("'self'",)) -> None:
        self._app = app
        self._page_policy = page_policy(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._complete(inner_path(scope), message)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as exc:
            if started and _reader_gone(exc):
                return
            if started and _refused_late(exc):  # anybody can ask for that: it ends, and is no crash
                await send({"type": "http.response.body", "body": b""})
                return
            logger.exception(
                "a request failed: %s", inner_path(scope)[:200].encode("unicode_escape").decode()
            )
            if started:
                raise
            await refusal(500, "web.failed", None, inner_path(scope))(scope, receive, sending)

    def _complete(self, path: str, message: Message) -> None:
        message.setdefault("headers", [])
        headers = MutableHeaders(scope=message)
        kind = headers.get("content-type", "")
        data = path.startswith(("/api/", "/v1/", "/embed", "/widget", "/mcp")) or kind.startswith(
            ("application/json", "text/event-stream", "text/plain")
        )
        if path != _OWN_POLICY or "content-security-policy" not in headers:
            headers["Content-Security-Policy"] = _DATA_POLICY if data else self._page_policy
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        headers["Cache-Control"] = _caching(path, message["status"])
        if "origin" not in headers.get("vary", "").lower():
            headers.add_vary_header("Origin")
        del headers["server"]


def _reader_gone(exc: Exception) -> bool:
    """Whether a stream ended because nobody takes it any more: FastAPI tells that by its inner pipe."""
    return isinstance(exc, ExceptionGroup) and exc.split(BrokenResourceError)[1] is None


def _refused_late(exc: Exception) -> bool:
    """Whether a stream that had begun was refused, as Gradio's is for a session that it does not know."""
    return isinstance(exc, RuntimeError) and isinstance(exc.__cause__, HTTPException)


_OWN_POLICY = "/embed"  # the page that says by itself who may frame it (embedded.py)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# What an answer carries that no application gives: to bytes that are no HTTP.
BARE_HEADERS = (
    ("Content-Security-Policy", _DATA_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)


def page_policy(frame_ancestors: Iterable[str]) -> str:
    """The page's Content-Security-Policy: nothing from another host, frames only where allowed.

    Raises ValueError for a source that would break the header.
    """
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        f"frame-ancestors {frame_sources(frame_ancestors)}; "
        "base-uri 'self'; form-action 'none'; object-src 'none'"
    )


def frame_sources(frame_ancestors: Iterable[str]) -> str:
    """The value of a frame-ancestors directive; nobody where there are none. Raises ValueError."""
    sources = tuple(frame_ancestors) or ("'none'",)
    for source in sources:
        if not re.fullmatch(r"'self'|'none'|https?://[A-Za-z0-9.*-]+(?::(?:\d{1,5}|\*))?", source):
            raise ValueError(f"not a frame ancestor: {source!r}")
    return " ".join(sources)


# Files whose address holds a hash of their content.
_HASHED = re.compile(r"/assets/.*|/embed/[0-9a-f]{12}/.*|/widget-[0-9a-f]{12}\.js")


def _caching(path: str, status: int) -> str:
    if _HASHED.fullmatch(path) and status in (200, 304):
        return "public, max-age=31536000, immutable"
    if path == "/widget.js" and status in (200, 304):
        return "public, max-age=300"  # long enough for a visit, short enough for a change
    if path.startswith("/static/") and status == 200:
        return "public, max-age=86400"
    return "no-store"


class TrustedHosts:
    """Refuse a request whose Host is not one of ours, and forget what a stranger says about the address."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in (*LOOPBACK, *hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request for one of our hosts on; answer 400 to the others."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http":
            if not self._known(scope):
                await refusal(400, "web.unknown_host", None, inner_path(scope))(scope, receive, send)
                return
            forwarded = any(_FORWARDED.fullmatch(name.lower()) for name, _ in scope["headers"])
            scope.setdefault("state", {})["forwarded"] = forwarded
            kept = [
                (name, value) for name, value in scope["headers"] if not _FORGEABLE.fullmatch(name.lower())
            ]
            scope = {**scope, "headers": kept}
        await self._app(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        values = Headers(scope=scope).getlist("host")
        match = (
            re.fullmatch(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?", values[0].lower())
            if values
            else None
        )
        return len(values) == 1 and match is not None and match[1] in self._hosts


class PublicPaths:
    """Answer the listed paths only; whatever else the mounted applications offer does not exist."""

    def __init__(self, app: ASGIApp, public: Iterable[tuple[str, str]] = PUBLIC) -> None:
        self._app = app
        self._public = tuple((frozenset(methods.split()), re.compile(pattern)) for methods, pattern in public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a listed path on; 404 for others, 405 for another method."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = inner_path(scope)
        methods = next((methods for methods, pattern in self._public if pattern.fullmatch(path)), None)
        if methods is None:
            await refusal(404, "web.no_such_path", None, path)(scope, receive, send)
        elif scope["method"] not in methods and not preflight(scope):
            allow = {"Allow": ", ".join(sorted(methods))}
            await refusal(405, "web.no_such_method", allow, path)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def inner_path(scope: Scope) -> str:
    """The path below the root path that a proxy or a mount put before it."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def preflight(scope: Scope) -> bool:
    """Whether a browser asks what it may ask."""
    return scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope)
