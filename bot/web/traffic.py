"""How many requests run and how they ended, by route. Of a path only what its pattern fixes is told."""

import re
import threading
from collections import Counter
from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.fences import PUBLIC, inner_path

_LASTING = "/gradio_api/heartbeat/"  # open for as long as a page is, and nobody waits for its end
_OTHER = "other"


class Traffic:
    """The sums of one server; threads may share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._ended: Counter[tuple[str, int]] = Counter()

    @property
    def busy(self) -> int:
        """How many requests run that somebody waits for."""
        with self._lock:
            return sum(number for route, number in self._running.items() if route != _LASTING)

    def ended(self) -> dict[tuple[str, int], int]:
        """How many requests ended, by route and status; 0 where there was no answer."""
        with self._lock:
            return dict(self._ended)

    def begin(self, route: str) -> None:
        """Note a request that begins."""
        with self._lock:
            self._running[route] += 1

    def end(self, route: str, status: int) -> None:
        """Note its end."""
        with self._lock:
            self._running[route] -= 1
            self._ended[route, status] += 1


class CountedTraffic:
    """Middleware that notes every request; the outermost, so that it sees what the fences answer."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        route, status = route_of(inner_path(scope)), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._traffic.begin(route)
        try:
            await self._app(scope, receive, sending)
        finally:
            self._traffic.end(route, status)


def route_of(path: str) -> str:
    """The route of a path without what a visitor chose in it: /assets/, /embed/, other."""
    return next((name for name, pattern in _routes() if pattern.fullmatch(path)), _OTHER)


@cache
def _routes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((re.split(r"[\[(]", pattern)[0], re.compile(pattern)) for _, pattern in PUBLIC)
