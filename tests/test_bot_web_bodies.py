"""The fence for bodies, and that no file is ever taken or given, against a real server with the real page."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from web_bot import LibraryBot
from web_server import Site, live

from bot.web.page import mount_page
from bot.web.types import WebSettings
from bot.web.warmup import Warmup

JSON = ("Content-Type", "application/json")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with live() as running:
        yield running


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
