"""The fences, against a real server with the real page mounted."""

import json
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from web_bot import LibraryBot
from web_server import Site, inside, live

from bot.web.app import build_app
from bot.web.fences import PUBLIC, PublicPaths, SecurityHeaders, page_policy
from bot.web.types import WebSettings

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
        "POST /api/token",
        "POST /api/feedback",
        "POST /v1/chat/completions",
        "GET /v1/models",
        "GET HEAD /widget.js",
        "GET HEAD /widget-…",
        "GET HEAD /embed",
        "GET HEAD /embed/…",
        "GET /embed/suggestions",
        "GET /embed/evidence",
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
    assert own == {
        "/api/chat",
        "/api/token",
        "/api/feedback",
        "/v1/chat/completions",
        "/v1/models",
        "/healthz",
        "/readyz",
        "/widget.js",
        "/widget-{version}.js",
        "/embed",
        "/embed/{version}/{name}",
        "/embed/suggestions",
        "/embed/evidence",
    }


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
        "frame": site.get("/embed"),
        "frame's other method": site.post("/embed", {}),
        "token": site.post("/api/token", {"site": "nobody"}),
        "feedback": site.post("/api/feedback", {}),
        "models": site.get("/v1/models"),
        "models from outside": site.get("/v1/models", [("X-Real-IP", "203.0.113.7")]),
        "completion": site.post(
            "/v1/chat/completions", {"model": "forum-bot", "messages": [{"role": "user", "content": "누구?"}]}
        ),
        "stream": site.post(
            "/v1/chat/completions",
            {"model": "forum-bot", "messages": [{"role": "user", "content": "누구?"}], "stream": True},
        ),
        "no completion": site.post("/v1/chat/completions", {}),
        "openapi": site.get("/openapi.json"),
        "suggestions": site.get("/embed/suggestions"),
        "evidence": site.get("/embed/evidence"),
        "another launcher": site.get("/widget-000000000000.js"),
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


def test_the_routes_are_described_only_where_the_settings_say_so() -> None:
    with inside(LibraryBot()) as plain:
        assert plain.get("/openapi.json").status == 404
    with inside(LibraryBot(), WebSettings(openapi=True)) as described:
        reply = described.get("/openapi.json")
        assert reply.status == 200
        assert {"/api/chat", "/api/token", "/api/feedback", "/v1/models"} <= set(reply.json["paths"])
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert described.send("POST", "/openapi.json", b"").status == 405
