"""From the bot's blocking iterator to an async stream that never raises: events, then Answer or Failure."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.types import Event, Status, Turn
from bot.web.types import ChatBot
from bot.web.warmup import Warmup
from prompts import UserError, say

_WARM_WAIT = 60.0  # seconds that a question waits for the index before it is tried anyway
_POLL = 0.1  # seconds between looks at the warm-up
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, in one Korean sentence; `status` as in HTTP."""

    text: str
    status: int


class Inbox:
    """Where the events of one answer arrive. Belongs to the event loop that made it."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | Failure | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self.closed = False

    def close(self) -> None:
        """End the answer here, whatever the bot still writes."""
        self.closed = True
        self._events.put_nowait(None)

    def put(self, event: Event | Failure | None) -> None:
        """Add an event from any thread; None ends the answer."""
        with suppress(RuntimeError):  # the loop has ended with the server
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def get(self) -> Event | Failure | None:
        """The next event, or None at the end."""
        return None if self.closed else await self._events.get()


async def ask(
    bot: ChatBot, warmup: Warmup, question: str, history: Sequence[Turn], inbox: Inbox | None = None
) -> AsyncGenerator[Event | Failure, None]:
    """Yield a Status, the bot's events and, where something fails, one Failure as the last.

    Closing `inbox` ends it early.
    """
    inbox = inbox or Inbox()
    if not warmup.done:
        yield Status(say("web.warming"))
        await warmed(warmup, inbox)
    yield Status(say("web.searching"))
    pump = _Pump(bot, inbox)
    threading.Thread(target=pump.run, args=(question, history), name="forum-bot-answer", daemon=True).start()
    try:
        while (event := await inbox.get()) is not None:
            yield event
    finally:
        pump.wanted = False


async def ticking(
    events: AsyncGenerator[Event | Failure, None], seconds: float
) -> AsyncGenerator[Event | Failure | None, None]:
    """The same events, and None once where none has come for so long after the last."""

    async def following() -> Event | Failure | None:
        return await anext(events, None)

    waiting = asyncio.ensure_future(following())
    pause: float | None = seconds
    try:
        while True:
            await asyncio.wait({waiting}, timeout=pause)
            if not waiting.done():
                pause = None
                yield None
                continue
            event = waiting.result()
            if event is None:
                return
            waiting, pause = asyncio.ensure_future(following()), seconds
            yield event
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await events.aclose()


async def warmed(warmup: Warmup, inbox: Inbox | None = None) -> None:
    """Return when the bot is loaded or will not be, at the latest after a minute."""
    deadline = time.monotonic() + _WARM_WAIT
    while not warmup.done and time.monotonic() < deadline and not (inbox and inbox.closed):
        await asyncio.sleep(_POLL)


class _Pump:
    """Moves the events of one answer from a thread of its own to an inbox.

    One thread from the first event to the last, so that nobody closes the bot's generator while it runs.
    """

    def __init__(self, bot: ChatBot, inbox: Inbox) -> None:
        self._bot = bot
        self._inbox = inbox
        self.wanted = True

    def run(self, question: str, history: Sequence[Turn]) -> None:
        """Put every event, a Failure where there is one, and None; stop early when nobody listens."""
        try:
            for event in self._bot.stream(question, history, lambda: not self.wanted):
                if not self.wanted:
                    return
                self._inbox.put(event)
        except UserError as exc:
            self._inbox.put(Failure(str(exc), exc.status))
        except Exception:
            logger.exception("a question could not be answered")
            self._inbox.put(Failure(say("web.failed"), 500))
        finally:
            self._inbox.put(None)
