"""Real servers on free loopback ports: `live` in a process of its own, `inside` in a thread, without page."""

import asyncio
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvicorn
from web_bot import LibraryBot

from bot.web.app import build_app
from bot.web.serve import bind, serve
from bot.web.types import BotFor, ChatBot, WebSettings

HERE = Path(__file__).resolve()


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Site:
    """Where the server listens, and one request to it exactly as written."""

    port: int
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: list[tuple[str, str]] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = headers or []
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if not any(name.lower() == "host" for name, _ in headers):
                connection.putheader("Host", f"127.0.0.1:{self.port}")
            for name, value in headers:
                connection.putheader(name, value)
            sized = any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers)
            if body is not None and not sized:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            with suppress(OSError):  # the server may answer and close before it has read everything
                connection.send(body or b"")
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, headers: list[tuple[str, str]] | None = None) -> Reply:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, content: object, headers: list[tuple[str, str]] | None = None) -> Reply:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.send("POST", path, body, [("Content-Type", "application/json"), *(headers or [])])

    def wait_ready(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(OSError):
                if self.get("/readyz").status == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"{self.url} did not become ready")


@contextmanager
def live(
    settings: WebSettings | None = None, *, fenced: bool = True, ready: bool = True, **bot: float
) -> Iterator[Site]:
    """Serve a LibraryBot(**bot) with the page while the block runs, in a process of its own."""
    told = asdict(settings or WebSettings(port=0))
    asked = json.dumps({"settings": {**told, "port": 0}, "fenced": fenced, "bot": bot})
    paths = [str(HERE.parents[1]), str(HERE.parent)]
    start = f"import sys; sys.path[:0] = {paths!r}; import web_server; web_server.child(sys.argv[1])"
    command = [sys.executable, "-c", start, asked]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            site = Site(int(line.partition("127.0.0.1:")[2].split()[0]))
            if fenced and ready:
                site.wait_ready()
            yield site
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def inside(
    bot: ChatBot, settings: WebSettings | None = None, bot_for: BotFor | None = None, *, page: bool = False
) -> Iterator[Site]:
    """Serve `bot` in a thread of this process, which a test can look into; mostly without the page."""
    servers: list[uvicorn.Server] = []

    async def run() -> None:
        app = build_app(bot, settings or WebSettings(), page=page, bot_for=bot_for)
        config = uvicorn.Config(
            app, log_level="critical", ws="none", proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        servers.append(uvicorn.Server(config))
        await servers[0].serve(sockets=[listener])

    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not (servers and servers[0].started) and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield Site(listener.getsockname()[1])
        finally:
            servers[0].should_exit = True
            thread.join(timeout=10)


def events(reply: Reply) -> list[tuple[str, dict]]:
    """The server-sent events of a reply: each one event line and one data line of JSON."""
    found = []
    for block in reply.body.decode().strip().split("\n\n"):
        lines = [line for line in block.split("\n") if not line.startswith(":")]
        if lines:
            assert [line.partition(": ")[0] for line in lines] == ["event", "data"], block
            found.append((lines[0][7:], json.loads(lines[1][6:])))
    return found


def child(message: str) -> None:
    """What `live` runs: serve as the product does, or the bare page without fences."""
    asked = json.loads(message)
    settings = {
        key: tuple(value) if isinstance(value, list) else value for key, value in asked["settings"].items()
    }
    if settings.get("registry"):
        settings["registry"] = Path(settings["registry"])
    bot = LibraryBot(**asked["bot"])
    if asked["fenced"]:
        serve(bot, WebSettings(**settings))
        return
    from fastapi import FastAPI

    from bot.web.page import mount_page
    from bot.web.warmup import Warmup

    async def bare() -> None:
        app, warmup = FastAPI(), Warmup(bot)
        warmup.start()
        mount_page(app, bot, warmup, WebSettings(**settings))
        with bind("127.0.0.1", 0) as listener:
            sys.stdout.write(f"127.0.0.1:{listener.getsockname()[1]}\n")
            sys.stdout.flush()
            await uvicorn.Server(uvicorn.Config(app, log_level="critical")).serve(sockets=[listener])

    asyncio.run(bare())
