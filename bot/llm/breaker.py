"""A circuit breaker: a server that keeps failing is left alone, and looked at again from time to time.

(Nygard, Release It!, 2007.) A failure of the model's words is no failure of its server and does not count.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from bot.llm.failures import Kind, ModelError

OPENS_AFTER = 5  # failed calls in a row
PROBE_S = 15.0  # seconds between two looks at a server that failed
REFUSED_S = 300.0  # … that refuses the key: more often would look like an attack
_COUNTED: frozenset[Kind] = frozenset(
    {"unreachable", "refused_key", "no_model", "too_many", "server", "request", "garbage", "cut", "empty",
     "slow_start", "stalled", "memory"}
)  # fmt: skip
logger = logging.getLogger(__name__)


class Breaker:
    """Belongs to one event loop. `probe` asks the server the least that it can be asked."""

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        self._probe = probe
        self._failed = 0
        self._rests_until = 0.0
        self._looking: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        """Whether calls are answered without asking the server."""
        return self._looking is not None or time.monotonic() < self._rests_until

    def check(self) -> None:
        """Raise ModelError while the server is left alone."""
        if self.open:
            raise ModelError("resting")

    def succeeded(self) -> None:
        """Note a call that was answered."""
        self._failed = 0

    def failed(self, error: ModelError) -> None:
        """Note a call that failed; after the fifth in a row, start to look for the server's return."""
        self._rest(error)
        if error.kind not in _COUNTED:
            return
        self._failed += 1
        if self._failed >= OPENS_AFTER and self._looking is None:
            logger.warning("the language model is left alone after %d failures: %s", self._failed, error)
            self._looking = asyncio.get_running_loop().create_task(self._look(error))

    async def close(self) -> None:
        """End the looking."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    def _rest(self, error: ModelError) -> None:
        """Leave the server alone for as long as it asked, or as it asked before where that is longer."""
        self._rests_until = max(self._rests_until, time.monotonic() + (error.retry_after or 0.0))

    async def _look(self, error: ModelError) -> None:
        while True:
            rest = self._rests_until - time.monotonic()
            await asyncio.sleep(max(rest, REFUSED_S if error.kind == "refused_key" else PROBE_S))
            try:
                await self._probe()
            except ModelError as exc:
                error = exc
                self._rest(error)
                continue
            break
        logger.warning("the language model answers again")
        self._failed, self._rests_until, self._looking = 0, 0.0, None
