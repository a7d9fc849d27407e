"""Places for the questions that are answered at the same time."""

import asyncio
from collections.abc import AsyncIterator, Callable

from bot.web.operation import Operation
from bot.web.types import WebSettings
from prompts import UserError

Slot = Callable[[], AsyncIterator[None]]


class BusyServerError(UserError):
    """Every slot stayed taken while the question waited."""

    status = 503


def slots(settings: WebSettings, operation: Operation) -> Slot:
    """A dependency that holds one of the places until the answer is sent. Raises BusyServerError."""
    free = asyncio.Semaphore(settings.chats)

    async def slot() -> AsyncIterator[None]:
        try:
            with operation.meters.in_line():
                async with asyncio.timeout(settings.patience):
                    await free.acquire()
        except TimeoutError as exc:
            raise BusyServerError("web.busy") from exc
        try:
            yield
        finally:
            free.release()

    return slot
