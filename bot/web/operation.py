"""What a running server knows about itself: its questions in numbers, what is kept, and whether it stops."""

import asyncio
import logging
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.counts import Counts, What, fallback_kind
from bot.kept import Kept
from bot.ledger import LedgerError
from bot.sites.types import Site
from bot.types import Answer, Event, Turn
from bot.web.stopping import Stop
from bot.web.traffic import Traffic
from bot.web.types import BotFor, ChatBot, WebSettings
from prompts import UserError
from vectorstore.types import Article

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)  # seconds until an answer is there
_FLUSH = 5.0  # seconds between two writes of the counts
_PURGE = 3600.0  # seconds between two looks for questions whose days are over
logger = logging.getLogger(__name__)


class StoppingError(UserError):
    """The server stops before the answer is there."""

    status = 503


@dataclass(frozen=True, slots=True)
class Ended:
    """How a question ended: an answer's kind, with its reason or fallback."""

    kind: What
    reason: str = ""
    fallback: str = ""


class Meters:
    """Questions in numbers since the server's start; threads may share them."""

    def __init__(self) -> None:
        self.started = time.time()
        self._lock = threading.Lock()
        self._ended: Counter[Ended] = Counter()
        self._within = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0
        self._open = 0
        self._waiting = 0

    @property
    def open(self) -> int:
        """Answers that are being made."""
        return self._open

    @property
    def waiting(self) -> int:
        """Questions to the chat route that wait for their turn."""
        return self._waiting

    def ended(self) -> dict[Ended, int]:
        """How many questions ended, by how."""
        with self._lock:
            return dict(self._ended)

    def latency(self) -> tuple[list[int], float]:
        """How many answers took how long: the number in each of BUCKETS and above, and the sum of seconds."""
        with self._lock:
            return list(self._within), self._seconds

    def begin(self) -> None:
        """Note a question that begins to be answered."""
        with self._lock:
            self._open += 1

    def end(self, how: Ended, seconds: float) -> None:
        """Note its end; only the time of an answer that came counts."""
        with self._lock:
            self._open -= 1
            self._ended[how] += 1
            if how.kind not in ("failed", "left"):
                self._within[bisect_left(BUCKETS, seconds)] += 1
                self._seconds += seconds

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """Note a question that waits for its turn."""
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1


@dataclass(frozen=True, slots=True)
class Operation:
    """All of it for one server."""

    stop: Stop
    counts: Counts | None = None
    kept: Kept | None = None
    meters: Meters = field(default_factory=Meters)
    traffic: Traffic = field(default_factory=Traffic)

    @classmethod
    def of(cls, settings: WebSettings) -> "Operation":
        """What the settings ask for."""
        counts = Counts(Path(settings.counts)) if settings.counts else None
        kept = Kept(Path(settings.questions), settings.keep_days) if settings.questions else None
        return cls(Stop(settings.grace), counts, kept)

    async def keep(self, question: str, answer: Answer) -> None:
        """Keep a question whose visitor consents, where the operator keeps any."""
        if self.kept is None:
            return
        try:
            await asyncio.to_thread(self.kept.keep, question, answer)
        except LedgerError as error:
            logger.warning("a question could not be kept: %s", error)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write the counts and purge the questions from time to time while the block runs."""
        tending = asyncio.create_task(self._tend(), name="forum-bot-tending")
        try:
            yield
        finally:
            tending.cancel()
            self.close()

    def close(self) -> None:
        """Write what was counted since the last time."""
        if self.counts is not None:
            self.counts.flush()

    async def _tend(self) -> None:
        purged = float("-inf")
        while True:
            if time.monotonic() - purged >= _PURGE:
                await asyncio.to_thread(self._purge)
                purged = time.monotonic()
            await asyncio.sleep(_FLUSH)
            if self.counts is not None:
                await asyncio.to_thread(self.counts.flush)

    def _purge(self) -> None:
        if self.kept is None:
            return
        try:
            self.kept.purge()
        except LedgerError as error:
            logger.warning("the kept questions could not be purged: %s", error)


def watched(bot: ChatBot, bot_for: BotFor | None, operation: Operation) -> tuple[ChatBot, BotFor]:
    """The bot, and what answers for sites, with every question counted; without `bot_for` the bot does."""
    own = Watched(bot, operation)

    def chosen(site: Site | None) -> ChatBot:
        found = bot if bot_for is None else bot_for(site)
        return own if found is bot else Watched(found, operation)

    return own, chosen


class Watched:
    """A bot whose questions are counted, and whose answers end with the server's time."""

    def __init__(self, bot: ChatBot, operation: Operation) -> None:
        self._bot = bot
        self._operation = operation

    @property
    def ready(self) -> bool:
        """Whether questions are answered at once."""
        return self._bot.ready and not self._operation.stop.begun

    def warm(self) -> None:
        """Load the bot."""
        self._bot.warm()

    def article(self, id: str, /) -> Article | None:
        """The article that a citation names."""
        return self._bot.article(id)

    def suggestions(self) -> tuple[str, ...]:
        """Example questions."""
        return self._bot.suggestions()

    def follow_ups(self, answer: Answer, asked: Sequence[str] = (), /) -> tuple[str, ...]:
        """Questions that go on from an answer."""
        return self._bot.follow_ups(answer, asked)

    def stream(self, question: str, history: Sequence[Turn], left: Callable[[], bool], /) -> Iterator[Event]:
        """The bot's events. Raises StoppingError once the server's time is up, and what the bot raises."""
        self._operation.meters.begin()
        began, how = time.perf_counter(), Ended("left")
        try:
            for event in self._until_stop(question, history, left):
                if isinstance(event, Answer):
                    how = self._answered(event)
                yield event
        except Exception:
            how = Ended("failed")
            raise
        finally:
            self._operation.meters.end(how, time.perf_counter() - began)
            if how.kind in ("failed", "left") and self._operation.counts is not None:
                self._operation.counts.note(how.kind)

    def _until_stop(
        self, question: str, history: Sequence[Turn], left: Callable[[], bool]
    ) -> Iterator[Event]:
        stop = self._operation.stop
        if stop.over:
            raise StoppingError("web.restarting")
        for event in self._bot.stream(question, history, lambda: left() or stop.over):
            if stop.over and not isinstance(event, Answer):
                raise StoppingError("web.restarting")
            yield event
            if isinstance(event, Answer):
                return
        if stop.over:
            raise StoppingError("web.restarting")

    def _answered(self, answer: Answer) -> Ended:
        if self._operation.counts is not None:
            self._operation.counts.answered(answer)
        fallback = "" if answer.fallback is None else fallback_kind(answer.fallback)
        return Ended(answer.kind, answer.reason or "", fallback)
