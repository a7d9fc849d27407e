"""Readers who do not take what they asked for: after a while their connections are cut.

What is on its way to a reader waits in this process, and then in the system's queue of the socket. A
connection where that stands still for a minute, or is never empty for two, is cut and frees what it held.
Who sends what is no HTTP gets the headers of the house with the 400, which no application sees.
"""

import asyncio
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

from bot.web.fences import BARE_HEADERS

_LOOKS = 20  # in the time of idleness
_UNSENT = 16 * 1024  # bytes that wait in the system before they wait here, so that the answer's slot sees it
_OUTQ = 0x5411  # Linux: the ioctl for the bytes in a socket's send queue
_NOTSENT_LOWAT = (
    25  # Linux: how many of them may be waiting for the network (in `socket` from Python 3.12 on)
)


_LINES = ("HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in BARE_HEADERS))
_NO_HTTP = "\r\n".join((*_LINES, "Content-Length: 0", "Connection: close", "", "")).encode()


def watched(idle: float, total: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, cutting a reader after `idle` seconds without a byte, or `total` with any left."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    class Watched(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """One connection, looked at while it is open."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            _hold_back(transport)
            self._watch = _Watch(transport, idle, total)

        def connection_lost(self, exc: Exception | None) -> None:
            self._watch.stop()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            """Overrides uvicorn's, which has a sentence of its own and no headers."""
            self.transport.write(_NO_HTTP)
            self.transport.close()

    return Watched


def _hold_back(transport: asyncio.Transport) -> None:
    """Keep little in the queues, without making a fast reader slower."""
    transport.set_write_buffer_limits(high=_UNSENT)
    sock = transport.get_extra_info("socket")
    if sys.platform == "linux" and sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _UNSENT)


@dataclass(slots=True)
class _Since:
    """Since when bytes have been waiting, since when none has left, and how many there were then."""

    waiting: float
    stuck: float
    left: int


class _Watch:
    """Looks at one connection again and again."""

    def __init__(self, transport: asyncio.Transport, idle: float, total: float) -> None:
        self._transport = transport
        self._idle = idle
        self._total = total
        self._since: _Since | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(idle / _LOOKS, self._look)

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        if self._too_slow(time.monotonic()):
            self._transport.abort()
        else:
            self._timer = self._loop.call_later(self._idle / _LOOKS, self._look)

    def _too_slow(self, now: float) -> bool:
        left = _left(self._transport)
        if not left:
            self._since = None
            return False
        since = self._since = self._since or _Since(now, now, left)
        if left < since.left:  # more of it is only that more was written
            since.stuck = now
        since.left = left
        return now - since.stuck >= self._idle or now - since.waiting >= self._total


def _left(transport: asyncio.Transport) -> int:
    """Bytes that the reader has not got: here, and in the socket's queue where the system tells."""
    here = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sys.platform != "linux" or sock is None:
        return here
    import fcntl

    try:
        sent = fcntl.ioctl(sock.fileno(), _OUTQ, bytes(4))
    except OSError:  # just closed
        return here
    return here + int.from_bytes(sent, sys.byteorder)
