"""Chat-model servers on the loopback, of OpenAI's and of Ollama's protocol, that can misbehave on the wire.

In a test `with Stub() as stub:`. As a process: `python tests/llm_stub.py --rate 25 --reply-file FILE`, which
prints its URL first; GET /stub counts its connections, requests, open chats and aborts.
"""

import argparse
import asyncio
import contextlib
import json
import math
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Self

Record = dict[str, Any]

REPLY = "한빛마을 도서관은 다음 달부터 밤 10시까지 문을 엽니다."
HTML = "<!doctype html><title>한빛마을</title><p>잠시 쉽니다.</p>".encode()
LONG_BYTES = 10_000_000
PING_SECONDS = 0.1
SPACE = re.compile(r"\s")
MARK = "\ue000"  # a place inside a JSON string
ERRORS = {
    400: ("context_length_exceeded", "The prompt is longer than the 4096 tokens of this model."),
    401: ("invalid_api_key", "The API key {key} is wrong."),
    403: ("permission_denied", "This key may not use model '{model}'."),
    404: ("model_not_found", "model '{model}' not found"),
    429: ("rate_limit_exceeded", "Too many requests."),
    500: ("server_error", "The model has crashed."),
    503: ("overloaded", "All slots are busy."),
}
GARBAGE = ("bad_json", "missing_choices", "wrong_types", "long_line", "bad_utf8", "half_sign", "nan")
CUT = ("half_stream", "half_hangul", "reset_mid", "error_mid")
ODD = ("slow_first", "stall", "keepalive", "empty", "no_done", "double_end", "endless", "repeats")
MODES = ("good", *ODD, *GARBAGE, *CUT, "html", "reset", "redirect", "hangs", *map(str, ERRORS))


@dataclass(frozen=True, slots=True)
class Request:
    """A request: header names in lower case, the JSON object of its body, when it had come (monotonic)."""

    path: str
    headers: dict[str, str]
    body: Record | None
    at: float


@dataclass
class Stub:
    """The servers of both protocols on one port; what is assigned to a field holds from the next request on.

    `mode` is for lists of models too: they fail, hang and redirect as chats do, and are good in the modes
    that spoil a text. "reset" strikes when a connection is accepted, so that it leaves no request.
    """

    port: int = 0
    mode: str = "good"  # one of MODES
    modes: list[str] = field(default_factory=list)  # used up before `mode`, one a chat request
    reply: str | Callable[[Record], str] = REPLY
    rate: float | None = None  # pieces a second
    first: float = 0.0  # seconds before the first piece
    stall: float = 30.0  # seconds of slow_first, stall and keepalive
    before: int = 3  # good pieces before the spoilt line of GARBAGE and of error_mid
    retry_after: str | None = None
    chunked: bool = True  # if not, the connection's end is the body's, and half a text looks like a whole
    models: list[str] = field(default_factory=lambda: ["stub"])
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    open: int = 0  # chat requests that are being answered
    aborted: list[float] = field(default_factory=list)  # when clients hung up before the end of an answer
    failures: list[BaseException] = field(default_factory=list)  # of the stub itself, raised on leaving it

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        self.port = listener.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
        self._leave = asyncio.Event()
        self._tasks: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._thread = threading.Thread(target=self._run, args=(listener,), name="llm-stub", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join()
        if kind is None and self.failures:
            raise self.failures[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self, open: int = 0, seconds: float = 5.0) -> None:
        """Until so many chats are open: the end of one gets here a moment after its client has seen it."""
        until = time.monotonic() + seconds
        while self.open != open:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.open} chats are open, not {open}")
            time.sleep(0.002)

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        server = await asyncio.start_server(self._connected, sock=listener)
        await self._leave.wait()
        self._loop.remove_reader(listener)
        for _ in range(10):  # rounds of the loop: whoever was being accepted is among the tasks then
            await asyncio.sleep(0)
        server.close()
        for task, writer in self._tasks.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the loop closes what was aborted

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # asyncio does so only for a listener that was made with its protocol's number
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._connection(reader, writer))
        self._tasks[task] = writer
        task.add_done_callback(self._finished)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()):
            self.failures.append(error)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        if [*self.modes, self.mode][0] == "reset":
            self.modes[:1] = []
            reset(writer)
        ahead = b""
        while not writer.is_closing():
            request = await read_request(reader, ahead)
            exchange = Exchange(self, request, writer)
            self.open += exchange.chat
            self.requests.append(request)
            try:
                ahead = await self._answer(exchange, reader)
            finally:
                self.open -= exchange.chat

    async def _answer(self, exchange: "Exchange", reader: asyncio.StreamReader) -> bytes:
        """Answer, unless the client hangs up first; returns what has come of its next request."""
        work, heard = asyncio.create_task(exchange.answer()), asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({work, heard}, return_when=asyncio.FIRST_COMPLETED)
            ahead = heard.result() if heard.done() and not heard.exception() else b""
            if ahead:
                await asyncio.wait({work})
            gone = not work.done() or isinstance(work.exception(), ConnectionError)
        finally:
            work.cancel()
            heard.cancel()
            await asyncio.gather(work, heard, return_exceptions=True)
        if gone and exchange.chat and not exchange.ended:
            self.aborted.append(time.monotonic())
        if gone:
            raise ConnectionResetError("the client hung up")
        work.result()
        return ahead


async def read_request(reader: asyncio.StreamReader, ahead: bytes) -> Request:
    """The next request of a connection; IncompleteReadError where there is none."""
    head = ahead + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = None
    with contextlib.suppress(ValueError):
        body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
    return Request(first.split(" ")[1], headers, body if isinstance(body, dict) else None, time.monotonic())


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST in place of FIN."""
    if not writer.is_closing():
        no_time = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
        writer.transport.abort()


class Exchange:
    """One request and its answer; `ended` once the answer is whole or was broken off on purpose."""

    def __init__(self, stub: Stub, request: Request, writer: asyncio.StreamWriter) -> None:
        self.stub, self.writer, self.ended = stub, writer, False
        self.path, self.body = request.path.partition("?")[0], request.body or {}
        self.key = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.chat = self.path in ("/v1/chat/completions", "/api/chat")
        self.mode = stub.modes.pop(0) if self.chat and stub.modes else stub.mode
        self.wire = Wire(self.path.startswith("/api/"), self.body)
        self._due = 0.0

    async def answer(self) -> None:
        """Answer in the mode of this request."""
        match self.mode:
            case "reset":
                reset(self.writer)
            case "hangs":
                await asyncio.Event().wait()
            case "redirect" if self.path != "/elsewhere":
                self._whole(302, b"", location="/elsewhere")
            case "html":
                self._whole(200, HTML, "text/html; charset=utf-8")
            case "error_mid" if self.chat and not self.wire.stream:
                self._error(500)
            case status if status.isdigit():
                self._error(int(status))
            case mode if mode not in MODES:
                raise ValueError(f"the stub has no mode {mode!r}")
            case _ if not self.chat:
                self._listing()
            case _ if not self.body.get("messages"):
                self._error(400)
            case _ if self.wire.ollama and not self._known():
                self._error(404)
            case _:
                await self._text()

    def _listing(self) -> None:
        stub, names = self.stub, self.stub.models
        counts = {"connections": stub.connections, "requests": len(stub.requests)}
        found: dict[str, Record] = {
            "/v1/models": {"object": "list", "data": [{"id": name, "object": "model"} for name in names]},
            "/api/tags": {"models": [{"name": name, "model": name, "size": 1} for name in names]},
            "/api/version": {"version": "0.12.0"},
            "/stub": {**counts, "open": stub.open, "aborted": len(stub.aborted)},
        }
        if self._known():
            found["/api/show"] = {"capabilities": ["completion"], "model_info": {"stub.context_length": 4096}}
        if self.path in found:
            body = dumps(found[self.path])
            self._whole(200, body[:-2] if self.mode == "bad_json" else body)
        else:
            self._error(404)

    def _known(self) -> bool:
        names = [name.removesuffix(":latest") for name in self.stub.models]
        return self.wire.model.removesuffix(":latest") in names

    def _error(self, status: int) -> None:
        later = self.stub.retry_after if status in (429, 503) else None
        headers = {"retry_after": later} if later is not None else {}
        self._whole(status, dumps(self.wire.error(status, self.key)), **headers)

    def _whole(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self._head(status, content_type=kind, content_length=str(len(body)), **headers)
        self.writer.write(body)
        self.ended = True

    def _head(self, status: int, **headers: str) -> None:
        lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"HTTP/1.1 {status} stub\r\n{''.join(lines)}\r\n".encode())

    async def _text(self) -> None:
        """Send a text in pieces; the mode says what happens before, in the middle of and after it."""
        pieces, reason = self._pieces()
        spoilt = self.wire.garbage(self.mode) if self.mode in GARBAGE else []
        last = self.mode == "no_done" or not self.stub.chunked
        framing = {"connection": "close"} if last else {}
        framing |= {"transfer_encoding": "chunked"} if self.stub.chunked else {}
        self._head(200, content_type=self.wire.type, **framing)
        await self._prelude()
        if spoilt and not self.wire.stream:
            return self._finish(spoilt[0])
        await self._send(self.wire.begin())
        middle = {"stall": 10, **dict.fromkeys((*GARBAGE, "error_mid"), self.stub.before)}.get(self.mode)
        middle = len(pieces) // 2 if middle is None else middle
        await self._run(pieces[:middle])
        for line in spoilt:
            await self._send(line)
        await self._fault(pieces[middle:])
        if not self.ended:
            await self._run(pieces[middle:])
            self._end(reason, len(pieces))

    def _pieces(self) -> tuple[list[str], str]:
        """What there is to send, and the reason for its end."""
        reply = self.stub.reply(self.body) if callable(self.stub.reply) else self.stub.reply
        text = {"empty": "", "repeats": last_message(self.body)}.get(self.mode, reply)
        pieces, most = list(cut(text)), self.wire.limit
        return (pieces, "stop") if most is None or len(pieces) <= most else (pieces[:most], "length")

    async def _prelude(self) -> None:
        """The time before the first piece."""
        slow = self.mode in ("slow_first", "keepalive")
        until = time.monotonic() + self.stub.first + (self.stub.stall if slow else 0.0)
        pings = cycle(self.wire.pings())
        while (left := until - time.monotonic()) > 0:
            if self.mode == "keepalive":
                await self._send(next(pings))
            await asyncio.sleep(min(left, PING_SECONDS))
        self._due = time.monotonic()

    async def _run(self, pieces: Iterable[str]) -> None:
        for piece in pieces:
            await asyncio.sleep(max(0.0, self._due - time.monotonic()) if self.stub.rate else 0.0)
            await self._send(self.wire.piece(piece))
            self._due += 1 / self.stub.rate if self.stub.rate else 0.0

    async def _fault(self, rest: list[str]) -> None:
        """What goes wrong in the middle of the text."""
        match self.mode:
            case "stall":
                await asyncio.sleep(self.stub.stall)
                self._due = time.monotonic()
            case "endless":
                await self._run(cycle(rest or ["가"]))
            case "half_stream" | "half_hangul":
                if self.mode == "half_hangul":
                    data = self.wire.piece("가")
                    await self._send(data[: data.rindex("가".encode()) + 2])
                self.ended = True
                self.writer.close()
            case "reset_mid":
                await asyncio.sleep(0.02)  # so that the client has read what came before
                self.ended = True
                reset(self.writer)
            case "error_mid":
                self._finish(self.wire.line(self.wire.error(500, self.key)))

    def _end(self, reason: str, number: int) -> None:
        end, done = self.wire.end(reason, number)
        if self.mode == "double_end":
            self._finish((end + done) * 2 + self.wire.piece("그리") + self.wire.piece("고 더"))
        elif self.mode == "no_done":
            self._finish(end)
            self.writer.close()
        else:
            self._finish(end + done)

    async def _send(self, data: bytes) -> None:
        self.writer.write(self._chunk(data))
        await self.writer.drain()

    def _finish(self, data: bytes) -> None:
        """The last bytes and the end of the body; from here on the client may hang up."""
        self.ended = True
        self.writer.write(self._chunk(data) + (b"0\r\n\r\n" if self.stub.chunked else b""))
        if not self.stub.chunked:
            self.writer.close()

    def _chunk(self, data: bytes) -> bytes:
        return b"%x\r\n%s\r\n" % (len(data), data) if self.stub.chunked and data else data


class Wire:
    """The JSON of one answer in its protocol: a line a piece, or one object that is cut open at its text."""

    def __init__(self, ollama: bool, body: Record) -> None:
        self.ollama, self.model = ollama, str(body.get("model"))
        self.stream = bool(body.get("stream", ollama))
        self.type = "application/json"
        self._frame = b"%s"
        if self.stream:
            self.type = "application/x-ndjson" if ollama else "text/event-stream"
            self._frame = b"%s\n" if ollama else b"data: %s\n\n"
        given = [(body.get("options") or {}).get("num_predict")] if ollama else []
        given = given or [body.get("max_completion_tokens"), body.get("max_tokens")]
        self.limit = min((most for most in given if isinstance(most, int) and most >= 0), default=None)
        self._usage = not self.stream or bool((body.get("stream_options") or {}).get("include_usage"))
        self._prompt = len(dumps(body.get("messages"))) // 3

    def begin(self) -> bytes:
        return self.line(self._record("")) if self.stream else self._around("stop", 0)[0]

    def piece(self, text: str) -> bytes:
        return self.line(self._record(text)) if self.stream else dumps(text)[1:-1]

    def end(self, reason: str, number: int) -> tuple[bytes, bytes]:
        """The line with the reason, and what marks the end of the stream; Ollama has one line for both."""
        if not self.stream:
            return self._around(reason, number)[1], b""
        line = self.line(self._record("", reason, number))
        return (b"", line) if self.ollama else (line, b"data: [DONE]\n\n")

    def pings(self) -> list[bytes]:
        """What keeps a connection alive and says nothing."""
        if not self.stream:
            return [b"\n"]
        return [*([] if self.ollama else [b": ping\n\n"]), self.line(self._record(""))]

    def error(self, status: int, key: str) -> Record:
        """The body of an error."""
        code, text = ERRORS[status]
        text = text.format(key=key, model=self.model)
        said = {"message": text, "type": code, "param": None, "code": code}
        return {"error": text if self.ollama else said}

    def garbage(self, mode: str) -> list[bytes]:
        """Lines that are spoilt as the mode says; the first one also stands for a whole answer."""
        holder, bad_holder = ("message", ["가"]) if self.ollama else ("choices", {"0": {"text": "가"}})
        record = self._sample("가나")
        nan = {"created": math.nan, "eval_count": math.nan, "usage": {"prompt_tokens": math.nan}}
        return {
            "bad_json": lambda: [self._frame % dumps(record)[:-3]],
            "missing_choices": lambda: [self.line({key: record[key] for key in record if key != holder})],
            "wrong_types": lambda: [self.line(self._sample(7)), self.line(record | {holder: bad_holder})],
            "long_line": lambda: [self.line(self._sample("가" * (LONG_BYTES // 3)))],
            "bad_utf8": lambda: [self.line(record).replace("나".encode(), b"\xff\xfe")],
            "half_sign": lambda: [self.line(record).replace("나".encode(), b"\\ud83d")],
            "nan": lambda: [self.line(record | nan)],
        }[mode]()

    def line(self, record: Record) -> bytes:
        return self._frame % dumps(record)

    def _around(self, reason: str, number: int) -> list[bytes]:
        return dumps(self._record(MARK, reason, number)).split(MARK.encode())

    def _sample(self, content: object) -> Record:
        return self._record(content, None if self.stream else "stop", 1)

    def _record(self, content: object, reason: str | None = None, number: int = 0) -> Record:
        return (self._ollama if self.ollama else self._openai)(content, reason, number)

    def _openai(self, content: object, reason: str | None, number: int) -> Record:
        text = {"content": content} | ({} if self.stream and content else {"role": "assistant"})
        choice = {"index": 0, "delta" if self.stream else "message": text, "finish_reason": reason}
        kind = "chat.completion.chunk" if self.stream else "chat.completion"
        record = {"id": "chatcmpl-stub", "object": kind, "created": 1_767_225_600, "model": self.model}
        total = self._prompt + number
        counts = {"prompt_tokens": self._prompt, "completion_tokens": number, "total_tokens": total}
        return {**record, "choices": [choice], **({"usage": counts} if reason and self._usage else {})}

    def _ollama(self, content: object, reason: str | None, number: int) -> Record:
        message = {"role": "assistant", "content": content}
        record = {"model": self.model, "created_at": "2026-01-01T00:00:00Z", "message": message}
        if not reason:
            return {**record, "done": False}
        counts = {"total_duration": 2_000_000, "prompt_eval_count": self._prompt, "eval_count": number}
        return {**record, "done": True, "done_reason": reason, **counts}


def cut(text: str) -> Iterator[str]:
    """Pieces of one to three characters; where one could be a whole word, the border moves into a word."""
    start = 0
    for sizes in cycle(((1, 2, 3), (3, 1, 2), (2, 3, 1))):
        if start >= len(text):
            return
        ends = (start + size for size in sizes)
        end = next(
            (end for end in ends if end >= len(text) or not SPACE.search(text, end - 1, end + 1)), start + 2
        )
        yield text[start:end]
        start = end


def last_message(body: Record) -> str:
    """The text of the last message, which may be in parts."""
    content = body["messages"][-1].get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def dumps(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="A stub of chat-model servers.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=MODES, default="good")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--first", type=float, default=0.0)
    parser.add_argument("--reply-file", type=Path)
    asked = parser.parse_args()
    reply = asked.reply_file.read_text(encoding="utf-8").strip() if asked.reply_file else REPLY
    with Stub(asked.port, asked.mode, reply=reply, rate=asked.rate, first=asked.first) as stub:
        sys.stdout.write(stub.url + "\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
