"""From the bot's blocking iterator to an async stream that never raises: events, then Answer or Failure."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

import anyio
from anyio.to_thread import run_sync

from bot.types import Event, Turn
from bot.web.types import ChatBot
from bot.web.warmup import Warmup
from prompts import UserError, say

_WARM_WAIT = 60.0  # seconds that a question waits for the index before it is tried anyway
_POLL = 0.1  # seconds between looks at the warm-up
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """What the bot is doing, for the one who waits."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, in one Korean sentence; `status` as in HTTP."""

    text: str
    status: int


async def ask(
    bot: ChatBot, warmup: Warmup, question: str, history: Sequence[Turn]
) -> AsyncIterator[Event | Status | Failure]:
    """Yield a Status, the bot's events and, where something fails, one Failure as the last."""
    if not warmup.done:
        yield Status(say("web.warming"))
        await _wait(warmup)
    yield Status(say("web.searching"))
    try:
        iterator = bot.stream(question, history)
        try:
            while (event := await run_sync(next, iterator, None)) is not None:
                yield event
        finally:
            await _close(iterator)
    except UserError as exc:
        yield Failure(str(exc), exc.status)
    except Exception:
        logger.exception("a question could not be answered")
        yield Failure(say("web.failed"), 500)


async def _wait(warmup: Warmup) -> None:
    deadline = time.monotonic() + _WARM_WAIT
    while not warmup.done and time.monotonic() < deadline:
        await asyncio.sleep(_POLL)


async def _close(iterator: Iterator[Event]) -> None:
    """Let a generator clean up, also when the one who asked has gone."""
    close = getattr(iterator, "close", None)
    if close is not None:
        with anyio.CancelScope(shield=True):
            await run_sync(close)
