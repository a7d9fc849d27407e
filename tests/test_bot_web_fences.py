"""The fences, against a real server with the real page mounted."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from web_bot import LibraryBot
from web_server import Site, live

from bot.web.app import build_app
from bot.web.fences import PUBLIC, PublicPaths, SecurityHeaders, page_policy
from bot.web.page import mount_page
from bot.web.types import WebSettings
from bot.web.warmup import Warmup

ORIGIN = "https://forum.example.kr"
JSON = ("Content-Type", "application/json")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    settings = WebSettings(
        allowed_hosts=("bot.example.kr",),
        origins=(ORIGIN,),
        frame_ancestors=("'self'", "https://forum.example.kr"),
    )
    with live(settings) as running:
        yield running


# Paths: what is not on the list does not exist.

HIDDEN = (
    "gradio_api/upload",
    "gradio_api/upload_progress",
    "gradio_api/file=/etc/hostname",
    "gradio_api/file/etc/hostname",
    "gradio_api/proxy=http://127.0.0.1/",
    "gradio_api/component_server",
    "gradio_api/process_recording",
    "gradio_api/stream/x",
    "gradio_api/stream/x/close",
    "gradio_api/stream/s/1/2/playlist.m3u8",
    "gradio_api/stream/s/1/2/playlist-file",
    "gradio_api/dev/reload",
    "gradio_api/vibe-edit",
    "gradio_api/vibe-code",
    "gradio_api/vibe-starter-queries",
    "gradio_api/runs",
    "gradio_api/runs/",
    "gradio_api/info",
    "gradio_api/info/",
    "gradio_api/openapi.json",
    "monitoring",
    "monitoring/summary",
    "monitoring/x",
    "docs",
    "openapi.json",
    "redoc",
    "gradio_api/call/send",
    "gradio_api/run/send",
    "gradio_api/api/send",
    "gradio_api/deep_link",
    "login",
    "svelte/x",
    "gradio_api/custom_component/1/client/component/index.js",
    "gradio_api/run-history/buckets",
    "mcp",
)


def spellings(path: str) -> dict[str, str]:
    """Six ways to write one path."""
    head, _, tail = path.partition("/")
    return {
        "plain": f"/{path}",
        "percent-encoded": "/"
        + "".join(f"%{ord(letter):02x}" if letter.isalpha() else letter for letter in path),
        "encoded twice": "/" + path.replace("a", "%2561").replace("o", "%256f"),
        "double slash": f"//{head}//{tail}",
        "upper case": f"/{path.upper()}",
        "with dots": f"/assets/../{path}",
    }


@pytest.mark.parametrize("path", HIDDEN)
def test_a_path_that_is_not_listed_is_404_in_every_spelling_and_under_a_prefix(site: Site, path: str) -> None:
    for name, spelling in spellings(path).items():
        for prefix in ("", "/chat", "/a/b"):
            assert site.get(prefix + spelling).status == 404, (name, prefix)
        assert site.post(spelling, {}).status == 404, name


def test_below_a_root_path_the_same_paths_are_listed() -> None:
    async def inside(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def status(path: str, root: str) -> int:
        sent: list[dict] = []

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "root_path": root, "headers": []}
        step = PublicPaths(inside)(scope, None, send)  # type: ignore[arg-type]
        with pytest.raises(StopIteration):
            step.send(None)
        return sent[0]["status"]

    assert status("/community/bot/healthz", "/community/bot") == 204
    assert status("/community/bot/gradio_api/upload", "/community/bot") == 404
    assert status("/community/bot/docs", "/community/bot") == 404
    assert status("/community/botany/healthz", "/community/bot") == 404


def test_another_method_on_a_listed_path_is_405(site: Site) -> None:
    for method, path in (
        ("GET", "/api/chat"),
        ("PUT", "/api/chat"),
        ("DELETE", "/"),
        ("POST", "/"),
        ("TRACE", "/"),
    ):
        reply = site.send(method, path)
        assert reply.status == 405, (method, path)
        assert reply.headers["Allow"], (method, path)


def test_the_answered_routes_are_the_committed_ones() -> None:
    committed = {
        "POST /api/chat",
        "GET HEAD /healthz",
        "GET HEAD /readyz",
        "GET HEAD /",
        "GET HEAD /favicon.ico",
        "GET HEAD /robots.txt",
        "GET HEAD /manifest.json",
        "GET HEAD /config",
        "GET HEAD /theme.css",
        "GET HEAD /assets/…",
        "GET HEAD /static/…",
        "GET /gradio_api/startup-events",
        "GET /gradio_api/heartbeat/…",
        "GET /gradio_api/queue/data",
        "POST /gradio_api/queue/join",
        "POST /gradio_api/cancel",
        "POST /gradio_api/reset",
    }
    assert {methods + " " + re.sub(r"[(\[].*", "…", path) for methods, path in PUBLIC} == committed


def test_the_application_has_no_route_of_its_own_beyond_the_list() -> None:
    app = build_app(LibraryBot(), WebSettings(), page=False)
    assert isinstance(app, FastAPI)
    own = {getattr(route, "path", None) for route in _routes(app.routes)}
    assert own == {"/api/chat", "/healthz", "/readyz"}


def _routes(routes) -> Iterator:
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from _routes(inner.routes) if inner is not None else (route,)


# Hosts.


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:80", "[::1]:7860", "bot.example.kr"]
)
def test_a_known_host_is_answered(site: Site, host: str) -> None:
    assert site.get("/healthz", [("Host", host)]).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "",
        "bot.example.kr.evil.example",
        "evil-bot.example.kr",
        "localhost.",
        "localhost@evil.example",
        "localhost/evil",
        "127.0.0.1:80:80",
        "0.0.0.0",
        "127.0.0.2",
        "[::2]",
        "xn--bot.example.kr",
        "localhost:evil",
    ],
)
def test_an_unknown_host_is_400_and_not_repeated(site: Site, host: str) -> None:
    reply = site.get("/", [("Host", host)])
    assert reply.status == 400
    assert "evil" not in reply.body.decode()


def test_two_hosts_are_400(site: Site) -> None:
    assert site.get("/", [("Host", "localhost"), ("Host", "127.0.0.1")]).status == 400


def test_a_forwarded_address_does_not_reach_the_page(site: Site) -> None:
    names = (
        "X-Forwarded-Host",
        "X-Forwarded-Prefix",
        "X-Forwarded-Server",
        "Forwarded",
        "X-Gradio-Server",
        "X-Original-URL",
    )
    for path in ("/", "/config"):
        reply = site.get(path, [(name, "http://evil.example/x") for name in names])
        assert reply.status == 200
        assert b"evil.example" not in reply.body
        assert not [value for value in reply.headers.values() if "evil.example" in value]


# Other sites' scripts.

OTHERS = (
    "null",
    "https://forum.example.kr.evil.example",
    "https://evil.example",
    "http://forum.example.kr",
    "https://forum.example.kr:8443",
    "https://forum.example.kr.",
    "https://FORUM.example.kr",
    "https://example.kr",
    "https://a.forum.example.kr",
    "https://evilforum.example.kr",
    "https://forum.example.kr/",
    "https://xn--forum.kr",
    "file://",
    "https://",
    "*",
    "chrome-extension://abc",
    "http://localhost:3000",
    "http://127.0.0.1:9001",
)


@pytest.mark.parametrize("origin", [None, ORIGIN, *OTHERS])
def test_only_a_listed_origin_may_read_an_answer(site: Site, origin: str | None) -> None:
    headers = [("Origin", origin)] if origin is not None else []
    preflight = [
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type"),
    ]
    replies = [
        site.send("OPTIONS", "/api/chat", headers=[*headers, *preflight]),
        site.get("/healthz", headers),
        site.get("/config", headers),
        site.post("/api/chat", {"question": "관장은 누구인가요?"}, headers),
        site.post("/gradio_api/queue/join", {}, headers),
    ]
    for reply in replies:
        assert reply.headers.get("Access-Control-Allow-Origin") == (ORIGIN if origin == ORIGIN else None)
        assert reply.headers.get("Access-Control-Allow-Credentials") is None
        assert "Origin" in reply.headers["Vary"]


def test_a_body_that_needs_no_preflight_is_refused(site: Site) -> None:
    body = json.dumps({"question": "관장은 누구인가요?"}).encode()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "text/json",
    ):
        for path in ("/api/chat", "/gradio_api/queue/join"):
            assert site.send("POST", path, body, [("Content-Type", kind)]).status == 415, kind
    assert site.send("POST", "/api/chat", body, [JSON, ("Content-Encoding", "gzip")]).status == 415


# Headers.


def test_every_answer_carries_the_security_headers(site: Site) -> None:
    replies = {
        "page": site.get("/"),
        "asset": site.get("/theme.css"),
        "config": site.get("/config"),
        "missing asset": site.get("/assets/none.js"),
        "health": site.get("/healthz"),
        "readiness": site.get("/readyz"),
        "missing": site.get("/nothing"),
        "method": site.get("/api/chat"),
        "host": site.get("/", [("Host", "evil.example")]),
        "invalid": site.post("/api/chat", {}),
        "empty": site.post("/api/chat", {"question": " "}),
        "too large": site.post("/api/chat", {"question": "가" * 20_000}),
        "chat": site.post("/api/chat", {"question": "관장은 누구인가요?"}),
        "queue": site.post("/gradio_api/queue/join", {}),
        "preflight": site.send(
            "OPTIONS", "/api/chat", headers=[("Origin", ORIGIN), ("Access-Control-Request-Method", "POST")]
        ),
    }
    for name, reply in replies.items():
        policy = reply.headers["Content-Security-Policy"]
        assert (
            "default-src 'self'" in policy if name in ("page", "asset") else "default-src 'none'" in policy
        ), name
        assert "frame-ancestors " in policy, name
        assert reply.headers["X-Content-Type-Options"] == "nosniff", name
        assert reply.headers["Referrer-Policy"] == "no-referrer", name
        assert reply.headers["Server"] is None, name
        assert "Origin" in reply.headers["Vary"], name
        assert reply.headers["Cache-Control"] == "no-store", name


def test_the_frame_policy_is_the_configured_one(site: Site) -> None:
    assert (
        "frame-ancestors 'self' https://forum.example.kr;" in site.get("/").headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    "source", ["*", "https://a.kr; script-src *", "a.kr", "https://a.kr,https://b.kr", "", "data:"]
)
def test_a_frame_source_that_would_break_the_policy_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="frame ancestor"):
        page_policy((source,))


def test_hashed_assets_are_kept_for_ever_and_nothing_else_is(site: Site) -> None:
    page = site.get("/").body.decode()
    asset = page.partition('src="./assets/')[2].partition('"')[0]
    assert site.get(f"/assets/{asset}").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert site.get("/config").headers["Cache-Control"] == "no-store"


def test_a_crash_is_a_plain_500_with_the_headers() -> None:
    async def crash(scope, receive, send) -> None:
        raise RuntimeError("secret detail")

    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(StopIteration):
        SecurityHeaders(crash)(scope, None, send).send(None)  # type: ignore[arg-type]
    assert sent[0]["status"] == 500
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
    assert b"secret" not in sent[1]["body"]
    assert "error" in json.loads(sent[1]["body"])


# Bodies.


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"x"', 422),
        (b"{}", 422),
        (b"[" * 5_000 + b"]" * 5_000, 400),
        (b'{"question": NaN}', 422),
        (b'{"question": 1e999}', 422),
        (b'{"question": 5}', 422),
        (b'{"question": ["x"]}', 422),
        (b'{"question": "x", "more": 1}', 422),
        (b'{"question": ""}', 400),
        (b'{"question": " \\n\\t"}', 400),
        (b'{"question": "\\u0000"}', 400),
        (b'{"question": "' + b"x" * 2_000 + b'"}', 200),
        (b'{"question": "' + b"x" * 2_001 + b'"}', 413),
        (b'{"question": "' + b"x" * 16_400 + b'"}', 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_is_judged_before_it_is_answered(site: Site, content: bytes, status: int) -> None:
    assert site.post("/api/chat", content).status == status


def test_a_large_body_is_refused_by_its_declared_length_alone(site: Site) -> None:
    for path, limit in (("/api/chat", 16_384), ("/gradio_api/queue/join", 262_144)):
        for length in (limit + 1, 10_000_000, 10**30):
            reply = site.send("POST", path, None, [JSON, ("Content-Length", str(length))])
            assert reply.status in (400, 413), (path, length)


def test_a_body_without_a_length_is_counted_as_it_arrives(site: Site) -> None:
    for path, limit in (("/api/chat", 16_384), ("/gradio_api/queue/join", 262_144)):
        piece = b"1000\r\n" + b" " * 4096 + b"\r\n"
        body = piece * (limit // 4096 + 2) + b"0\r\n\r\n"
        assert site.send("POST", path, body, [JSON, ("Transfer-Encoding", "chunked")]).status == 413, path


def test_the_queue_takes_a_long_conversation(site: Site) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "가" * 1_000}]}
    content = {
        "data": ["관장은 누구인가요?", [message] * 70],
        "fn_index": 0,
        "session_hash": "long0conversation",
    }
    body = json.dumps(content, ensure_ascii=False).encode()
    assert 200_000 < len(body) < 262_144
    assert site.post("/gradio_api/queue/join", body).status == 200


# Files.


@pytest.fixture
def canary(tmp_path) -> Iterator:
    path = tmp_path / "canary.txt"
    path.write_text("canary-7c1e4d")
    yield path


def file_objects(path: str) -> list[dict]:
    mark = {"_type": "gradio.FileData"}
    return [
        {"path": path, "meta": mark},
        {"path": path},
        {"file": {"path": path, "meta": mark}, "type": "file"},
        {"url": f"file://{path}", "path": path, "orig_name": "a", "meta": mark},
        {"meta": mark},
        {"text": "gradio.FileData"},
        {"component": "file", "value": path, "constructor_args": {}, "props": {}, "type": "component"},
    ]


def placements(item: object) -> Iterator[dict]:
    """A queue request with `item` in each of its fields, bare and nested."""
    plain = {"data": ["x", []], "event_data": None, "fn_index": 0, "trigger_id": 1, "session_hash": "s"}
    message = {"role": "user", "content": [{"type": "text", "text": "x"}]}
    for name in plain:
        yield {**plain, name: item}
        yield {**plain, name: [item]}
    for data in (
        [item, []],
        ["x", item],
        ["x", [item]],
        ["x", [{**message, "content": item}]],
        ["x", [{**message, "content": [item]}]],
        ["x", [{**message, "metadata": item}]],
        ["x", [{**message, "options": [item]}]],
    ):
        yield {**plain, "data": data}
    yield {**plain, "event_data": {"index": 0, "value": item}}
    yield {**plain, "more": item}


def test_a_file_object_in_any_field_is_refused(site: Site, canary) -> None:
    for item in file_objects(str(canary)):
        for content in placements(item):
            reply = site.post("/gradio_api/queue/join", content)
            assert 400 <= reply.status < 500
            assert b"canary-7c1e4d" not in reply.body


@pytest.mark.parametrize(
    "path", ["/api/chat", "/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/reset"]
)
def test_the_mark_of_a_file_object_is_refused_however_it_is_written(site: Site, path: str) -> None:
    for mark in (b"gradio.FileData", b"\\u0067radio.FileData", b"GRADIO.filedata", b"gradio\\u002eFileData"):
        for body in (b'{"question": "%s"}', b'{"%s": 1}', b'{"data": [[{"a": "x%sx"}]]}'):
            assert site.post(path, body % mark).status == 400, (mark, body)


def test_a_file_outside_the_page_is_never_served(site: Site, canary) -> None:
    path = str(canary)
    up = "../" * 12
    forms = [
        path,
        f"/{path}",
        up + path,
        (up + path).replace("..", "%2e%2e"),
        (up + path).replace("..", "%252e%252e"),
        (up + path).replace("/", "\\"),
        path.replace("/", "%2f"),
        path.replace("/", "%5c"),
        path + "%00",
        path + "%00.js",
        f"~{path}",
        f"/proc/self/root{path}",
        f"C:{path}",
        f"\\\\?{path}",
        f"file://{path}",
        f"./{path}",
        f"%2f{path}",
        f"....//....//{path}",
        f"..;/{path}",
        path.upper(),
        f"//127.0.0.1{path}",
        f"{path}?x",
        f"{path}/.",
    ]
    fronts = (
        "",
        "/",
        "/assets/",
        "/static/",
        "/static/fonts/",
        "/theme.css/",
        "/gradio_api/file=",
        "/gradio_api/file/",
        "/gradio_api/heartbeat/",
        "/gradio_api/queue/data/",
        "/manifest.json/",
        "/svelte/",
        "/config/",
    )
    for front in fronts:
        for form in forms:
            target = (front + form).replace(" ", "%20")
            reply = site.get(target if target.startswith("/") else "/" + target)
            assert b"canary-7c1e4d" not in reply.body, target
            assert reply.status in (400, 404), target


def test_the_page_refuses_files_by_itself_too(canary) -> None:
    """The second wall: the mounted page without any fence before it."""
    with live(fenced=False) as bare:
        for number, item in enumerate(file_objects(str(canary))):
            for place, content in enumerate(placements(item)):
                for function in (1, 3):
                    session = f"s{number}x{place}x{function}"
                    asked = {**content, "session_hash": session, "fn_index": function}
                    if bare.post("/gradio_api/queue/join", asked).status == 200:
                        told = bare.get(f"/gradio_api/queue/data?session_hash={session}").body
                        assert b"canary-7c1e4d" not in told
        assert bare.get(f"/gradio_api/file={canary}").status in (403, 404)


def test_the_page_is_mounted_with_its_own_checks_on() -> None:
    async def mount() -> FastAPI:
        app, bot = FastAPI(), LibraryBot()
        mount_page(app, bot, Warmup(bot), WebSettings())
        return app

    routes = asyncio.run(mount()).routes
    mounted = next(route.app for route in routes if hasattr(getattr(route, "app", None), "get_blocks"))
    blocks = mounted.get_blocks()
    assert blocks.has_launched is True
    assert blocks.allowed_paths == []
    assert blocks.max_file_size == 1
    assert blocks.run_history is False
    assert blocks.analytics_enabled is False
    assert all(event.api_visibility == "private" for event in blocks.fns.values())


def test_many_slow_bodies_do_not_stop_the_others(site: Site) -> None:
    import socket

    waiting = [socket.create_connection(("127.0.0.1", site.port), timeout=5) for _ in range(20)]
    try:
        for connection in waiting:
            connection.sendall(
                b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
        done = threading.Event()
        threading.Thread(target=lambda: (site.get("/healthz"), done.set()), daemon=True).start()
        assert done.wait(5)
    finally:
        for connection in waiting:
            connection.close()
