"""The demo community on a loopback port of its own: static pages with the bot's address put in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMUNITY = Path(__file__).resolve().parent / "data" / "community"
WRITTEN = "http://127.0.0.1:7860"  # the bot's address as the pages have it
KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass
class Host:
    """A site that another party runs; a test may change everything but the port while it runs."""

    port: int
    bot: str = WRITTEN
    policy: str = ""
    """Its Content-Security-Policy."""
    style: str = ""
    """Rules after those of its style sheet."""
    pages: dict[str, str] = field(default_factory=dict)
    """Pages beside those of the folder, by path."""

    @property
    def url(self) -> str:
        """Another site than the bot's 127.0.0.1, and not only another port."""
        return f"http://localhost:{self.port}"

    @property
    def near(self) -> str:
        """The same pages on the bot's site: another origin, but no third party."""
        return f"http://127.0.0.1:{self.port}"

    def content(self, path: str) -> bytes | None:
        """What is at `path`, or None."""
        name = path.partition("?")[0].lstrip("/") or "index.html"
        if name == "favicon.ico":
            return b""
        file = COMMUNITY / name
        if name not in self.pages and not file.is_file():
            return None
        text = self.pages[name] if name in self.pages else file.read_text(encoding="utf-8")
        return (text.replace(WRITTEN, self.bot) + (self.style if name == "site.css" else "")).encode()


@contextmanager
def hosting() -> Iterator[Host]:
    """Serve the demo community while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = host.content(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", KINDS.get(Path(self.path).suffix, KINDS[".html"]))
            if host.policy:
                self.send_header("Content-Security-Policy", host.policy.replace("BOT", host.bot))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = Host(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join(timeout=5)
