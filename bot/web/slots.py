"""So many questions at the same time, so many in line, and everybody else turned away at once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from bot.types import Event, Status
from bot.web.operation import Meters
from bot.web.stream import Failure
from bot.web.types import WebSettings
from prompts import UserError, say

HELD = 2_000  # events of an answer that wait for its reader; where there are more, the slot waits too
Events = AsyncGenerator[Event | Failure, None]


class BusyServerError(UserError):
    """Every slot is taken and the line is full, or a question stood in it for too long."""

    status = 503


class Slots:
    """The places of one server, first come, first served. Belongs to one event loop."""

    def __init__(self, settings: WebSettings, meters: Meters) -> None:
        self._turns = asyncio.Semaphore(settings.chats)
        self._room = settings.chats + settings.waiting
        self._patience = settings.patience
        self._meters = meters
        self._taken = 0

    async def place(self) -> AsyncIterator["Place"]:
        """A route's dependency: a place until the answer is made. Raises BusyServerError at once."""
        if self._taken >= self._room:
            raise BusyServerError("web.busy")
        self._taken += 1
        place = Place(self._turns, self._patience, self._meters, self._left)
        try:
            yield place
        finally:
            await place.leave()

    def _left(self) -> None:
        self._taken -= 1


class Place:
    """One question's place: in line first, then a slot. Both are free again once the answer is made.

    A reader who takes it slowly keeps only what was written for him.
    """

    def __init__(
        self, turns: asyncio.Semaphore, patience: float, meters: Meters, left: Callable[[], None]
    ) -> None:
        self._turns = turns
        self._patience = patience
        self._meters = meters
        self._left = left
        self._has_place = True
        self._has_turn = False
        self._asked: Events | None = None
        self._making: asyncio.Task[None] | None = None

    async def turn(self) -> None:
        """Wait for a slot. Raises BusyServerError where that takes too long."""
        try:
            with self._meters.in_line():
                async with asyncio.timeout(self._patience):
                    await self._turns.acquire()
        except TimeoutError as exc:
            raise BusyServerError("web.busy") from exc
        self._has_turn = True

    async def events(self, asked: Events) -> Events:
        """The events of an answer, once it is this question's turn; a Status at once where it must wait."""
        self._asked = asked
        if not self._has_turn:
            if self._turns.locked():
                yield Status(say("web.waiting"))
            try:
                await self.turn()
            except BusyServerError as exc:
                yield Failure(str(exc), exc.status)
                return
        made: asyncio.Queue[Event | Failure | None] = asyncio.Queue(HELD)
        self._making = asyncio.create_task(self._make(asked, made))
        while (event := await made.get()) is not None:
            yield event
        await self._making

    async def _make(self, asked: Events, made: "asyncio.Queue[Event | Failure | None]") -> None:
        """Put the events where they wait for the reader, and free the place after the last."""
        try:
            async for event in asked:
                await made.put(event)
        except Exception:
            await made.put(None)  # whoever waits for an event then gets the error
            raise
        finally:
            self._free()
        await made.put(None)

    def _free(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.release()
        if self._has_place:
            self._has_place = False
            self._left()

    async def leave(self) -> None:
        """End the answer where its reader has gone, and give the slot back."""
        try:
            if self._making is not None:
                self._making.cancel()
                await asyncio.gather(self._making, return_exceptions=True)
            if self._asked is not None:
                await self._asked.aclose()
        finally:
            self._free()
