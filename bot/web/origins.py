"""Answers that scripts of the listed sites may read: CORS by the registry, beside that of the settings."""

from asyncio import to_thread
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.fences import inner_path, preflight
from bot.web.gate import Gate

METHODS = ("GET", "POST")
HEADERS = ("Authorization", "Content-Type")
_PATHS = ("/api/chat", "/api/token", "/api/feedback", "/embed/evidence")


class SiteOrigins:
    """Let scripts of a listed origin call what visitors call, without cookies.

    A preflight names no site: any site's origin may ask. The answer itself is readable only where the site
    that the request names lists the origin, which the route finds out (`request.state.readable`).
    """

    def __init__(self, app: ASGIApp, gate: Gate, known: Collection[str] = ()) -> None:
        self._app = app
        self._gate = gate
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight; name the origin on what comes back."""
        if scope["type"] != "http" or not await self._listed(scope):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers["origin"]
        if preflight(scope):
            rules = CORSMiddleware(self._app, (origin,), METHODS, HEADERS)
            await rules.preflight_response(headers)(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            # A request that its shape alone turned away has come to no route: that may be read.
            if message["type"] == "http.response.start" and state.get("readable", True):
                answer = MutableHeaders(scope=message)
                answer["Access-Control-Allow-Origin"] = origin
                answer["Access-Control-Expose-Headers"] = "Retry-After"
            await send(message)

        await self._app(scope, receive, sending)

    async def _listed(self, scope: Scope) -> bool:
        origins = Headers(scope=scope).getlist("origin")
        if len(origins) != 1 or origins[0] in self._known or inner_path(scope) not in _PATHS:
            return False
        return await to_thread(self._gate.lists, origins[0])
