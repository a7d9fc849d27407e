"""The line before the model: so many at once, so many waiting, each told its place."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.llm.failures import ModelError


class Line:
    """First come, first served. Belongs to one event loop."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._room = waiting
        self._waiting: deque[tuple[asyncio.Future[None], Callable[[int], None]]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait; any thread may look."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, tell: Callable[[int], None], patience: float) -> AsyncIterator[None]:
        """Wait for a turn; `tell` hears how many are before, at the start and on each step forward.

        Raises ModelError where the line is full, and after `patience` seconds in it.
        """
        await self._wait(tell, patience)
        try:
            yield
        finally:
            self._free += 1
            self._advance()

    async def _wait(self, tell: Callable[[int], None], patience: float) -> None:
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        if len(self._waiting) >= self._room:
            raise ModelError("full")
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (called, tell)
        self._waiting.append(entry)
        tell(len(self._waiting) - 1)
        try:
            async with asyncio.timeout(patience):
                await called
        except BaseException as exc:
            if called.done() and not called.cancelled():
                self._free += 1  # called in the very moment of leaving
            else:
                self._waiting.remove(entry)
            self._advance()
            if isinstance(exc, TimeoutError):
                raise ModelError("full") from exc
            raise

    def _advance(self) -> None:
        """Call the next, and tell the others."""
        for entry in list(self._waiting):
            if self._free > 0 and not entry[0].done():  # done: its caller is just leaving, and takes it out
                self._waiting.remove(entry)
                self._free -= 1
                entry[0].set_result(None)
        for place, (_, tell) in enumerate(self._waiting):
            tell(place)
