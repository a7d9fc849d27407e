"""uvicorn's server with our end of it, and a second one for the admin port.

The first signal (Ctrl-C, SIGTERM) begins the end, the second is the end. After the time that answers have,
each ends with one error that says why (see `operation`); a request that still hangs is cut off.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from math import ceil
from types import FrameType

import uvicorn

from bot.web.stopping import Stop
from bot.web.traffic import Traffic

_LAST_WORDS = 2.0  # seconds between the end of the answers' time and that of their connections
_LOOK = 0.05  # seconds between two looks at what still runs


class PublicServer(uvicorn.Server):
    """uvicorn's server with our signals, which leaves as soon as no request but a page's heartbeat runs."""

    def __init__(self, config: uvicorn.Config, stop: Stop, traffic: Traffic) -> None:
        super().__init__(config)
        self._stop = stop
        self._traffic = traffic

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the end, or end at once. Overrides uvicorn's, which raises the signal again at the end."""
        self.force_exit = self._stop.begun
        self._stop.begin()
        self.should_exit = True

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Refuse new connections and wait for the running requests."""
        hanging_up = asyncio.create_task(self._hang_up())
        try:
            await super().shutdown(sockets)  # type: ignore[arg-type]
        finally:
            hanging_up.cancel()

    async def _hang_up(self) -> None:
        """Cut what is left once nobody waits for an answer, or at once where that is wished."""
        while self._traffic.busy and not self.force_exit:
            await asyncio.sleep(_LOOK)
        if not self.force_exit:
            await asyncio.sleep(_LOOK)  # for what was written last
        for connection in list(self.server_state.connections):
            connection.transport.abort() if self.force_exit else connection.transport.close()


class QuietServer(uvicorn.Server):
    """A second server on the same loop, which leaves the signals to the first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def patience(grace: float) -> int:
    """Whole seconds after which uvicorn cancels what still runs."""
    return ceil(grace + _LAST_WORDS)
