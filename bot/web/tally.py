"""Counts of requests in memory: the moment of each, in a bounded number of bytes whoever asks.

It has the two methods of a storage of `limits`. That library's own memory grows without end and walks through
all of its keys with each request.
"""

import time
from array import array
from collections.abc import Callable

BUDGET = 160_000_000  # bytes of all counts together
_ENTRY = 140  # bytes of a key, its place in the table and its record, without the moments


class Tally:
    """Moments of requests by key. Where it is full, those are forgotten that were silent the longest."""

    def __init__(self, budget: int = BUDGET, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        self._clock = clock
        self._windows: dict[int, _Window] = {}

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a request, unless `limit` have been counted within the last `expiry` seconds."""
        now = self._clock()
        window = self._window(expiry, now)
        moments = _recent(window.get(key), now - expiry)
        room = len(moments) + amount <= limit
        if room:
            moments.extend([now] * amount)
        window.put(key, moments.tobytes())  # also who is refused is kept among the young
        return room

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest request that still counts came (seconds since 1970), and how many count."""
        now = self._clock()
        moments = _recent(self._window(expiry, now).get(key), now - expiry)
        age = now - moments[0] if moments else 0.0
        return time.time() - age, len(moments)

    @property
    def size(self) -> int:
        """The bytes taken, about."""
        return sum(window.size for window in self._windows.values())

    def _window(self, expiry: int, now: float) -> "_Window":
        """The counts of one length of time, after making room in them."""
        window = self._windows.get(expiry)
        if window is None:
            window = self._windows[expiry] = _Window(now)
        share = self._budget // (2 * len(self._windows))
        if window.young_size >= share or now - window.turned >= expiry:
            window.turn(now)
        return window


class _Window:
    """Two generations: what was counted lately, and what was not touched since before that.

    A generation that is as old as the window holds nothing that still counts, so it goes as a whole.
    """

    def __init__(self, now: float) -> None:
        self._young: dict[int, bytes] = {}
        self._old: dict[int, bytes] = {}
        self.young_size = self._old_size = 0
        self.turned = now

    @property
    def size(self) -> int:
        return self.young_size + self._old_size

    def get(self, key: str) -> bytes:
        # A hash is salted for each process: smaller than the key, and no address stays in memory.
        name = hash(key)
        return self._young.get(name) or self._old.get(name) or b""

    def put(self, key: str, moments: bytes) -> None:
        name = hash(key)
        before = self._young.get(name)
        self.young_size += len(moments) - len(before) if before is not None else _ENTRY + len(moments)
        self._young[name] = moments
        if (moved := self._old.pop(name, None)) is not None:
            self._old_size -= _ENTRY + len(moved)

    def turn(self, now: float) -> None:
        self._old, self._old_size = self._young, self.young_size
        self._young, self.young_size = {}, 0
        self.turned = now


def _recent(packed: bytes, since: float) -> "array[float]":
    """The moments after `since`, the oldest first."""
    moments = array("d", packed)
    first = next((index for index, moment in enumerate(moments) if moment > since), len(moments))
    return moments[first:]
