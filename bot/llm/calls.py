"""Ask a chat model under time limits, with retries, a breaker and a line; from any thread, and cancellable.

All calls run on one event loop in a thread of its own, so that a call ends at once when nobody wants it:
its task is cancelled, which closes the connection (or stops the generation of a local model).
"""

import asyncio
import logging
import queue
import re
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, cast

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from bot.llm.breaker import Breaker
from bot.llm.failures import ModelError, judged, pause
from bot.llm.line import Line

ATTEMPTS = 3  # the first and two retries
RETRY_S = 1.5  # seconds: after these no further attempt is begun, nor is one waited for
_BROKEN = re.compile("[\ud800-\udfff\N{REPLACEMENT CHARACTER}]")  # half a sign, which no reply can hold
LONGEST_S = 120.0  # seconds of one answer
LONGEST = 4_000  # characters of one answer; what comes after is not waited for
LOADING_S = 300.0  # seconds that a model may take for its first word ever
DRAIN_S = 0.2  # seconds for what a server sends behind the end
PROBE_FIRST_S = 5.0  # seconds for the first word of a look at the server
GULP = 200  # letters held back at most
_MAY_END = re.compile(r"[.!?…。\n\]】]")
logger = logging.getLogger(__name__)
_LOOK = 0.25  # seconds between two looks whether the reader has left


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls, and how long they may take, in seconds."""

    at_once: int = 4
    waiting: int = 16
    first: float = 15.0
    between: float = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """How many questions are before this one in the line."""

    before: int


class Model:
    """A chat model that many threads may ask."""

    def __init__(self, chat: BaseChatModel, name: str, limits: Limits, count: Callable[[str], int]) -> None:
        self.name = name
        self.count = count
        """How many tokens a text has, at most."""
        self._chat = chat
        self._limits = limits
        self._line = Line(limits.at_once, limits.waiting)
        self._breaker = Breaker(self._probe)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forum-bot-model", daemon=True)
        self._thread.start()
        self.loading = False

    @property
    def resting(self) -> bool:
        """Whether the server is left alone for now."""
        return self._breaker.open

    @property
    def waiting(self) -> int:
        """How many questions are in line."""
        return self._line.waiting

    def write(
        self, messages: Sequence[BaseMessage], left: Callable[[], bool] = lambda: False
    ) -> Generator[str | Place, None, None]:
        """The answer's text as it comes, after the places in the line. Ends early once `left()`.

        Raises ModelError, also after some text: it is then not to be shown.
        """
        arrived: queue.SimpleQueue[str | Place | ModelError | None] = queue.SimpleQueue()
        task = asyncio.run_coroutine_threadsafe(self._answer(messages, arrived.put), self._loop)
        try:
            while not left():
                try:
                    item = arrived.get(timeout=_LOOK)
                except queue.Empty:
                    continue
                if item is None:
                    return
                if isinstance(item, ModelError):
                    raise item
                yield item
        finally:
            task.cancel()

    def short(self, messages: Sequence[BaseMessage], seconds: float) -> str:
        """A short text as a whole, without a wait in the line. Raises ModelError, also after `seconds`."""

        async def told() -> str:
            self._breaker.check()
            async with asyncio.timeout(seconds):
                return "".join([text async for text in self._counted(messages, self._limits.first)])

        try:
            text: str = self._run(told())
            return text
        except TimeoutError as exc:
            raise ModelError("slow_start") from exc

    def ask_a_word(self, seconds: float = LOADING_S) -> None:
        """Have the model loaded and see that it answers. Raises ModelError, also after `seconds`."""
        self._run(self._probe(seconds))

    def warm_up(self) -> None:
        """Have the model loaded, while questions are already answered; a failure is logged."""

        async def warmed() -> None:
            try:
                await self._probe(LOADING_S)
            except ModelError as exc:
                logger.warning("%s (%s)", exc, self.name)
            finally:
                self.loading = False

        self.loading = True
        asyncio.run_coroutine_threadsafe(warmed(), self._loop)

    def close(self) -> None:
        """End every call and the loop."""
        with suppress(FutureCancelled):
            self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _end(self) -> None:
        await self._breaker.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # The connections of OpenAI's and of Ollama's class; a local model has none.
        inner = getattr(self._chat, "_async_client", None)
        for client in (getattr(self._chat, "http_async_client", None), getattr(inner, "_client", None)):
            if isinstance(client, httpx.AsyncClient):
                await client.aclose()

    async def _answer(
        self, messages: Sequence[BaseMessage], put: Callable[[str | Place | ModelError | None], None]
    ) -> None:
        try:
            self._breaker.check()
            async with (
                self._line.turn(lambda before: put(Place(before)), self._limits.first),
                aclosing(in_gulps(self._counted(messages, self._limits.first))) as gulps,
            ):
                async for text in gulps:
                    put(text)
            put(None)
        except ModelError as exc:
            put(exc)

    async def _counted(self, messages: Sequence[BaseMessage], first: float) -> AsyncGenerator[str, None]:
        """The text; the breaker hears how it went."""
        self._breaker.check()
        try:
            async with aclosing(self._timed(messages, first)) as pieces:
                async for text in pieces:
                    yield text
        except ModelError as exc:
            self._breaker.failed(exc)
            raise
        self._breaker.succeeded()

    async def _probe(self, first: float = PROBE_FIRST_S) -> None:
        """The least that can be asked: one word is enough."""
        async with aclosing(self._timed([HumanMessage("1")], first)) as pieces:
            async for _ in pieces:
                return

    async def _timed(self, messages: Sequence[BaseMessage], first: float) -> AsyncGenerator[str, None]:
        """The text under every time limit. Raises ModelError."""
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(first):
                stream, text = await self._opened(messages)
        except TimeoutError as exc:
            raise ModelError("slow_start") from exc
        async with aclosing(stream):
            length = 0
            while text is not None and length < LONGEST:
                text = text[: LONGEST - length]
                length += len(text)
                yield text
                left = LONGEST_S - (asyncio.get_running_loop().time() - began)
                try:
                    async with asyncio.timeout(min(self._limits.between, max(left, 0.0))):
                        text = await anext(stream, None)
                except TimeoutError as exc:
                    raise ModelError("stalled" if left > self._limits.between else "long") from exc
                except Exception as exc:
                    error = judged(exc)
                    raise ModelError("cut") if error.kind == "unreachable" else error from exc

    async def _opened(self, messages: Sequence[BaseMessage]) -> tuple[AsyncGenerator[str, None], str | None]:
        """A stream with its first text, tried up to three times where that may help. Raises ModelError."""
        began = asyncio.get_running_loop().time()

        def may_help(exc: BaseException) -> bool:
            waited = asyncio.get_running_loop().time() - began
            wanted = exc.retry_after or 0.0 if isinstance(exc, ModelError) else 0.0
            return isinstance(exc, ModelError) and exc.passing and waited + wanted <= RETRY_S

        def rest(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return pause(error, state.attempt_number) if isinstance(error, ModelError) else 0.0

        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS), wait=rest, retry=retry_if_exception(may_help), reraise=True
        ):
            with attempt:
                return await self._begun(messages)
        raise ModelError("unreachable")  # not reached: the last attempt is raised

    async def _begun(self, messages: Sequence[BaseMessage]) -> tuple[AsyncGenerator[str, None], str | None]:
        """One attempt: a stream and its first text; an answer without text is an error."""
        stream = texts(cast(AsyncGenerator[AIMessageChunk, None], self._chat.astream(list(messages))))
        try:
            first = await anext(stream, None)
        except Exception as exc:
            raise judged(exc) from exc
        if first is None:
            raise ModelError("empty")
        return stream, first


async def in_gulps(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """The same text, held back while no sentence can end in it: a reader is woken for what it can use.

    At 50 streams of 25 pieces a second, waking a thread for each piece costs more than all else.
    """
    held, ended = "", False
    async with aclosing(pieces) as arriving:
        async for piece in arriving:
            held += piece
            ends = bool(_MAY_END.search(piece))
            if ends or ended or len(held) > GULP:
                yield held
                held = ""
            ended = ends
    if held:
        yield held


async def texts(chunks: AsyncGenerator[AIMessageChunk, None]) -> AsyncGenerator[str, None]:
    """The text of a stream's chunks, to its announced end. Raises ModelError where it breaks off before.

    A server that is gone in the middle raises nothing: its stream just ends, without a finish reason.
    """
    async with aclosing(chunks) as pieces:
        async for chunk in pieces:
            text = chunk.text
            if not isinstance(text, str) or _BROKEN.search(text):
                raise ModelError("garbage")
            if text:
                yield text
            meta = chunk.response_metadata
            if meta.get("finish_reason") or meta.get("done_reason") or meta.get("stop_reason"):
                with suppress(TimeoutError, Exception):  # the connection can serve again once it is read out
                    async with asyncio.timeout(DRAIN_S):
                        async for _ in pieces:
                            pass
                return
    raise ModelError("cut")
