"""The numbers of a running server, on a loopback port of its own."""

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from web_bot import LibraryBot
from web_process import Served, served

from bot.bot import Bot
from bot.counts import fallback_kind
from bot.llm.failures import ModelError
from bot.types import Answer, State
from bot.web.admin import PATHS, build_admin
from bot.web.fences import PUBLIC
from bot.web.operation import BUCKETS, Ended, Meters, Operation, Watched
from bot.web.serve import ServingError, bind, check_admin, serve
from bot.web.stopping import Stop
from bot.web.traffic import Traffic, route_of
from bot.web.types import WebSettings

CANARY = "raven4417"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with served(admin_port=0) as found:
        found.site.wait_ready()
        yield found


def samples(text: str) -> Samples:
    """Every sample of an exposition by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def questions(found: Samples) -> dict[tuple[str, str, str], float]:
    """How many questions ended, by (kind, reason, fallback)."""
    name = "forum_bot_questions_total"
    told = {key[1]: value for key, value in found.items() if key[0] == name}
    return {
        (dict(labels)["kind"], dict(labels)["reason"], dict(labels)["fallback"]): value
        for labels, value in told.items()
    }


def test_the_numbers_tell_how_questions_ended_and_nothing_of_them(running: Served) -> None:
    assert running.admin is not None
    for question in ("관장은 누구인가요?", f"축구 {CANARY} 010-1234-5678?", f"고장 {CANARY}?"):
        assert running.site.post("/api/chat", {"question": question}).status == 200
    running.site.get(f"/{CANARY}")
    running.site.post("/api/chat", {"question": ""})
    reply = running.admin.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = reply.body.decode()
    found = samples(text)
    assert questions(found) == {
        ("answer", "", ""): 1.0, ("refusal", "no_evidence", ""): 1.0, ("failed", "", ""): 1.0,
    }  # fmt: skip
    assert found["forum_bot_answer_seconds_count", ()] == 2.0
    assert found["forum_bot_open_chats", ()] == found["forum_bot_waiting_chats", ()] == 0.0
    responses = {key[1]: value for key, value in found.items() if key[0] == "forum_bot_http_responses_total"}
    assert responses[("route", "/api/chat"), ("status", "200")] == 3.0
    assert responses[("route", "/api/chat"), ("status", "400")] == 1.0
    assert responses[("route", "other"), ("status", "404")] == 1.0
    if sys.platform == "linux":
        assert found["process_resident_memory_bytes", ()] > 1e6
    for secret in (CANARY, "관장", "축구", "1234-5678", "127.0.0.1"):
        assert secret not in text


def test_the_status_is_json_for_people(running: Served) -> None:
    assert running.admin is not None
    status = running.admin.get("/status").json
    assert status["ready"] is True and status["stopping"] is False
    assert status["uptime_s"] > 0 and status["open_chats"] == 0
    assert {"generation", "articles", "chunks", "model", "breaker_open"} <= set(status)
    assert running.admin.get("/readyz").status == 200


@pytest.mark.parametrize("path", ["/metrics", "/status", "/metrics/", "/reload", "/admin", "/bot/metrics"])
def test_the_public_port_has_none_of_it(running: Served, path: str) -> None:
    assert running.site.get(path).status == 404
    assert running.site.post(path, {}).status == 404


def test_the_admin_port_has_nothing_else_and_the_headers_of_the_house(running: Served) -> None:
    assert running.admin is not None
    for path in ("/", "/api/chat", "/docs", "/openapi.json", "/embed", "/healthz"):
        assert running.admin.get(path).status == 404
    assert running.admin.post("/metrics", {}).status == 405
    for path in ("/metrics", "/status", "/readyz", "/nowhere"):
        headers = running.admin.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Server"] is None


def test_a_name_of_another_site_that_points_here_gets_nothing(running: Served) -> None:
    assert running.admin is not None
    assert running.admin.get("/metrics", [("Host", "evil.example")]).status == 400


def test_no_path_is_on_both_ports_but_the_readiness() -> None:
    assert {path for _, path in PATHS} & {path for _, path in PUBLIC} == {"/readyz"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "localhost", ""])
def test_the_admin_port_opens_on_loopback_only(host: str) -> None:
    with pytest.raises(ServingError, match="이 컴퓨터에서만"):
        check_admin(WebSettings(admin_port=0, admin_host=host))
    check_admin(WebSettings(admin_port=0, admin_host="::1"))


def test_an_admin_port_in_use_is_one_line_that_names_the_setting() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServingError, match=f"FORUM_BOT_ADMIN_PORT={port + 1}"):
            serve(LibraryBot(), WebSettings(port=0, admin_port=port))


def test_without_the_library_the_line_tells_how_to_install_it() -> None:
    code = (
        "import sys, importlib.machinery as m; find = m.PathFinder.find_spec\n"
        "m.PathFinder.find_spec = lambda name, *a: None if name == 'prometheus_client' else find(name, *a)\n"
        "from bot.web.serve import check_admin; from bot.web.types import WebSettings\n"
        "try: check_admin(WebSettings(admin_port=0))\n"
        "except Exception as exc: print(ascii(str(exc)), 'prometheus_client' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert "forum-bot[metrics]" in done.stdout and done.stdout.strip().endswith("False")


def test_without_an_admin_port_the_library_is_not_loaded() -> None:
    code = "import sys, bot.web.serve, bot.web.app, bot.web.admin; print('prometheus_client' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert done.stdout.strip() == "False"


def test_a_real_bot_tells_its_index_and_its_model(report_bot: Bot) -> None:
    state = report_bot.state()
    assert state == replace(state, articles=1, model=None, breaker_open=False, waiting=0)
    assert state.chunks >= 1 and "T" in state.generation
    operation = Operation(Stop(1))

    async def both() -> tuple[httpx.Response, httpx.Response]:
        app = build_admin(Watchless(report_bot), operation)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/status"), await client.get("/metrics")

    status, metrics = asyncio.run(both())
    assert status.json()["generation"] == state.generation and status.json()["articles"] == 1
    assert samples(metrics.text)["forum_bot_articles", ()] == 1.0
    assert samples(metrics.text)["forum_bot_breaker_open", ()] == 0.0


class Watchless(LibraryBot):
    """The library's bot that tells the state of another."""

    def __init__(self, other: Bot) -> None:
        super().__init__()
        self.warm()
        self._other = other

    def state(self) -> State:
        return self._other.state()


def test_a_visitor_who_leaves_is_counted_so() -> None:
    operation = Operation(Stop(1))
    stream = Watched(LibraryBot(), operation).stream("관장은 누구인가요?", (), lambda: False)
    next(stream)
    assert operation.meters.open == 1
    stream.close()  # type: ignore[attr-defined]
    assert operation.meters.open == 0
    assert operation.meters.ended() == {Ended("left"): 1}


def test_a_fallback_is_counted_by_its_kind_and_not_by_its_sentence() -> None:
    class Fallen(LibraryBot):
        def _answer(self, question: str) -> Answer:
            return replace(super()._answer(question), fallback=str(ModelError("stalled")))

    operation = Operation(Stop(1))
    list(Watched(Fallen(), operation).stream("관장은 누구인가요?", (), lambda: False))
    assert operation.meters.ended() == {Ended("answer", "", "stalled"): 1}
    assert fallback_kind("무엇이든") == "other"


def test_latencies_fall_into_their_buckets() -> None:
    meters = Meters()
    for seconds in (0.01, 0.05, 0.2, 99.0):
        meters.begin()
        meters.end(Ended("answer"), seconds)
    meters.begin()
    meters.end(Ended("failed"), 3.0)
    within, total = meters.latency()
    assert sum(within) == 4 and within[0] == 2 and within[-1] == 1 and len(within) == len(BUCKETS) + 1
    assert total == pytest.approx(99.26)


def test_a_route_tells_nothing_that_a_visitor_chose() -> None:
    assert route_of("/api/chat") == "/api/chat"
    assert route_of("/embed/0123456789ab/embed.js") == "/embed/"
    assert route_of("/gradio_api/heartbeat/abc") == "/gradio_api/heartbeat/"
    assert route_of(f"/{CANARY}") == route_of("/metrics") == "other"


def test_a_page_that_is_open_does_not_keep_the_server_busy() -> None:
    traffic = Traffic()
    traffic.begin("/gradio_api/heartbeat/")
    assert traffic.busy == 0
    traffic.begin("/api/chat")
    assert traffic.busy == 1
    traffic.end("/api/chat", 200)
    assert traffic.busy == 0 and traffic.ended() == {("/api/chat", 200): 1}


def test_a_stream_in_progress_is_an_open_chat() -> None:
    with served({"pace": 0.3}, admin_port=0) as running:
        running.site.wait_ready()
        connection = http.client.HTTPConnection("127.0.0.1", running.site.port, timeout=20)
        body = json.dumps({"question": "관장은 누구인가요?"})
        connection.request("POST", "/api/chat", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            response.readline()
            assert running.admin is not None
            assert running.admin.get("/status").json["open_chats"] == 1
            response.read()
        connection.close()
        assert running.admin.get("/status").json["open_chats"] == 0
