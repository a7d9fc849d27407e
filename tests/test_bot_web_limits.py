"""Limits, the line and slow readers: in a small application, and against real servers and a real Redis."""

import asyncio
import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from web_bot import LibraryBot
from web_server import Site, events, inside, live
from web_sites import shown, token

from bot.sites.changes import add_key, add_site
from bot.sites.types import Look
from bot.sites.types import Site as Community
from bot.types import Event, Token, Turn
from bot.web.limits import LOOKS, Limits, LimitsUrlError, TooManyRequestsError, rates
from bot.web.readers import watched
from bot.web.serve import ServingError, bind, check_settings
from bot.web.tally import Tally
from bot.web.types import WebSettings
from prompts import UserError, say

ROOT = Path(__file__).resolve().parents[1]
QUESTION = {"question": "관장은 누구인가요?"}
TEN = WebSettings(visitor_limit="10/minute")


def passed(limits: Limits, times: int, visitor: str = "203.0.113.9", **more: object) -> int:
    """How many of so many questions at once are let through."""

    async def one() -> bool:
        try:
            await limits.question(visitor, **more)  # type: ignore[arg-type]
        except TooManyRequestsError:
            return False
        return True

    async def all_at_once() -> int:
        return sum(await asyncio.gather(*(one() for _ in range(times))))

    return asyncio.run(all_at_once())


def refusal(limits: Limits, visitor: str = "203.0.113.9", **more: object) -> TooManyRequestsError:
    with pytest.raises(TooManyRequestsError) as caught:
        asyncio.run(limits.question(visitor, **more))  # type: ignore[arg-type]
    return caught.value


# Who may ask how much


def test_exactly_the_limit_passes_and_the_others_are_untouched() -> None:
    limits = Limits(TEN)
    assert passed(limits, 100) == 10
    assert passed(limits, 100, "203.0.113.10") == 10


def test_the_shorter_and_the_longer_limit_both_hold() -> None:
    limits = Limits(WebSettings(visitor_limit="10/day; 5/second"))
    seen = 0
    for _ in range(3):
        seen += passed(limits, 10)
        time.sleep(1.01)
    assert seen == 10
    assert 86_000 < refusal(limits).retry_after <= 86_400


def test_what_a_visitor_was_refused_counts_for_nobody_else() -> None:
    limits = Limits(WebSettings(visitor_limit="10/minute", limit="30/minute"))
    assert passed(limits, 100) == 10
    assert [passed(limits, 100, f"203.0.113.{number}") for number in (1, 2, 3)] == [10, 10, 0]


def test_a_registered_site_has_its_own_limit_and_other_sites_theirs() -> None:
    limits = Limits(WebSettings(site_limit="2/minute", origins=("https://near.example.kr",)))
    site = Community("k1", "마을", ("https://a.kr",), Look(limit=7))
    other = Community("k2", "이웃", ("https://b.kr",), Look(limit=3))
    assert passed(limits, 20, site=site) == 7
    assert passed(limits, 20, site=replace(site, id="k3")) == 0  # a rotated key is the same site
    assert passed(limits, 20, site=other) == 3
    assert passed(limits, 20, origin="https://near.example.kr") == 2
    assert passed(limits, 20, origin="https://elsewhere.example.kr") == 20  # not ours: counts to its visitor
    assert say("web.too_many_of_site", wait="60초") == str(refusal(limits, site=site))


def test_a_look_has_a_wider_limit_than_a_question() -> None:
    async def looks(limits: Limits) -> int:
        for count in range(1_000):
            try:
                await limits.look("203.0.113.9")
            except TooManyRequestsError:
                return count
        return 1_000

    assert asyncio.run(looks(Limits(TEN))) == 120


@pytest.mark.parametrize(
    ("limit", "spoken"),
    [("1/minute", "60초"), ("1/5minute", "5분"), ("1/day", "24시간"), ("1/second", "1초")],
)
def test_the_time_to_wait_is_told_in_a_unit_that_fits(limit: str, spoken: str) -> None:
    limits = Limits(WebSettings(visitor_limit=limit))
    passed(limits, 1)
    assert str(refusal(limits)) == say("web.too_many", wait=spoken)


def test_a_window_moves() -> None:
    now = 1_000.0
    tally = Tally(clock=lambda: now)

    async def hits(at: float, times: int) -> int:
        nonlocal now
        now = at
        return sum([await tally.acquire_entry("a", 10, 60) for _ in range(times)])

    assert asyncio.run(hits(1_000, 6)) == 6
    assert asyncio.run(hits(1_059, 10)) == 4
    assert asyncio.run(hits(1_060.5, 10)) == 6  # the first six are over, the last four are not
    assert asyncio.run(hits(1_118, 10)) == 0
    assert asyncio.run(hits(1_119.5, 10)) == 4


@pytest.mark.parametrize("text", ["", "none", " NONE "])
def test_no_limit_is_no_limit(text: str) -> None:
    assert rates(text) == ()
    assert passed(Limits(WebSettings(visitor_limit=text)), 500) == 500


@pytest.mark.parametrize(
    "text", ["many", "10", "10/fortnight", "-1/minute", "0/minute", "10/0minute", "10/m;", "1000000/day"]
)
def test_a_limit_that_means_nothing_is_one_korean_line_at_the_start(text: str) -> None:
    for settings in (WebSettings(visitor_limit=text), WebSettings(site_limit=text), WebSettings(limit=text)):
        with pytest.raises(ServingError, match="한도로 쓸 수 없습니다") as caught:
            check_settings(settings)
        assert text in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["*", "0.0.0.0/0", "proxy.example.kr"])
def test_a_proxy_that_cannot_be_one_is_one_korean_line_at_the_start(proxy: str) -> None:
    with pytest.raises(ServingError, match="프록시 주소로 쓸 수 없습니다"):
        check_settings(WebSettings(proxies=("127.0.0.1", proxy)))


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "http://:geheim@a.kr",
        "redis://",
        "redis://:geheim@a.kr:port",
        "redis://:geheim@a.kr:99999",
    ],
)
def test_a_url_that_names_no_redis_is_one_korean_line_without_its_password(url: str) -> None:
    with pytest.raises(LimitsUrlError, match="Redis 주소로 쓸 수 없습니다") as caught:
        check_settings(WebSettings(limits_url=url))
    assert "geheim" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_setting_never_shows_the_password() -> None:
    assert "geheim" not in repr(WebSettings(limits_url="redis://:geheim@a.kr"))


def test_good_limits_are_taken() -> None:
    check_settings(
        WebSettings(
            proxies=("127.0.0.1", "10.0.0.0/24", "2001:db8::/48"), visitor_limit="10/minute;200/day",
            site_limit="60/minute", limit="none", limits_url="valkeys://name:geheim@a.kr:6380/1",
        )
    )  # fmt: skip


# Memory

MILLION = """
import asyncio, os
from bot.web.limits import rates
from bot.web.tally import Tally
tally, limits = Tally(), rates("10/minute;200/day")
async def visits():
    for number in range(1_000_000):
        name = f"{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}.9"
        for rate in limits:
            await tally.acquire_entry(rate.key_for("visitor", name), rate.amount, rate.get_expiry())
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before = resident()
asyncio.run(visits())
print(resident() - before, tally.size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a process is read from /proc")
def test_a_million_visitors_take_at_most_200_mb() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MILLION], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    grown, counted = map(int, done.stdout.split())
    assert 20_000_000 < grown <= 200_000_000  # bytes of the process
    assert counted <= 160_000_000


def test_visitors_with_all_their_questions_stay_within_the_bound() -> None:
    budget = 2_000_000
    tally = Tally(budget)

    async def visits() -> None:
        for number in range(500):
            for _ in range(200):
                await tally.acquire_entry(f"visitor-{number}", 200, 86_400)

    tracemalloc.start()
    try:
        asyncio.run(visits())
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now <= budget * 1.25
    assert 0 < tally.size <= budget * 1.25


def test_who_asks_all_the_time_is_not_forgotten_while_strangers_come() -> None:
    tally = Tally(200_000)

    async def let_through() -> int:
        count = 0
        for number in range(20_000):
            await tally.acquire_entry(f"stranger-{number}", 10, 60)
            if number % 100 == 0:
                count += await tally.acquire_entry("mine", 10, 60)
        return count

    assert asyncio.run(let_through()) == 10


# Over HTTP


def statuses(site: Site, count: int, headers: Callable[[int], list[tuple[str, str]]]) -> Counter[int]:
    with ThreadPoolExecutor(8) as pool:
        return Counter(
            pool.map(lambda number: site.post("/api/chat", QUESTION, headers(number)).status, range(count))
        )


@contextmanager
def ready(settings: WebSettings) -> Iterator[Site]:
    with inside(LibraryBot(), settings) as site:
        site.wait_ready()
        yield site


def test_the_rest_get_429_with_the_seconds_to_wait_and_one_line() -> None:
    with ready(TEN) as site:
        replies = [site.post("/api/chat", QUESTION) for _ in range(12)]
        assert [reply.status for reply in replies] == [200] * 10 + [429] * 2
        refused = replies[-1]
        wait = int(refused.headers["Retry-After"])
        assert 50 <= wait <= 60
        assert refused.json == {"error": say("web.too_many", wait=f"{wait}초")}
        assert refused.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert (
            site.get("/healthz").status == site.get("/embed").status == site.get("/widget.js").status == 200
        )


def test_a_question_that_is_none_is_not_counted() -> None:
    with ready(TEN) as site:
        assert {site.post("/api/chat", {"question": " "}).status for _ in range(12)} == {400}
        assert site.post("/api/chat", QUESTION).status == 200


def forging(number: int) -> list[tuple[str, str]]:
    forged = f"198.51.{number // 250}.{number % 250 + 1}"
    return [
        ("X-Forwarded-For", forged),
        ("Forwarded", f"for={forged}"),
        ("X-Real-IP", forged),
        ("CF-Connecting-IP", forged),
    ]


def test_200_questions_with_forged_addresses_are_one_visitor() -> None:
    with ready(TEN) as site:
        assert statuses(site, 200, forging) == {200: 10, 429: 190}


@pytest.mark.parametrize("proxies", [("127.0.0.1",), ("127.0.0.1", "10.1.0.7")], ids=["one", "two"])
def test_the_same_through_our_proxies(proxies: tuple[str, ...]) -> None:
    hops = ["203.0.113.9", "10.1.0.7"][: len(proxies)]

    def through(number: int) -> list[tuple[str, str]]:
        (name, forged), *others = forging(number)
        return [(name, ", ".join((forged, *hops))), *others]

    with ready(replace(TEN, proxies=proxies)) as site:
        assert statuses(site, 200, through) == {200: 10, 429: 190}


def test_real_clients_behind_a_proxy_each_have_their_own_limit() -> None:
    with ready(WebSettings(visitor_limit="2/minute", proxies=("127.0.0.1",))) as site:

        def client(number: int) -> list[tuple[str, str]]:
            return [("X-Forwarded-For", f"203.0.113.{number % 20 + 1}")]

        assert statuses(site, 60, client) == {200: 40, 429: 20}


def test_evidence_and_suggestions_have_the_wider_limit() -> None:
    with ready(WebSettings(visitor_limit="1/minute")) as site:
        seen = Counter(site.get("/embed/suggestions").status for _ in range(14))
        assert seen == {200: 12, 429: 2}
        assert site.get("/embed/evidence").status == 429
        assert site.post("/api/chat", QUESTION).status == 200


def test_200_questions_at_once_are_all_answered_or_turned_away_within_a_second() -> None:
    with inside(LibraryBot(pace=0.05), WebSettings(chats=8, waiting=16)) as site:
        site.wait_ready()
        together = threading.Barrier(200)
        replies: list[tuple[int, float, str | None]] = []

        def ask() -> None:
            together.wait()
            began = time.perf_counter()
            reply = site.post("/api/chat", QUESTION)
            took = time.perf_counter() - began
            replies.append((reply.status, took, reply.headers["Retry-After"]))
            if reply.status == 200:
                assert events(reply)[-2][0] == "answer"

        threads = [threading.Thread(target=ask) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(replies) == 200
        refused = [(took, wait) for status, took, wait in replies if status == 503]
        assert {status for status, _, _ in replies} == {200, 503}
        assert all(wait == "5" for _, wait in refused)
        assert sorted(took for took, _ in refused)[int(0.95 * len(refused))] < 1.0
        assert site.post("/api/chat", QUESTION).status == 200


# Sites, feedback and other servers

HOST = "https://forum.example.kr"
COMPLETION = {"model": "forum-bot", "messages": [{"role": "user", "content": QUESTION["question"]}]}


def test_a_registered_site_has_its_own_limit_and_its_page_may_read_why(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    key = add_site(registry, "마을", (HOST,), Look(limit=2)).id
    with ready(WebSettings(registry=registry)) as site:
        headers = shown(site, key, HOST)
        *fine, refused = [site.post("/api/chat", {**QUESTION, "site": key}, headers) for _ in range(3)]
        assert [reply.status for reply in fine] == [200, 200]
        assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (429, HOST)
        assert refused.headers["Access-Control-Expose-Headers"] == "Retry-After"
        assert refused.json == {
            "error": say("web.too_many_of_site", wait=f"{refused.headers['Retry-After']}초")
        }
        assert site.post("/api/chat", QUESTION).status == 200  # another's question


def test_a_question_without_a_visitors_token_counts_for_nobody(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    key = add_site(registry, "마을", (HOST,)).id
    with ready(replace(TEN, registry=registry)) as site:
        body = {**QUESTION, "site": key}
        assert {site.post("/api/chat", body, [("Origin", HOST)]).status for _ in range(12)} == {401}
        assert site.post("/api/chat", QUESTION).status == 200


def test_tokens_and_feedback_have_the_wider_limit(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    key = add_site(registry, "마을", (HOST,)).id
    with ready(WebSettings(visitor_limit="1/minute", registry=registry)) as site:
        id = dict(events(site.post("/api/chat", QUESTION)))["answer"]["id"]
        assert site.post("/api/chat", QUESTION).status == 429
        assert token(site, key, HOST).status == 200
        for _ in range(LOOKS - 1):
            assert site.post("/api/feedback", {"id": id, "verdict": "up"}).status == 204
        assert site.post("/api/feedback", {"id": id, "verdict": "up"}).status == 429
        assert token(site, key, HOST).status == 429


def test_another_server_is_counted_by_its_key_and_not_by_its_address(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    settings = WebSettings(visitor_limit="1/minute", key_limit="2/minute", registry=registry)
    with ready(replace(settings, registry=None)) as site:  # without a key: this machine
        assert [site.post("/v1/chat/completions", COMPLETION).status for _ in range(3)] == [200, 200, 429]
    keys = [add_key(registry, name) for name in ("마을 서버", "다른 서버")]
    with ready(settings) as site:
        for key in keys:
            shown = [("Authorization", f"Bearer {key}")]
            asked = [site.post("/v1/chat/completions", COMPLETION, shown) for _ in range(3)]
            assert [reply.status for reply in asked] == [200, 200, 429]
            assert asked[2].json["error"]["code"] == "rate_limit_exceeded"
            assert 1 <= int(asked[2].headers["Retry-After"]) <= 60
        assert site.post("/api/chat", QUESTION).status == 200
        assert site.get("/v1/models", shown).status == 200  # a look


def test_the_chat_route_and_the_completions_have_one_line() -> None:
    with inside(LibraryBot(pace=0.5), WebSettings(chats=1, waiting=0)) as site:
        site.wait_ready()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(site.post, "/api/chat", QUESTION)
            time.sleep(0.3)
            refused = site.post("/v1/chat/completions", COMPLETION)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
            assert running.result().status == 200
        assert site.post("/v1/chat/completions", COMPLETION).status == 200


# The page


def test_the_page_counts_its_questions_and_says_so_in_a_reply() -> None:
    with live(WebSettings(port=0, visitor_limit="3/minute")) as site:
        replies = [asked_on_the_page(site, f"session{number}") for number in range(5)]
        assert ["이서준" in reply for reply in replies] == [True] * 3 + [False] * 2
        assert all("다시 물어봐 주세요" in reply for reply in replies[3:])
        assert site.post("/api/chat", QUESTION).status == 429  # one count for both


def asked_on_the_page(site: Site, session: str) -> str:
    """What the page is told after a question in a new session."""
    config = site.get("/config").json
    (send,) = [each["id"] for each in config["dependencies"] if each["targets"][0][1] == "submit"]
    body = {"data": [QUESTION["question"], []], "fn_index": send, "session_hash": session}
    assert site.post("/gradio_api/queue/join", body).status == 200
    return site.get(f"/gradio_api/queue/data?session_hash={session}").body.decode()


# Slow readers


class TalkativeBot(LibraryBot):
    """Says the same word until it is not listened to."""

    def stream(
        self, question: str, history: Sequence[Turn] = (), left: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        if "끝없이" not in question:
            yield from super().stream(question, history, left)
            return
        try:
            while not left():
                yield Token("도서관 " * 500)
                time.sleep(0.002)
        finally:
            self.closed += 1


class SlowTalker(TalkativeBot):
    """Says a little now and then, so that what waits for its reader grows for long."""

    def stream(
        self, question: str, history: Sequence[Turn] = (), left: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        for event in super().stream(question, history, left):
            time.sleep(0.1)
            yield Token("도서관 " * 50) if isinstance(event, Token) else event


@contextmanager
def watching(bot: LibraryBot, settings: WebSettings) -> Iterator[Site]:
    """As `inside`, with the protocol that cuts slow readers."""
    import uvicorn

    from bot.web.app import build_app

    servers: list[uvicorn.Server] = []

    async def run() -> None:
        protocol = watched(settings.reader_idle, settings.reader_total)
        app = build_app(bot, settings, page=False)
        config = uvicorn.Config(
            app,
            log_level="critical",
            ws="none",
            http=protocol,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=2,
        )
        servers.append(uvicorn.Server(config))
        await servers[0].serve(sockets=[listener])

    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        site = Site(listener.getsockname()[1])
        site.wait_ready()
        try:
            yield site
        finally:
            servers[0].should_exit = True
            thread.join(timeout=10)


def narrow(site: Site, question: str) -> socket.socket:
    """A connection that has asked and holds next to nothing that it was not asked to read."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    reader.settimeout(5)
    reader.connect(("127.0.0.1", site.port))
    body = json.dumps({"question": question}).encode()
    head = ("POST /api/chat HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
            f"Content-Length: {len(body)}", "", "")  # fmt: skip
    reader.sendall("\r\n".join(head).encode() + body)
    return reader


def seconds_until_cut(reader: socket.socket, every: float, most: float) -> float:
    """Read 100 bytes each `every` seconds (none for 0) until the connection is cut."""
    began = time.monotonic()
    if not every:
        reader.settimeout(most)
        while time.monotonic() - began < most:
            time.sleep(0.05)
            try:
                reader.send(b"\r\n")  # tells whether the other side is still there
            except OSError:
                return time.monotonic() - began
        return most
    while time.monotonic() - began < most:
        try:
            if not reader.recv(100):
                break
        except ConnectionError:
            break
        time.sleep(every)
    return time.monotonic() - began


def test_a_reader_who_takes_nothing_is_cut_and_the_slot_is_free(caplog: pytest.LogCaptureFixture) -> None:
    bot = TalkativeBot()
    with watching(bot, WebSettings(chats=1, waiting=0, reader_idle=1.0, reader_total=60.0)) as site:
        reader = narrow(site, "끝없이 말해 줘")
        time.sleep(0.3)
        assert site.post("/api/chat", QUESTION).status == 503  # the slot is taken
        assert 0.5 < seconds_until_cut(reader, 0, 10) < 5
        reader.close()
        deadline = time.monotonic() + 5
        while (status := site.post("/api/chat", QUESTION).status) != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert status == 200
        while bot.closed < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert bot.closed == 2
    assert "failed" not in caplog.text


def test_a_reader_who_takes_a_little_now_and_then_is_cut_in_the_end() -> None:
    bot = TalkativeBot()
    with watching(bot, WebSettings(chats=1, waiting=0, reader_idle=1.0, reader_total=3.0)) as site:
        reader = narrow(site, "끝없이 말해 줘")
        assert 2.0 < seconds_until_cut(reader, 0.02, 20) < 10
        reader.close()


def test_what_is_written_meanwhile_does_not_keep_a_reader_who_takes_nothing() -> None:
    bot = SlowTalker()
    with watching(bot, WebSettings(reader_idle=1.0, reader_total=60.0)) as site:
        reader = narrow(site, "끝없이 말해 줘")
        assert 0.5 < seconds_until_cut(reader, every=0, most=8) < 4
        reader.close()


def test_an_answer_that_was_written_whole_but_is_not_taken_is_cut_too() -> None:
    with watching(LibraryBot(), WebSettings(reader_idle=0.5, reader_total=5.0)) as site:
        readers = [narrow(site, QUESTION["question"]) for _ in range(5)]
        for reader in readers:
            assert seconds_until_cut(reader, 0, 10) < 8
            reader.close()


def test_a_reader_who_takes_what_comes_is_never_cut() -> None:
    with watching(LibraryBot(pace=0.5), WebSettings(reader_idle=0.4, reader_total=0.8)) as site:
        began = time.monotonic()
        assert events(site.post("/api/chat", QUESTION))[-2][0] == "answer"
        assert time.monotonic() - began > 1.6


def test_fast_readers_go_on_beside_slow_ones() -> None:
    with watching(TalkativeBot(), WebSettings(chats=30, reader_idle=30.0)) as site:
        slow = [narrow(site, "끝없이 말해 줘") for _ in range(10)]
        times = []
        for _ in range(20):
            began = time.perf_counter()
            assert events(site.post("/api/chat", QUESTION))[-2][0] == "answer"
            times.append(time.perf_counter() - began)
        assert sorted(times)[-2] < 1.0
        for reader in slow:
            reader.close()


# Redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator["Redis"]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


class Redis:
    """A real Redis with a password on a free loopback port, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._program = shutil.which("redis-server") or shutil.which("valkey-server")
        if self._program is None:
            pytest.skip("redis-server is not installed (Debian: redis-server)")
        with bind("127.0.0.1", 0) as free:
            self._port = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://:geheim@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        options = {"port": self._port, "bind": "127.0.0.1", "save": "", "appendonly": "no",
                   "requirepass": "geheim", "dir": self._folder}  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen([str(self._program), *words], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("redis did not start")

    def counted(self) -> list[bytes]:
        import redis

        with redis.Redis.from_url(self.url) as client:
            return list(client.scan_iter())

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


def test_two_servers_with_one_redis_enforce_one_limit(redis: Redis) -> None:
    settings = WebSettings(port=0, visitor_limit="20/minute", limit="30/minute", limits_url=redis.url)
    with live(settings) as one, live(settings) as two:

        def ask(number: int) -> int:
            return (one, two)[number % 2].post("/api/chat", QUESTION).status

        with ThreadPoolExecutor(8) as pool:
            assert Counter(pool.map(ask, range(60))) == {200: 20, 429: 40}
        refused = one.post("/api/chat", QUESTION)
        assert refused.status == 429 and 1 <= int(refused.headers["Retry-After"]) <= 60
        assert redis.counted() and not any(b"127.0.0.1" in key for key in redis.counted())


def test_without_its_redis_a_server_counts_alone_and_says_so_once(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    redis.stop()
    with caplog.at_level(logging.INFO), ready(replace(TEN, limits_url=redis.url)) as site:
        began = time.perf_counter()
        assert statuses(site, 30, lambda number: []) == {200: 10, 429: 20}
        assert time.perf_counter() - began < 5
    told = [record for record in caplog.records if record.name == "bot.web.limits"]
    assert len(told) == 1
    assert "geheim" not in caplog.text and "127.0.0.1" not in told[0].getMessage()


def test_a_redis_that_hangs_costs_one_short_wait_and_one_that_comes_back_is_used(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async def tried() -> None:
        limits = Limits(replace(TEN, limits_url=redis.url))
        await limits.question("a")
        redis.stop()
        with bind("127.0.0.1", int(redis.url.rpartition(":")[2].split("/")[0])):  # takes calls, never answers
            began = time.perf_counter()
            for _ in range(5):
                await limits.question("a")
            assert time.perf_counter() - began < 2
        redis.start()
        await asyncio.sleep(5.1)
        for _ in range(10):
            await limits.question("a")  # the new Redis has not seen the others
        with pytest.raises(TooManyRequestsError):
            await limits.question("a")
        await limits.close()

    asyncio.run(tried())
    assert len([record for record in caplog.records if record.name == "bot.web.limits"]) == 2


def test_a_wrong_password_is_no_reason_to_fail(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    async def tried() -> None:
        limits = Limits(replace(TEN, limits_url=redis.url.replace("geheim", "falsch")))
        for _ in range(10):
            await limits.question("a")
        with pytest.raises(UserError):
            await limits.question("a")
        await limits.close()

    asyncio.run(tried())
    assert "falsch" not in caplog.text
