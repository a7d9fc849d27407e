"""Who gets in: the access rows of the security table, A1 to A9, against the servers as they are run.

A1's browser part is in test_bot_web_embed_browser.py; what is here is what the servers say and send.
"""

import asyncio
import http.client
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import quantiles

import pytest
import uvicorn
from fastapi import FastAPI
from web_bot import LibraryBot
from web_process import Served, served
from web_server import Reply, Site, inside
from web_sites import registered, shown, token

from bot import tokens
from bot.cli import main
from bot.settings import BotSettings
from bot.sites.changes import add_key, add_site, make_secret, revoke_key, rotate, set_disabled
from bot.sites.errors import SiteError
from bot.sites.file import changing
from bot.sites.types import Look
from bot.web.admin import build_admin
from bot.web.app import build_app
from bot.web.embedded import assets
from bot.web.fences import PUBLIC
from bot.web.operation import Operation
from bot.web.types import WebSettings

HOST, SECOND, THIRD = "https://forum.example.kr", "https://news.example.kr:8443", "http://localhost:9001"
OTHER, KNOWN = "https://other.example.kr", "https://configured.example.kr"
CANARY, SECRET = "canary-5e0c77a1", "canary-env-93b2d4"
QUESTION = {"question": "관장은 누구인가요?"}
JSON = ("Content-Type", "application/json")
OFTEN = 150  # questions a minute of one visitor of the server that these tests share
HASH = assets()["widget.js"].version
PART = assets()["embed.css"].version

# Every route that the public port answers, and how; whatever else the application has does not exist there.
ROUTES = (
    "GET HEAD /", "GET HEAD /config", "GET HEAD /theme.css", "GET HEAD /favicon.ico", "GET HEAD /robots.txt",
    "GET HEAD /manifest.json", "GET HEAD /static/{path}", "GET HEAD /assets/{path}",
    "GET /gradio_api/startup-events", "GET /gradio_api/heartbeat/{session_hash}",
    "GET /gradio_api/queue/data", "POST /gradio_api/queue/join", "POST /gradio_api/cancel",
    "POST /gradio_api/reset",
    "GET HEAD /healthz", "GET HEAD /readyz", "GET HEAD /widget.js", "GET HEAD /widget-{version}.js",
    "GET HEAD /embed", "GET HEAD /embed/{version}/{name}", "GET /embed/suggestions", "GET /embed/evidence",
    "POST /api/chat", "POST /api/token", "POST /api/feedback", "POST /v1/chat/completions", "GET /v1/models",
)  # fmt: skip
# A value for each parameter in them, with which the route answers.
FILLED = {
    "/static/{path}": "/static/img/logo_nosize.svg", "/widget-{version}.js": f"/widget-{HASH}.js",
    "/embed/{version}/{name}": f"/embed/{PART}/embed.css",
    "/gradio_api/heartbeat/{session_hash}": "/gradio_api/heartbeat/abc",
    "/gradio_api/queue/data": "/gradio_api/queue/data?session_hash=abc",
    "/embed/evidence": "/embed/evidence?article=library&start=0&end=5",
}  # fmt: skip
ENDLESS = ("/gradio_api/heartbeat",)  # answers as long as the page is open


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a site of three pages, another one, one that is off, and an API key."""
    file = tmp_path_factory.mktemp("registry") / "registry.sqlite3"
    registered(file, "three", HOST, SECOND, THIRD, id="site_three")
    registered(file, "other", OTHER, id="site_other")
    registered(file, "off", "https://off.example.kr", id="site_off")
    set_disabled(file, "off", True)
    add_key(file, "server")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of these tests puts its temporary files."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def running(registry: Path, folder: Path) -> Iterator[Served]:
    """The command's own server with its page and its admin port, in a process with a secret."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setenv("FORUM_BOT_LLM_KEY", SECRET)
        with served(
            admin_port=0, registry=registry, origins=(KNOWN,), visitor_limit=f"{OFTEN}/minute"
        ) as process:
            process.site.wait_ready()
            yield process


@pytest.fixture(scope="module")
def site(running: Served) -> Site:
    return running.site


def paths(site: Site) -> list[tuple[str, str]]:
    """Method and address of every route, with values for its parameters."""
    script = re.search(rb'src="\./(assets/[^"]+\.js)"', site.get("/").body)
    assert script is not None
    filled = {**FILLED, "/assets/{path}": "/" + script[1].decode()}
    found = [route.rsplit(" ", 1) for route in ROUTES]
    return [(method, filled.get(path, path)) for methods, path in found for method in methods.split()]


Headers = list[tuple[str, str]]


def call(
    site: Site, method: str, path: str, body: bytes | None = None, headers: Headers | None = None
) -> Reply:
    """One request as it is written; of an answer that never ends the head alone."""
    if not path.startswith(ENDLESS) or method != "GET":
        return site.send(method, path, body, headers)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=bool(headers and "Host" in dict(headers)))
        for name, value in headers or []:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return Reply(response.status, response.headers, b"" if response.status == 200 else response.read())
    finally:
        connection.close()


def bodied(method: str) -> tuple[bytes | None, list[tuple[str, str]]]:
    """An empty JSON object where the method takes a body."""
    return (b"{}", [JSON]) if method == "POST" else (None, [])


# A1: who may frame the chat.


def framing(site: Site, query: str) -> tuple[int, bytes, dict[str, str]]:
    reply = site.get(f"/embed{query}")
    return reply.status, reply.body, {k.lower(): v for k, v in reply.headers.items() if k.lower() != "date"}


def test_a1_a_site_of_three_pages_may_frame_it_and_the_list_is_separated_by_spaces(site: Site) -> None:
    _, _, headers = framing(site, "?site=site_three")
    directives = headers["content-security-policy"].split("; ")
    assert [one for one in directives if one.startswith("frame-ancestors")] == [
        f"frame-ancestors {HOST} {SECOND} {THIRD}"
    ]
    assert "," not in headers["content-security-policy"]
    assert "x-frame-options" not in headers  # browsers that read both would follow the stricter one


def test_a1_unknown_disabled_and_impossible_sites_get_the_same_bytes_and_nobody_may_frame_them(
    site: Site, registry: Path
) -> None:
    registered(registry, "hand", "https://hand.example.kr", id="site_hand")
    with changing(registry) as db:  # a row that no command would write
        row = json.dumps(["*", "https://*.example.kr", "null", "https://a.kr, https://b.kr"])
        db.execute("UPDATE site SET origins = ? WHERE name = 'hand'", (row,))
    time.sleep(0.6)
    odd = ("*", "%2a", "null", "a%20b", "x" * 300, "%22%3E", "../x")
    told = [framing(site, f"?site={name}") for name in ("site_off", "site_unknown", "site_hand", *odd)]
    assert all(one == told[0] for one in told)
    assert told[0][0] == 200
    assert told[0][2]["content-security-policy"].endswith("frame-ancestors 'none'")
    assert told[0][1] == framing(site, "?site=site_three")[1]  # nothing but the policy tells sites apart


@pytest.mark.parametrize(
    "origin", ["*", "https://*", "https://*.example.kr", "null", "file://", "file:///x", "https://a.kr,*", ""]
)
def test_a1_no_site_can_list_everybody_or_a_page_without_an_origin(tmp_path: Path, origin: str) -> None:
    with pytest.raises(SiteError):
        add_site(tmp_path / "registry.sqlite3", "wide", (HOST, origin))


def test_a1_a_page_without_an_origin_is_no_exception(site: Site) -> None:
    for name in ("site_three", "site_off", "site_unknown"):
        plain = framing(site, f"?site={name}")
        reply = site.get(f"/embed?site={name}", [("Origin", "null"), ("Referer", "file:///x.html")])
        assert reply.headers["Content-Security-Policy"] == plain[2]["content-security-policy"]
        assert token(site, name, "null").status == 403


# A2: whose scripts may read the answers.

# Twenty values of Origin and whether they are, letter for letter, on a list.
ORIGINS: tuple[str | None, ...] = (
    None, "null", "LISTED", "LISTED.evil.example", "https://evilforum.example.kr", "https://forum.example.kr:8443",
    "https://forum.example.kr:443", "http://forum.example.kr", "https://FORUM.example.kr",
    "https://포럼.example.kr", "https://xn--oy2b95t.example.kr", "https://forum.example.kr.",
    "https://forum.example.kr/", "https://a.forum.example.kr", "https://example.kr",
    "https://forum.example.kr@evil.example", "https://evil.example#https://forum.example.kr", "*", "file://",
    "https://forum.example.kr https://evil.example",
)  # fmt: skip
ASKED = [
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "authorization,content-type"),
]


def test_a2_there_are_twenty_origins() -> None:
    assert len(ORIGINS) == len(set(ORIGINS)) == 20


@pytest.mark.parametrize("listed", [HOST, KNOWN], ids=["of a site", "of the settings"])
@pytest.mark.parametrize("origin", ORIGINS)
def test_a2_only_a_listed_origin_is_named_and_never_with_credentials(
    site: Site, origin: str | None, listed: str
) -> None:
    if origin is not None:
        origin = origin.replace("LISTED", listed).replace(HOST, listed)
    sent = [] if origin is None else [("Origin", origin.encode().decode("latin-1"))]
    exact = origin == listed
    id = "site_three" if listed == HOST else None
    body = json.dumps({**QUESTION, "site": id}).encode()
    replies = [
        site.send("OPTIONS", "/api/chat", headers=[*sent, *ASKED]),
        site.get(f"/embed/evidence?article=library&start=0&end=5{f'&site={id}' if id else ''}", sent),
        site.send("POST", "/api/chat", body, [JSON, *sent]),
        site.send("POST", "/api/chat", body, [("Content-Type", "text/plain"), *sent]),
    ]
    for reply in replies:
        assert reply.headers.get("Access-Control-Allow-Origin") == (listed if exact else None)
        assert reply.headers.get("Access-Control-Allow-Credentials") is None
        assert "origin" in reply.headers["Vary"].lower()
    preflight, _, _, plain = replies
    assert preflight.status == (200 if exact else 404 if origin is None else 400)
    assert plain.status == 415


# A3: a site's public key.


@contextmanager
def small(file: Path | None, **settings: object) -> Iterator[Site]:
    """A server without page in this process, ready."""
    with inside(LibraryBot(), WebSettings(registry=file, **settings)) as found:  # type: ignore[arg-type]
        found.wait_ready()
        yield found


def ask(site: Site, id: str | None, headers: Headers | None = None) -> Reply:
    return site.post("/api/chat", {**QUESTION, "site": id}, headers)


def within(seconds: float, reached) -> float:
    """How long it took until that came true."""
    started = time.monotonic()
    while not reached():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)
    return time.monotonic() - started


def test_a3_a_key_that_is_missing_wrong_or_of_another_site_opens_nothing(site: Site) -> None:
    proof = shown(site, "site_three", HOST)
    assert ask(site, "site_three", proof).status == 200
    assert ask(site, "site_thre", proof).status == ask(site, "", proof).status == 403
    assert ask(site, "site_other", proof).status == 403  # a page of the one with the key of the other
    assert ask(site, "site_other", [("Origin", OTHER), proof[1]]).status == 401  # with its visitor's token
    assert ask(site, "site_three", [("Origin", HOST)]).status == 401
    assert site.post("/api/token", {}, [("Origin", HOST)]).status == 422
    assert token(site, "site_three", OTHER).status == 403


def test_a3_a_key_without_a_browser_opens_nothing_and_a_feigned_origin_no_more_than_the_sites_limit(
    tmp_path: Path,
) -> None:
    file = tmp_path / "registry.sqlite3"
    id = add_site(file, "cafe", (HOST,), Look(limit=5)).id
    with small(file, proxies=("127.0.0.1",)) as site:
        assert site.post("/api/token", {"site": id}).status == 403
        proof = shown(site, id, HOST)
        assert ask(site, id, proof[1:]).status == 401
        seen = Counter(
            ask(site, id, [*proof, ("X-Forwarded-For", f"203.0.113.{number}")]).status for number in range(20)
        )
        assert seen == {200: 5, 429: 15}
        assert ask(site, None).status == 200  # nobody else pays for it


def test_a3_a_revoked_key_ends_on_the_running_server(site: Site, registry: Path) -> None:
    """The server is another process; the row asks for 60 seconds."""
    old = registered(registry, "turned", "https://turned.example.kr", id="site_turned")
    within(5, lambda: token(site, old, "https://turned.example.kr").status == 200)
    proof = shown(site, old, "https://turned.example.kr")
    new, _ = rotate(registry, "turned", grace=0)
    within(5, lambda: ask(site, old, proof).status == 403)
    assert framing(site, f"?site={old}")[2]["content-security-policy"].endswith("frame-ancestors 'none'")
    assert ask(site, new, shown(site, new, "https://turned.example.kr")).status == 200


def test_a3_a_site_that_is_switched_off_by_command_ends_within_sixty_seconds(
    site: Site, registry: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORUM_BOT_REGISTRY", str(registry))
    id = registered(registry, "switched", "https://switched.example.kr", id="site_switched")
    within(5, lambda: token(site, id, "https://switched.example.kr").status == 200)
    proof = shown(site, id, "https://switched.example.kr")
    assert ask(site, id, proof).status == 200
    assert main(["sites", "disable", "switched"]) == 0
    capsys.readouterr()
    within(60, lambda: ask(site, id, proof).status == 403)
    within(60, lambda: token(site, id, "https://switched.example.kr").status == 403)


def test_a3_a_user_is_vouched_for_by_its_own_site_for_an_hour_at_most(tmp_path: Path) -> None:
    file, now = tmp_path / "registry.sqlite3", int(time.time())
    id, other = registered(file, "one", HOST), registered(file, "two", OTHER)
    secret, theirs = make_secret(file, "one"), make_secret(file, "two")
    good = tokens.sign_user(secret, "kim", now + 3_000)
    bad = (
        tokens.sign_user(secret, "kim", now - 1), tokens.sign_user(secret, "kim", now + 7_200),
        tokens.sign_user(theirs, "kim", now + 3_000), good[:-1], good.upper(), "", "x" * 100,
    )  # fmt: skip
    with small(file) as site:

        def signed(key: str, origin: str, signature: str, user: str = "kim") -> int:
            body = {"site": key, "user": user, "signature": signature}
            return site.post("/api/token", body, [("Origin", origin)]).status

        assert signed(id, HOST, good) == 200
        assert {signed(id, HOST, signature) for signature in bad} == {401}
        assert signed(id, HOST, good, "lee") == signed(other, OTHER, good) == 401
        make_secret(file, "one")  # a new one ends the old
        within(5, lambda: signed(id, HOST, good) == 401)


def test_a3_a_revoked_api_key_ends_on_the_running_server(site: Site, registry: Path) -> None:
    key = [("Authorization", f"Bearer {add_key(registry, 'leaving')}")]
    within(5, lambda: site.get("/v1/models", key).status == 200)
    revoke_key(registry, "leaving")
    within(5, lambda: site.get("/v1/models", key).status == 401)


# A4: how much one may ask.


def test_a4_the_limits_are_on_unless_told_otherwise() -> None:
    usual = BotSettings()
    assert (usual.visitor_limit, usual.site_limit) == ("10/minute;200/day", "60/minute")
    assert (usual.key_limit, usual.limit) == ("60/minute", "1200/minute")
    assert Look().limit == 60


def test_a4_a_hundred_of_one_client_and_fifty_of_fifty_are_exactly_the_limits() -> None:
    with small(None, visitor_limit="10/minute;200/day", proxies=("127.0.0.1",)) as site:

        def timed(address: str) -> tuple[Reply, float]:
            started = time.monotonic()
            return ask(site, None, [("X-Forwarded-For", address)]), time.monotonic() - started

        with ThreadPoolExecutor(8) as pool:
            quiet = [seconds for _, seconds in pool.map(timed, [f"198.51.100.{n}" for n in range(50)])]
            both = [f"203.0.113.{n}" for n in range(50)]
            mixed = [address for other in both for address in ("192.0.2.1", "192.0.2.1", other)]
            replies = list(zip(mixed, pool.map(timed, mixed), strict=True))
    flood = [reply for address, (reply, _) in replies if address == "192.0.2.1"]
    others = [(reply.status, seconds) for address, (reply, seconds) in replies if address != "192.0.2.1"]
    assert Counter(reply.status for reply in flood) == {200: 10, 429: 90}
    assert all(1 <= int(reply.headers["Retry-After"]) <= 60 for reply in flood if reply.status == 429)
    assert [status for status, _ in others] == [200] * 50
    slow = quantiles([seconds for _, seconds in others], n=20)[-1]
    assert slow <= 1.1 * quantiles(quiet, n=20)[-1] + 1.0  # the tenth of the row, and what other work costs


def test_a4_the_addresses_of_one_ipv6_network_are_one_client() -> None:
    with small(None, visitor_limit="10/minute", proxies=("127.0.0.1",)) as site:
        same = [f"2001:db8:7:9:{number:x}::{number:x}" for number in range(1, 31)]
        others = [f"2001:db8:7:{number:x}::1" for number in range(32, 52)]
        seen = [ask(site, None, [("X-Forwarded-For", address)]).status for address in (*same, *others)]
    assert Counter(seen[:30]) == {200: 10, 429: 20}
    assert Counter(seen[30:]) == {200: 20}


def test_a4_a_site_has_sixty_questions_a_minute_of_all_its_visitors() -> None:
    with small(None, site_limit=BotSettings().site_limit, origins=(KNOWN,), proxies=("127.0.0.1",)) as site:
        seen = Counter(
            ask(site, None, [("Origin", KNOWN), ("X-Forwarded-For", f"203.0.113.{number}")]).status
            for number in range(80)
        )
        assert seen == {200: 60, 429: 20}
        assert ask(site, None).status == 200


# A5: who a visitor is (the counting over HTTP through one and two proxies: test_bot_web_limits.py).


def test_a5_two_hundred_forged_addresses_are_one_client_of_the_server_as_it_is_run(site: Site) -> None:
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")

    def forged(number: int) -> Reply:
        address = f"198.51.{number // 250}.{number % 250 + 1}"
        values = [(name, f"for={address}" if name == "Forwarded" else address) for name in names]
        return from_elsewhere(site, values)

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(forged, range(200)))
    assert Counter(reply.status for reply in replies) == {200: OFTEN, 429: 200 - OFTEN}
    assert all(faults(reply) == [] for reply in replies)
    assert ask(site, None).status == 200  # another client


def from_elsewhere(site: Site, headers: Headers) -> Reply:
    """A question from another address of this machine."""
    try:
        connection = http.client.HTTPConnection(
            "127.0.0.1", site.port, timeout=20, source_address=("127.0.0.2", 0)
        )
        connection.connect()
    except OSError:
        pytest.skip("this machine has one loopback address only")
    try:
        connection.request("POST", "/api/chat", json.dumps(QUESTION), dict((JSON, *headers)))
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


# A6: no file comes out, none goes in.


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file outside of everything that is served, and a symbolic link to it beside it."""
    path = tmp_path_factory.mktemp("outside") / "canary.txt"
    path.write_text(CANARY)
    path.with_name("link.css").symlink_to(path)
    return path


def forms(file: Path) -> list[str]:
    """Sixty ways to write the path of a file, or of one that every Linux has."""
    path, link, folder = str(file), str(file.with_name("link.css")), str(file.parent)
    deep = ["../" * depth + path.lstrip("/") for depth in (1, 3, 6, 9, 12)]
    above = deep[-1]
    return [
        path, path.lstrip("/"), "/" + path, "//" + path, path + "/", path + "/.", path + "/..", link, *deep,
        *(one.replace("..", "%2e%2e") for one in deep[-2:]), above.replace("..", "%252e%252e"),
        above.replace("../", "..%2f"), above.replace("../", "..%252f"), above.replace("../", "..%c0%af"),
        above.replace("../", "..%ef%bc%8f"), above.replace("../", "..\\"), above.replace("../", "..%5c"),
        above.replace("../", "..%255c"), above.replace("../", "....//"), above.replace("../", "..;/"),
        above.replace("../", ".../"), above.replace("..", ".%2e"), above.replace("..", "%2e."),
        above.replace("..", "%u002e%u002e"), above.replace("..", "%ef%bc%8e%ef%bc%8e"), "/" + above,
        "./" + above, "x/../" + above, "img/../" + above,
        path.replace("/", "%2f"), path.replace("/", "%252f"),
        path.replace("/", "\\"), path.replace("/", "%5c"), path + "%00", path + "%00.css", path + "%2500.js",
        path + "%20", path + "%0a", path + ";x", path + "%23x", "~" + path, "~root" + path, "~/" + above,
        "file://" + path, "file:" + path, "C:" + path, "C:\\" + path.replace("/", "\\"), "c%3a" + path,
        "//127.0.0.1" + path, "\\\\127.0.0.1\\c$" + path.replace("/", "\\"), "\\\\?\\" + path,
        "/proc/self/environ", "../" * 9 + "proc/self/environ", "%2fproc%2fself%2fenviron",
        "/proc/self/root" + path, "/proc/self/cwd/" + above,
        folder + "/", path.upper(),
    ]  # fmt: skip


def leaked(reply: Reply) -> bool:
    return any(mark.encode() in reply.body for mark in (CANARY, SECRET, "root:x:0"))


def test_a6_there_are_sixty_forms(canary: Path) -> None:
    assert len(set(forms(canary))) >= 60


def test_a6_no_form_of_a_path_on_any_route_gives_a_file(site: Site, canary: Path, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    fronts = sorted({path.partition("?")[0] for _, path in paths(site)} | {"/assets/", "/static/", "/embed/"})
    fronts += ["/gradio_api/file=", "/gradio_api/file/", "/gradio_api/upload/"]
    written = forms(canary)
    slashed = {front: "" if front[-1] in "/=" else "/" for front in fronts}
    asked = [
        front + (slashed[front] if form[0] != "/" else "") + form for front in fronts for form in written
    ]

    def wrong(path: str) -> str | None:
        reply = call(site, "GET", path)
        return f"{reply.status} {path}" if leaked(reply) or reply.status not in (400, 404) else None

    with ThreadPoolExecutor(4) as pool:
        assert [one for one in pool.map(wrong, asked) if one] == []
    assert sorted(folder.rglob("*")) == before


def test_a6_no_form_of_a_path_in_a_query_gives_a_file(site: Site, canary: Path, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    queries = (
        "/embed?site=X&lang=X&theme=X", "/embed/evidence?article=X&start=0&end=9",
        "/embed/suggestions?site=X", "/gradio_api/queue/data?session_hash=X", "/config?x=X",
        "/?__theme=X&view=X", "/theme.css?X",
        "/v1/models?X",
    )  # fmt: skip

    def wrong(path: str) -> str | None:
        reply = site.get(path)
        return f"{reply.status} {path}" if leaked(reply) or reply.status >= 500 else None

    asked = [query.replace("X", form) for query in queries for form in forms(canary)]
    with ThreadPoolExecutor(4) as pool:
        assert [one for one in pool.map(wrong, asked) if one] == []
    assert sorted(folder.rglob("*")) == before


def objects(path: str) -> list[object]:
    """A file as the page's library, and as the protocols of others, name one."""
    mark = {"_type": "gradio.FileData"}
    return [
        {"path": path, "meta": mark}, {"path": path}, {"url": f"file://{path}"}, {"file_id": path},
        {"type": "file", "file": {"filename": path, "file_data": path}},
        {"type": "image_url", "image_url": {"url": f"file://{path}"}},
        {"type": "input_audio", "input_audio": {"data": path, "format": "wav"}},
    ]  # fmt: skip


FIELDS: dict[str, dict[str, object]] = {
    "/api/chat": {"question": "누구?", "history": [], "site": None, "consent": False},
    "/api/token": {"site": "site_three", "user": "kim", "signature": "x"},
    "/api/feedback": {
        "id": "x", "verdict": "up", "reason": None, "note": None, "consent": False, "sources": [],
        "site": None,
    },
    "/v1/chat/completions": {
        "model": "forum-bot", "messages": [{"role": "user", "content": "누구?"}], "stream": False,
    },
    "/gradio_api/queue/join": {
        "data": ["x", []], "event_data": None, "fn_index": 0, "trigger_id": 1, "session_hash": "s",
    },
    "/gradio_api/cancel": {"event_id": "x", "session_hash": "s", "fn_index": 0},
    "/gradio_api/reset": {"event_id": "x", "session_hash": "s", "fn_index": 0},
}  # fmt: skip


def test_a6_a_file_object_in_any_field_of_any_route_is_refused(
    site: Site, registry: Path, canary: Path, folder: Path
) -> None:
    before = sorted(folder.rglob("*"))
    key = ("Authorization", f"Bearer {add_key(registry, 'files')}")
    within(5, lambda: site.get("/v1/models", [key]).status == 200)
    assert set(FIELDS) == {route.split()[-1] for route in ROUTES if route.startswith("POST")}
    for path, fields in FIELDS.items():
        for item in objects(str(canary)):
            bodies = [{**fields, name: value} for name in fields for value in (item, [item])]
            bodies += [{**fields, "more": item}, {**fields, "files": [item]}]
            if path.startswith("/v1"):
                bodies += [{**fields, "messages": [{"role": "user", "content": [item]}]}]
                bodies += [{**fields, "messages": [{"role": "user", "content": item}]}]
            if path == "/api/chat":
                bodies += [{**fields, "history": [["user", item]]}, {**fields, "history": [item]}]
            for body in bodies:
                reply = site.post(path, body, [key])
                # The protocol of the completions lets a client add fields that mean nothing to a server.
                unread = (
                    path.startswith("/v1") and reply.status == 200 and ("more" in body or "files" in body)
                )
                assert not leaked(reply) and (unread or 400 <= reply.status < 500), (reply.status, path, body)
    assert sorted(folder.rglob("*")) == before


def test_a6_an_upload_of_fifty_megabytes_leaves_nothing(site: Site, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    body = head + b"a" * 50_000_000 + b"\r\n--x--\r\n"
    sent = [("Content-Type", "multipart/form-data; boundary=x")]
    for path in (*FIELDS, "/gradio_api/upload", "/", "/embed"):
        assert uploaded(site, path, body, sent) in (400, 404, 405, 413, 415), path
    assert sorted(folder.rglob("*")) == before


def uploaded(site: Site, path: str, body: bytes, headers: Headers) -> int:
    """The status, of a server that need not read the whole body before it answers."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        view = memoryview(body)
        connection.setblocking(False)
        answer, deadline = b"", time.monotonic() + 20
        while b"\r\n" not in answer and time.monotonic() < deadline:
            with suppress(BlockingIOError):
                answer += connection.recv(4096)
            try:
                view = view[connection.send(view[:65_536]) :]
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                connection.setblocking(True)
                answer += connection.recv(4096)
    return int(answer.split()[1])


# A7: whom the server takes itself for.

HOSTS = (
    ["evil.example"], [""], ["localhost/evil"], ["localhost@evil.example"], ["localhost:80:evil"],
    ["localhost?evil"], ["localhost#evil"], ["evil\\localhost"], ["localhost", "evil.example"],
    ["localhost", "localhost"], ["localhost, evil.example"], ["localhost.evil.example"], [],
)  # fmt: skip


def test_a7_another_host_is_400_on_every_route_and_is_not_repeated(running: Served) -> None:
    admin = running.admin
    assert admin is not None
    routes = [(running.site, *one) for one in paths(running.site)]
    routes += [(admin, "GET", path) for path in ("/metrics", "/status", "/readyz")]
    for hosts in HOSTS:
        for site, method, path in routes:
            body, headers = bodied(method)
            reply = hosted(site, method, path, hosts, body, headers)
            assert reply.status == 400, (hosts, path)
            assert b"evil" not in reply.body and "evil" not in str(reply.headers), (hosts, path)


def hosted(
    site: Site, method: str, path: str, hosts: list[str], body: bytes | None, headers: Headers
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (*(("Host", host) for host in hosts), *headers):
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def test_a7_what_a_stranger_says_of_the_address_is_in_no_answer(site: Site) -> None:
    names = ("Host", "Proto", "Prefix", "Server", "Port", "Scheme", "Uri", "Path")
    told = [(f"X-Forwarded-{name}", "evil.example/x") for name in names]
    told += [(name, "http://evil.example/x") for name in ("Forwarded", "X-Gradio-Server", "X-Original-URL")]
    told += [("X-Rewrite-URL", "/evil.example"), ("X-Original-Host", "evil.example")]
    for method, path in paths(site):
        body, headers = bodied(method)
        for address in (path, path.rstrip("/") + "/"):  # some routers turn a slash into a redirect
            reply = call(site, method, address, body, [*headers, *told])
            assert b"evil" not in reply.body and "evil" not in str(reply.headers), address
            assert reply.headers.get("Location") is None, address


# A8: what there is at all.


def routes_of(routes, front: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of every route of an application, those of mounted applications too."""
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if getattr(route, "methods", None) is None and hasattr(inner, "routes"):
            yield from routes_of(inner.routes, front + (getattr(route, "path", "") or ""))
        else:
            for method in route.methods or ("GET",):
                yield method, front + route.path


def page_app() -> FastAPI:
    async def made() -> FastAPI:
        return build_app(LibraryBot(), WebSettings())

    return asyncio.run(made())


def test_a8_of_all_routes_of_the_application_exactly_the_committed_ones_are_answered(site: Site) -> None:
    examples = dict(zip((route.rsplit(" ", 1)[1] for route in ROUTES), range(len(ROUTES)), strict=True))
    filled = {**FILLED, "/assets/{path}": next(path for _, path in paths(site) if path.startswith("/assets"))}
    every = set(routes_of(page_app().routes))
    assert len(every) > 80  # the page's library brings most of them
    answered = set()
    for method, route in every:
        template = re.sub(r":path}", "}", route)
        path = filled.get(template, re.sub(r"{[^}]*}", "x", template))
        body, headers = bodied(method)
        reply = call(site, method, path, body, headers)
        if reply.status not in (404, 405):
            answered.add((method, template))
            assert template in examples, (method, template)
    committed = {
        (method, route.rsplit(" ", 1)[1]) for route in ROUTES for method in route.rsplit(" ", 1)[0].split()
    }
    # A HEAD is answered where the fence and the route both have it.
    assert answered == {one for one in committed if one[0] != "HEAD" or one in every}


def test_a8_the_list_of_the_fence_is_the_committed_one() -> None:
    def shape(path: str) -> str:
        return re.sub(r"\{.*?\}|[\[(].*", "…", path.replace("embed/{version}/{name}", "embed/{…}"))

    committed = {shape(route.replace(".js", "") if "{version}.js" in route else route) for route in ROUTES}
    assert {f"{methods} {shape(pattern)}" for methods, pattern in PUBLIC} == committed


def test_a8_what_a_stranger_gets_of_each_route(site: Site) -> None:
    expected = {
        "/api/chat": 422, "/api/token": 422, "/api/feedback": 422, "/v1/chat/completions": 401,
        "/v1/models": 401, "/gradio_api/queue/join": 422, "/gradio_api/cancel": 422,
        "/gradio_api/reset": 422,
    }  # fmt: skip
    for method, path in paths(site):
        body, headers = bodied(method)
        status = call(site, method, path, body, headers).status
        # Some routes of the page's library know no HEAD.
        assert status == expected.get(path, 200) or (method, status) == ("HEAD", 405), (method, path)


OPERATORS = (
    "/docs", "/redoc", "/openapi.json", "/metrics", "/status", "/ingest", "/reload", "/admin", "/mcp",
    "/monitoring", "/gradio_api/info", "/registry.sqlite3", "/.env", "/.git/config", "/server-status",
)  # fmt: skip


@pytest.mark.parametrize("path", OPERATORS)
def test_a8_what_is_for_the_operator_is_404(site: Site, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        assert site.send(method, path).status == 404, method


def test_a8_the_admin_port_has_three_routes(running: Served) -> None:
    app = build_admin(LibraryBot(), Operation.of(WebSettings()))
    assert set(routes_of(app.routes)) == {
        (method, path) for method in ("GET", "HEAD") for path in ("/metrics", "/status", "/readyz")
    }
    assert running.admin is not None
    for method, path in paths(running.site):
        if path != "/readyz":
            assert running.admin.send(method, path).status == 404, path


# A9: the headers of every answer.

KINDS = re.compile(r"uvicorn|gradio|fastapi|starlette|python|httptools|h11|chroma", re.IGNORECASE)


def faults(reply: Reply, page: bool = False) -> list[str]:
    """What is wrong with the headers of an answer."""
    policy = reply.headers.get("Content-Security-Policy", "")
    found = [] if ("default-src 'self'" if page else "default-src 'none'") in policy else [f"policy {policy}"]
    found += [] if "frame-ancestors " in policy else ["frame-ancestors"]
    found += [] if reply.headers.get_all("X-Content-Type-Options") == ["nosniff"] else ["nosniff"]
    found += [] if reply.headers.get_all("Referrer-Policy") == ["no-referrer"] else ["referrer"]
    found += [] if reply.headers.get("Cache-Control") else ["cache"]
    found += [name for name in ("Server", "X-Powered-By", "Via") if reply.headers.get(name)]
    found += [f"{name}: {value}" for name, value in reply.headers.items() if KINDS.search(value)]
    return found


def wrong_requests(method: str, path: str) -> list[tuple[str, str, bytes | None, list[tuple[str, str]]]]:
    """A request that a route answers, and those that it refuses: 400, 404, 405, 413, 415, 422."""
    body, headers = bodied(method)
    bare = path.partition("?")[0].rstrip("/")
    return [
        (method, path, body, headers),
        ("DELETE", path, None, []),
        (method, f"{bare}/nothing/here", body, headers),
        (method, path, body, [*headers, ("Host", "evil.example")]),
        ("POST", path, b"x", [("Content-Type", "text/plain")]),
        ("POST", path, b" " * 300_000, [JSON]),
        ("POST", path, b'{"question": 5}', [JSON]),
        ("POST", path, b"{", [JSON]),
    ]


def test_a9_every_answer_of_every_route_has_the_headers(site: Site) -> None:
    seen: Counter[int] = Counter()
    for method, path in paths(site):
        for request in wrong_requests(method, path):
            reply = call(site, *request)
            seen[reply.status] += 1
            kind = reply.headers.get("Content-Type", "")
            page = not path.startswith(("/api", "/v1", "/embed", "/widget")) and not kind.startswith(
                ("application/json", "text/event-stream", "text/plain")
            )
            assert faults(reply, page) == [], (request[:2], reply.status)
    assert {200, 400, 401, 404, 405, 413, 415, 422} <= set(seen)


def test_a9_so_has_every_answer_of_the_admin_port(running: Served) -> None:
    assert running.admin is not None
    for path in ("/metrics", "/status", "/readyz"):
        for request in wrong_requests("GET", path):
            reply = call(running.admin, *request)
            assert faults(reply) == [], (request[:2], reply.status)


class Broken(LibraryBot):
    """A bot whose articles cannot be read."""

    def article(self, id: str) -> None:
        raise RuntimeError(f"a wire came loose in /srv/secret {id}")


def test_a9_so_has_a_failure_and_a_refusal_for_want_of_room(tmp_path: Path) -> None:
    broken = tmp_path / "registry.sqlite3"
    broken.write_bytes(b"no database" * 100)
    settings = WebSettings(registry=broken, visitor_limit="1/minute", chats=1, waiting=0, patience=0.2)
    with inside(Broken(pace=0.1), settings) as site:
        site.wait_ready()
        replies = {
            500: [site.get("/embed/evidence?article=library&start=0&end=5")],
            503: [token(site, "site_any", HOST), site.get("/v1/models"), ask(site, "site_any")],
            429: [[ask(site, None), ask(site, None)][1]],
        }
    with inside(LibraryBot(warm_seconds=1.0)) as loading:
        replies[503].append(loading.get("/readyz"))
    with inside(LibraryBot(pace=0.2), WebSettings(chats=1, waiting=0)) as full:
        full.wait_ready()
        other = threading.Thread(target=lambda: ask(full, None), daemon=True)
        other.start()
        time.sleep(0.3)
        replies[503].append(ask(full, None))
        other.join(timeout=10)
    for status, found in replies.items():
        for reply in found:
            assert (reply.status, faults(reply)) == (status, []), reply.body
            assert b"secret" not in reply.body and b"Error" not in reply.body
            assert status == 500 or b"status" in reply.body or reply.headers["Retry-After"]


NO_HTTP = (
    b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)  # fmt: skip


def test_a9_so_has_the_answer_to_what_is_no_http(running: Served) -> None:
    assert running.admin is not None
    for site in (running.site, running.admin):
        for sent in NO_HTTP:
            reply = raw(site, sent)
            assert (reply.status, faults(reply)) == (400, []), sent


def raw(site: Site, sent: bytes) -> Reply:
    """The answer to bytes as they are."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(sent)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Reply(response.status, response.headers, response.read())


# A8 and A9 of the MCP server.


@contextmanager
def mcp_server(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The command's own server, in a thread; one request at a time."""
    pytest.importorskip("mcp")
    from bot.bot import Bot
    from bot.mcp import http as served_by
    from bot.web.serve import bind

    servers: list[uvicorn.Server] = []
    real = uvicorn.Server.__init__

    def kept(self: uvicorn.Server, config: uvicorn.Config) -> None:
        real(self, config)
        servers.append(self)

    monkeypatch.setattr(uvicorn.Server, "__init__", kept)
    settings = BotSettings(store=store)
    with bind("127.0.0.1", 0) as listener:
        run = served_by._serve(Bot(settings), settings, "127.0.0.1", listener, lambda _: None)
        thread = threading.Thread(target=lambda: asyncio.run(run), daemon=True)
        thread.start()
        within(20, lambda: bool(servers) and servers[0].started)
        try:
            yield Site(listener.getsockname()[1])
        finally:
            servers[0].should_exit = True
            thread.join(timeout=10)


def test_a9_so_has_every_answer_of_the_mcp_server(
    report_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.mcp import http as served_by

    accepts = ("Accept", "application/json, text/event-stream")
    ping = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "ping"}).encode()
    with mcp_server(report_store, monkeypatch) as site:
        asked = {
            "ping": (200, call(site, "POST", "/mcp", ping, [JSON, accepts])),
            "no path": (404, call(site, "POST", "/nothing", ping, [JSON, accepts])),
            "a file": (404, call(site, "GET", "/../../etc/passwd")),
            "another method": (405, call(site, "GET", "/mcp")),
            "large": (413, call(site, "POST", "/mcp", b" " * 70_000, [JSON, accepts])),
            "text": (None, call(site, "POST", "/mcp", ping, [("Content-Type", "text/plain"), accepts])),
            "accepts none": (None, call(site, "POST", "/mcp", ping, [JSON, ("Accept", "text/html")])),
            "no JSON": (None, call(site, "POST", "/mcp", b"{", [JSON, accepts])),
            "no request": (None, call(site, "POST", "/mcp", b"[]", [JSON, accepts])),
            "another host": (400, call(site, "POST", "/mcp", ping, [("Host", "evil.example"), JSON])),
            "another page": (403, call(site, "POST", "/mcp", ping, [("Origin", "null"), JSON])),
            "a proxy": (401, call(site, "POST", "/mcp", ping, [("Via", "x"), JSON, accepts])),
            "no HTTP": (400, raw(site, b"GARBAGE\r\n\r\n")),
        }
        monkeypatch.setattr(served_by, "REQUESTS", 0)
        asked["a crowd"] = (503, call(site, "POST", "/mcp", ping, [JSON, accepts]))
    for name, (status, reply) in asked.items():
        assert faults(reply) == [], (name, reply.status)
        assert reply.status == status if status else 400 <= reply.status < 500, (name, reply.status)
