"""Visitors of a served bot: each with a loopback address of its own, each question on a new connection.

A client as small as it can be, since it shares the machine with the server that it measures.
"""

import asyncio
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from figures import percentile

WHOLE_SECONDS = 60.0  # in which an answer must be whole
_EACH, _NETS = 200, 250  # visitors in a network of loopback addresses, and such networks


@dataclass(slots=True)
class Reply:
    """What one question met with; the times are seconds from its beginning, `began` is monotonic."""

    question: str
    began: float
    connected: bool = False
    status: int = 0
    retry_after: str | None = None
    seen: dict[str, float] = field(default_factory=dict)
    """When the first event of each name came."""
    answer: dict[str, object] | None = None
    failure: str = ""
    """The text of an error event, or the error that cut the connection."""
    ended: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether an answer came, to its end."""
        return self.answer is not None and "done" in self.seen and not self.failure

    @property
    def refused(self) -> bool:
        """Whether it was turned away as it should be: 429 or 503, and told when to come again."""
        return self.status in (429, 503) and (self.retry_after or "").isdigit()

    @property
    def gave_up(self) -> bool:
        """Whether it stood in the line for longer than the server lets anybody: a 503 inside the stream."""
        return self.status == 200 and '"status": 503' in self.failure

    @property
    def fault(self) -> str:
        """What is wrong with it, in short; "" for an answer and for a refusal."""
        if self.whole or self.refused:
            return ""
        if self.status not in (0, 200):
            return f"HTTP {self.status}"
        return self.failure or f"no end: {sorted(self.seen)}"

    @property
    def first(self) -> float:
        """Until the first event of the answer."""
        return min(self.seen.values())


def address(number: int) -> str:
    """The loopback address of a visitor; 12 million of them."""
    net, place = divmod(number, _EACH)
    high, low = divmod(net, _NETS)
    return f"127.{high}.{1 + low}.{2 + place}"


def has_addresses() -> bool:
    """Whether this system lets a client have them: Linux does."""
    with socket.socket() as probe:
        try:
            probe.bind((address(1), 0))
        except OSError:
            return False
    return True


async def connected(url: str, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A new connection of a visitor. Raises OSError."""
    host = urlsplit(url)
    return await asyncio.open_connection(host.hostname, host.port, local_addr=(address(number), 0))


def request(url: str, question: str, connection: str = "close") -> bytes:
    """`POST /api/chat` as it goes over the wire."""
    body = json.dumps({"question": question}).encode()
    head = ("POST /api/chat HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Content-Type: application/json",
            f"Content-Length: {len(body)}", f"Connection: {connection}", "", "")  # fmt: skip
    return "\r\n".join(head).encode() + body


async def ask(url: str, question: str, number: int) -> Reply:
    """One question, to the end of its answer; never raises for what the server or the network does."""
    reply = Reply(question, time.monotonic())
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await _asked(url, number, reply)
    except (OSError, TimeoutError, EOFError, ValueError) as exc:
        reply.failure = reply.failure or repr(exc)
    reply.ended = time.monotonic() - reply.began
    return reply


async def _asked(url: str, number: int, reply: Reply) -> None:
    reader, writer = await connected(url, number)
    reply.connected = True
    try:
        writer.write(request(url, reply.question))
        await read_head(reader, reply)
        if reply.status == 200:
            async for name, data in events(reader):
                note(reply, name, data)
    finally:
        writer.close()


async def read_head(reader: asyncio.StreamReader, reply: Reply) -> None:
    """Status and Retry-After. Raises EOFError where the connection ends before."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (text.partition(": ") for text in lines[1:])}
    reply.status, reply.retry_after = int(lines[0].split()[1]), fields.get("retry-after")


async def events(reader: asyncio.StreamReader) -> AsyncIterator[tuple[str, str]]:
    """The server-sent events of a chunked reply. Raises EOFError or ValueError where it is cut."""
    text = b""
    while size := int(await reader.readline(), 16):
        text += (await reader.readexactly(size + 2))[:-2]
        *blocks, text = text.split(b"\n\n")
        for block in blocks:
            fields = dict(part.split(": ", 1) for part in block.decode().split("\n") if ": " in part)
            if "event" in fields:
                yield fields["event"], fields.get("data", "")


def note(reply: Reply, name: str, data: str) -> None:
    """Write an event down."""
    reply.seen.setdefault(name, time.monotonic() - reply.began)
    if name == "answer":
        reply.answer = json.loads(data)
    elif name == "error":
        reply.failure = data


async def visit(
    url: str, number: int, until: float, think: Sequence[float], questions: Sequence[str]
) -> list[Reply]:
    """One visitor who asks, reads and thinks until the time is up; the first question comes in a while."""
    chance = random.Random(number)
    replies = []
    await asyncio.sleep(chance.uniform(0, max(think[1], 0.5)))
    while time.monotonic() < until:
        replies.append(await ask(url, chance.choice(questions), number))
        await asyncio.sleep(chance.uniform(*think))
    return replies


async def crowd(
    url: str, visitors: int, seconds: float, think: Sequence[float], questions: Sequence[str]
) -> list[Reply]:
    """That many visitors at once; all their replies."""
    until = time.monotonic() + seconds
    each = (visit(url, number, until, think, questions) for number in range(visitors))
    return [reply for replies in await asyncio.gather(*each) for reply in replies]


def at(values: Sequence[float], percent: int) -> float:
    """A percentile as it is printed, in seconds."""
    return round(percentile(values, percent), 3)
