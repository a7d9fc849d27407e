"""How much may be asked: by one visitor, by one site, by everyone; counted here, or in a Redis.

A limit is written as the library `limits` reads it, "10/minute;200/day", or "none". The window moves: at no
moment have more been let through in the last minute than the limit says.
"""

import asyncio
import hashlib
import hmac
import logging
import math
import re
import time
from typing import Any, Protocol
from urllib.parse import urlsplit

from limits import RateLimitItem, RateLimitItemPerMinute, parse_many
from starlette.requests import Request

from bot.sites.types import MAX_LIMIT, Key, Site
from bot.web.addresses import Visitors
from bot.web.tally import Tally
from bot.web.types import WebSettings
from prompts import UserError, say

LOOKS = 12  # tokens, opinions, looks at evidence or examples, for each question that a visitor may ask
_SHARED_SECONDS = 0.5  # an answer of Redis that takes longer is not waited for
_AGAIN_SECONDS = 5.0  # after which a Redis that failed is tried again
_AT_ONCE = 32  # requests to Redis
_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
logger = logging.getLogger(__name__)
Rates = tuple[RateLimitItem, ...]


class TooManyRequestsError(UserError):
    """A limit is reached; `retry_after` are the seconds until the next request is let through."""

    status = 429

    def __init__(self, key: str, retry_after: int) -> None:
        super().__init__(key, wait=_spoken(retry_after))
        self.retry_after = retry_after


class LimitsUrlError(UserError):
    """A URL that names no Redis, or the library for it is missing."""


async def limited(request: Request) -> None:
    """A route's dependency: count a question. Raises TooManyRequestsError.

    A dependency before it may have put the caller's site in `request.state.site`.
    """
    limits: Limits = request.app.state.limits
    await limits.question(
        limits.visitor(request), getattr(request.state, "site", None), request.headers.get("origin")
    )


async def called(request: Request) -> None:
    """The same for another server, whose key `bot.web.keys` has put in `request.state.key`."""
    limits: Limits = request.app.state.limits
    key: Key | None = request.state.key
    await limits.call(limits.visitor(request) if key is None else key.name)


async def looked(request: Request) -> None:
    """The same for what a page does beside its questions, under a wider limit."""
    limits: Limits = request.app.state.limits
    await limits.look(limits.visitor(request))


class Limits:
    """The limits of one server, in one event loop. Raises ValueError for settings that mean nothing."""

    def __init__(self, settings: WebSettings) -> None:
        self._visitors = Visitors(settings.proxies)
        self._visitor = rates(settings.visitor_limit)
        self._looks = tuple(_times(rate, LOOKS) for rate in self._visitor)
        self._site = rates(settings.site_limit)
        self._key = rates(settings.key_limit)
        self._everyone = rates(settings.limit)
        self._origins = frozenset(settings.origins)
        self._counts = _Counts(settings.limits_url)

    def visitor(self, request: Request) -> str:
        """Who sent a request (see `bot.web.addresses`)."""
        return self._visitors.of(request)

    async def question(self, visitor: str, site: Site | None = None, origin: str | None = None) -> None:
        """Count a question to its visitor, its site and everyone. Raises TooManyRequestsError.

        What one limit refuses, the next do not count: a visitor who floods takes nothing from the others.
        `origin` stands for the site where that is in no registry but may call us.
        """
        await self._count("web.too_many", self._visitor, "visitor", visitor)
        if site is not None:
            own = (RateLimitItemPerMinute(site.look.limit),)
            await self._count("web.too_many_of_site", own, "site", site.name)
        elif origin in self._origins:
            await self._count("web.too_many_of_site", self._site, "origin", str(origin))
        await self._count("web.too_many_of_all", self._everyone, "all")

    async def call(self, caller: str) -> None:
        """Count a question of another server to its key and everyone. Raises TooManyRequestsError."""
        await self._count("web.too_many", self._key, "key", caller)
        await self._count("web.too_many_of_all", self._everyone, "all")

    async def look(self, visitor: str) -> None:
        """Count what is no question. Raises TooManyRequestsError."""
        await self._count("web.too_many", self._looks, "look", visitor)

    async def _count(self, key: str, rates: Rates, *names: str) -> None:
        for rate in rates:
            if wait := await self._counts.wait(rate, *names):
                raise TooManyRequestsError(key, wait)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._counts.close()


def rates(text: str) -> Rates:
    """A limit as it is written, the shortest window first; none for "none". Raises ValueError."""
    if text.strip().lower() in ("", "none"):
        return ()
    found = parse_many(text)
    if re.search(r"\b0+(?!\d)", text) or any(rate.amount > MAX_LIMIT for rate in found):
        raise ValueError("a limit of nothing, or of more than can be counted")
    return tuple(sorted(found, key=lambda rate: rate.get_expiry()))


def _times(rate: RateLimitItem, factor: int) -> RateLimitItem:
    return type(rate)(rate.amount * factor, rate.multiples)


def _spoken(seconds: int) -> str:
    """A time to wait in the largest unit that fits, rounded up."""
    if seconds >= 3600:
        return say("web.hours", count=math.ceil(seconds / 3600))
    if seconds >= 120:
        return say("web.minutes", count=math.ceil(seconds / 60))
    return say("web.seconds", count=seconds)


class _Storage(Protocol):
    """The part of a storage of `limits` that a moving window takes."""

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool: ...

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]: ...


class _Counts:
    """Counts in Redis where there is one, and in memory while that does not answer."""

    def __init__(self, url: str | None) -> None:
        self._memory = Tally()
        self._shared = None if url is None else shared_storage(url)
        self._secret = (url or "").encode()
        errors = self._shared.base_exceptions if self._shared is not None else ()
        self._failures = (OSError, TimeoutError, *(errors if isinstance(errors, tuple) else (errors,)))
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._failing = False
        self._again = 0.0

    async def wait(self, rate: RateLimitItem, *names: str) -> int:
        """Count a request and return 0, or the seconds until there is room for it."""
        if self._shared is not None and time.monotonic() >= self._again:
            try:
                async with asyncio.timeout(_SHARED_SECONDS), self._turns:
                    wait = await _hit(self._shared, rate, (self._veiled(names),))
            except self._failures as exc:
                self._lost(exc)
            else:
                self._found()
                return wait
        return await _hit(self._memory, rate, names)

    def _veiled(self, names: tuple[str, ...]) -> str:
        """The names as Redis gets them: no address in them, and the same from all servers of one URL."""
        return hmac.new(self._secret, "\0".join(names).encode(), hashlib.sha256).hexdigest()[:32]

    def _lost(self, exc: Exception) -> None:
        self._again = time.monotonic() + _AGAIN_SECONDS
        if not self._failing:  # once, and without the error's text, which may name the address
            logger.warning("Redis does not count requests (%s); this server counts alone", type(exc).__name__)
        self._failing = True

    def _found(self) -> None:
        if self._failing:
            logger.warning("Redis counts requests again")
        self._failing = False

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.bridge.get_connection().aclose()


async def _hit(storage: _Storage, rate: RateLimitItem, names: tuple[str, ...]) -> int:
    key, expiry = rate.key_for(*names), rate.get_expiry()
    if await storage.acquire_entry(key, rate.amount, expiry):
        return 0
    oldest, _ = await storage.get_moving_window(key, rate.amount, expiry)
    return max(1, math.ceil(oldest + expiry - time.time()))


def shared_storage(url: str) -> Any:
    """The storage in the Redis or Valkey at `url`, not connected yet. Raises LimitsUrlError."""
    from limits.aio.storage import RedisStorage

    parts = urlsplit(url)
    try:
        scheme, place = _SCHEMES.get(parts.scheme), f"{parts.hostname}:{parts.port or 6379}"
    except ValueError:  # a port that is none
        scheme, place = None, "?"
    if scheme is None or not parts.hostname:
        raise LimitsUrlError("web.bad_limits_url", value=f"{parts.scheme}://{place}")
    try:
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as exc:
        raise LimitsUrlError("web.limits_redis_missing") from exc
    # One more try at once: a connection that was idle may have been closed meanwhile.
    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 1), "socket_timeout": _SHARED_SECONDS}
    try:
        return RedisStorage(
            f"async+{scheme}:{url.partition(':')[2]}", implementation="redispy", key_prefix="forum-bot",
            socket_connect_timeout=_SHARED_SECONDS, **options,
        )  # fmt: skip
    except ValueError as exc:  # a database that is no number
        raise LimitsUrlError("web.bad_limits_url", value=f"{parts.scheme}://{place}") from exc
