"""The examples for nginx and systemd: nginx runs with ours, with TLS and a prefix, before a real server."""

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from web_process import Served, served
from web_server import Reply, events

from bot.cli import EXAMPLES, main
from bot.web.serve import ServingError, check_settings
from bot.web.types import WebSettings

HOST = "bot.example.kr"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
OPENSSL = shutil.which("openssl")
with_nginx = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx and openssl are not installed")


class Front:
    """nginx in front of a bot, as a browser reaches it."""

    def __init__(self, port: int, bot: Served, trust: ssl.SSLContext) -> None:
        self.port, self.bot, self._trust = port, bot, trust

    def open(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection("localhost", self.port, timeout=20, context=self._trust)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        with closing(self.open()) as connection:
            connection.request(method, path, body, {"Host": HOST, **headers})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder)
    settings = {"root_path": "/bot", "allowed_hosts": [HOST], "admin_port": 0}
    with served({"pace": 0.3}, **settings) as bot:
        bot.site.wait_ready()
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "nginx.conf").write_text(configuration(folder, port, bot.site.port), encoding="utf-8")
        command = [str(NGINX), "-p", f"{folder}/", "-c", "nginx.conf", "-e", str(folder / "error.log")]
        subprocess.run([*command, "-t"], check=True, capture_output=True, timeout=20)
        with subprocess.Popen(command) as process:
            try:
                listening(port)
                trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
                trust.check_hostname = False
                yield Front(port, bot, trust)
            finally:
                process.terminate()
                process.wait(timeout=10)


def configuration(folder: Path, port: int, bot: int) -> str:
    """The example with our ports and paths, inside the least that nginx needs around it."""
    example = EXAMPLES["nginx"].read_text(encoding="utf-8")
    example = example.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    example = example.replace("127.0.0.1:7860", f"127.0.0.1:{bot}")
    example = re.sub(r"/etc/ssl/\S+/fullchain\.pem", str(folder / "cert.pem"), example)
    example = re.sub(r"/etc/ssl/\S+/privkey\.pem", str(folder / "key.pem"), example)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    return f"daemon off; pid {folder}/pid; events {{}}\nhttp {{\n{paths}\n{example}\n}}\n"


def certificate(folder: Path) -> None:
    command = [str(OPENSSL), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
               "-subj", f"/CN={HOST}", "-keyout", str(folder / "key.pem"),
               "-out", str(folder / "cert.pem")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def listening(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError("nginx does not listen")


@with_nginx
def test_the_frame_and_the_launcher_are_there_under_the_prefix(front: Front) -> None:
    page = front.ask("GET", "/bot/embed")
    assert page.status == 200 and "frame-ancestors" in page.headers["Content-Security-Policy"]
    parts = re.findall(r'(?:src|href)="(embed/[0-9a-f]{12}/[a-z.]+)"', page.body.decode())
    assert len(parts) >= 3
    for part in parts:
        assert front.ask("GET", f"/bot/{part}").status == 200
    assert front.ask("GET", "/bot/embed/suggestions").json["questions"]
    launcher = front.ask("GET", "/bot/widget.js")
    assert launcher.status == 200 and launcher.headers["Access-Control-Allow-Origin"] == "*"
    assert front.ask("GET", "/bot/readyz").status == 200


@with_nginx
def test_the_page_and_all_that_it_names_are_there_under_the_prefix(front: Front) -> None:
    page = front.ask("GET", "/bot/", **{"X-Forwarded-Prefix": "/evil"})
    assert page.status == 200
    text = page.body.decode()
    assert "/evil" not in text
    root = json.loads('"' + (re.search(r'"root":"([^"]*)"', text) or [""] * 2)[1] + '"')
    assert root == f"https://{HOST}/bot"
    assert front.ask("GET", "/bot/config").status == 200


@with_nginx
def test_an_answer_comes_through_piece_by_piece(front: Front) -> None:
    body = json.dumps({"question": "관장은 누구인가요?"})
    with closing(front.open()) as connection:
        headers = {"Host": HOST, "Content-Type": "application/json"}
        connection.request("POST", "/bot/api/chat", body, headers)
        with connection.getresponse() as response:
            arrived, whole = [], b""
            while line := response.readline():
                whole += line
                if line.startswith(b"event:"):
                    arrived.append(time.monotonic())
            assert response.headers["Content-Type"].startswith("text/event-stream")
    found = events(Reply(200, response.headers, whole))
    assert [name for name, _ in found][-2:] == ["answer", "done"]
    assert arrived[-1] - arrived[0] > 0.5  # a proxy that holds back would give them all at once


@with_nginx
def test_nothing_beside_the_prefix_and_no_admin_route_is_reachable(front: Front) -> None:
    for path in ("/api/chat", "/embed", "/metrics", "/bot/metrics", "/bot/status", "/bot/../metrics"):
        assert front.ask("GET", path).status in (404, 405)
    moved = front.ask("GET", "/bot")
    assert moved.status == 308 and moved.headers["Location"].endswith("/bot/")


@with_nginx
def test_headers_of_ours_reach_the_visitor_and_the_body_stays_bounded(front: Front) -> None:
    reply = front.ask("GET", "/bot/embed")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "/" not in reply.headers["Server"]
    big = json.dumps({"question": "x" * 20_000}).encode()
    assert front.ask("POST", "/bot/api/chat", big, **{"Content-Type": "application/json"}).status == 413


@pytest.mark.parametrize(
    "prefix", ["bot", "/bot/", "//bot", "/b ot", "/bot;x", "/../x", "https://a.kr/bot", "/봇"]
)
def test_a_prefix_that_is_none_is_refused(prefix: str) -> None:
    with pytest.raises(ServingError, match="FORUM_BOT_ROOT_PATH"):
        check_settings(WebSettings(root_path=prefix))


@pytest.mark.parametrize("prefix", ["", "/bot", "/a/b-c_d.e"])
def test_a_good_prefix_is_taken(prefix: str) -> None:
    check_settings(WebSettings(root_path=prefix))


@pytest.mark.parametrize("name", ["nginx", "systemd"])
def test_the_command_prints_the_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--example", name]) == 0
    assert capsys.readouterr().out == EXAMPLES[name].read_text(encoding="utf-8")


def test_the_unit_gives_the_answers_their_time() -> None:
    unit = EXAMPLES["systemd"].read_text(encoding="utf-8")
    seconds = int((re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE) or ["", "0"])[1])
    assert seconds > WebSettings().grace + 2
    assert "KillSignal=SIGTERM" in unit and "ProtectSystem=strict" in unit
