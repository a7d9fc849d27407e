"""Whether the server stops: no new connections, a time for the answers that are being written, and out."""

import time


class Stop:
    """Whether the server stops, and until when answers may go on. Any thread may look."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._over: float | None = None

    @property
    def begun(self) -> bool:
        """Whether the server takes nothing new."""
        return self._over is not None

    @property
    def over(self) -> bool:
        """Whether the time of the running answers is up."""
        return self._over is not None and time.monotonic() >= self._over

    def begin(self) -> None:
        """Stop: answers have their time from now; a second call ends it."""
        self._over = time.monotonic() + (self._grace if self._over is None else 0.0)
