"""So many questions at the same time, so many in line, and everybody else turned away at once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from bot.types import Event, Status
from bot.web.operation import Meters
from bot.web.stream import Failure
from bot.web.types import WebSettings
from prompts import UserError, say

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
        """A route's dependency: a place until the reply has gone. Raises BusyServerError at once."""
        if self._taken >= self._room:
            raise BusyServerError("web.busy")
        self._taken += 1
        place = Place(self._turns, self._patience, self._meters)
        try:
            yield place
        finally:
            self._taken -= 1
            await place.leave()


class Place:
    """One question's place: in line first, then a slot."""

    def __init__(self, turns: asyncio.Semaphore, patience: float, meters: Meters) -> None:
        self._turns = turns
        self._patience = patience
        self._meters = meters
        self._has_turn = False
        self._asked: Events | None = None

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
        async for event in asked:
            yield event

    async def leave(self) -> None:
        """End the answer where its reader has gone, and give the slot back."""
        try:
            if self._asked is not None:
                await self._asked.aclose()
        finally:
            if self._has_turn:
                self._has_turn = False
                self._turns.release()
