"""The plain chat route, on a real server without the page."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_bot import LibraryBot
from web_server import Site, events, inside

from bot.types import Turn
from bot.web.types import WebSettings
from prompts import say

QUESTION = {"question": "관장은 누구인가요?"}


@pytest.fixture(scope="module")
def bot() -> LibraryBot:
    return LibraryBot()


@pytest.fixture(scope="module")
def site(bot: LibraryBot) -> Iterator[Site]:
    with inside(bot) as running:
        running.wait_ready()
        yield running


def test_an_answer_comes_as_status_sources_tokens_answer_done(site: Site) -> None:
    reply = site.post("/api/chat", QUESTION)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    told = events(reply)
    names = [name for name, _ in told]
    assert names[:2] == ["status", "sources"]
    assert names[-2:] == ["answer", "done"]
    assert set(names[2:-2]) == {"token"}


def test_the_answer_event_is_the_published_json(site: Site) -> None:
    answer = dict(events(site.post("/api/chat", QUESTION)))["answer"]
    assert list(answer) == [
        "id",
        "kind",
        "question",
        "standalone",
        "answer",
        "short",
        "refused",
        "reason",
        "citations",
        "mode",
        "model",
        "fallback",
        "latency_ms",
    ]
    assert answer["kind"] == "answer"
    assert answer["citations"][0]["marker"] == 1


def test_tokens_join_to_the_answer_and_sources_are_its_citations(site: Site) -> None:
    told = events(site.post("/api/chat", QUESTION))
    answer = dict(told)["answer"]
    assert "".join(data["text"] for name, data in told if name == "token").strip() == answer["answer"]
    assert dict(told)["sources"]["citations"] == answer["citations"]


def test_hangul_is_sent_as_it_is(site: Site) -> None:
    assert "이서준".encode() in site.post("/api/chat", QUESTION).body


def test_a_refusal_is_an_answer_event(site: Site) -> None:
    answer = dict(events(site.post("/api/chat", {"question": "축구는 어디서 하나요?"})))["answer"]
    assert (answer["kind"], answer["refused"], answer["reason"]) == ("refusal", True, "no_evidence")


def test_the_history_reaches_the_bot(site: Site, bot: LibraryBot) -> None:
    history = [["user", "도서관은 언제 여나요?"], ["assistant", "밤 10시까지 엽니다."]]
    site.post("/api/chat", {**QUESTION, "history": history, "site": None})
    assert bot.asked[-1] == (QUESTION["question"], tuple(Turn(role, text) for role, text in history))


@pytest.mark.parametrize("question", ["고장 났나요?", "중간에 끊김이 있나요?"])
def test_a_failure_is_one_korean_error_event_without_internals(site: Site, question: str) -> None:
    reply = site.post("/api/chat", {"question": question})
    told = events(reply)
    assert [name for name, _ in told][-2:] == ["error", "done"]
    assert dict(told)["error"] == {"error": say("web.failed"), "status": 500}
    assert "answer" not in dict(told)
    assert b"secret" not in reply.body


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": None}, "question"),
        ({"question": ["x"]}, "question"),
        ({"history": "x"}, "history"),
        ({"history": [["user"]]}, "history"),
        ({"history": [["system", "x"]]}, "history"),
        ({"history": [["user", "x", "y"]]}, "history"),
        ({"history": [{"role": "user"}]}, "history"),
        ({"history": [["user", "x"]] * 41}, "history"),
        ({"history": [["user", "x" * 4_001]]}, "history"),
        ({"history": [["user", 5]]}, "history"),
        ({"site": 5}, "site"),
        ({"site": "x" * 201}, "site"),
        ({"secret_field": "secret value"}, "본문"),
    ],
)
def test_a_wrong_field_is_a_short_korean_422(site: Site, change: dict, field: str) -> None:
    reply = site.post("/api/chat", {**QUESTION, **change})
    assert reply.status == 422
    assert reply.json == {"error": say("web.request_invalid", field=field)}
    assert b"secret" not in reply.body


def test_the_longest_history_is_taken(site: Site) -> None:
    assert (
        site.post("/api/chat", {**QUESTION, "history": [["user", "네?"], ["assistant", "예."]] * 20}).status
        == 200
    )


def test_an_empty_question_is_400_and_a_long_one_413(site: Site) -> None:
    empty = site.post("/api/chat", {"question": "\u3000 \n"})
    assert (empty.status, empty.json) == (400, {"error": say("web.question_empty")})
    long = site.post("/api/chat", json.dumps({"question": "가" * 2_001}, ensure_ascii=False).encode())
    assert (long.status, long.json) == (
        413,
        {"error": say("web.question_too_long", length="2,001", limit="2,000")},
    )
    assert (
        site.post("/api/chat", json.dumps({"question": "가" * 2_000}, ensure_ascii=False).encode()).status
        == 200
    )


def test_a_lone_surrogate_and_a_nul_are_dropped(site: Site, bot: LibraryBot) -> None:
    body = b'{"question": "\\ud800\\u0000 who\\udfff?", "history": [["user", "\\ud83d"]]}'
    assert site.post("/api/chat", body).status == 200
    assert bot.asked[-1] == ("who?", (Turn("user", ""),))


def test_300_random_questions_are_answered_or_refused(site: Site) -> None:
    slowest = 0.0

    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(
        st.text(st.characters(exclude_categories=()), max_size=60)
        | st.text("가힣ㄱㅏ각é\u200d\u202e\U000e0041😀\0\ud800", max_size=40)
    )
    def ask(question: str) -> None:
        nonlocal slowest
        started = time.perf_counter()
        reply = site.post("/api/chat", {"question": question})
        slowest = max(slowest, time.perf_counter() - started)
        assert reply.status in (200, 400, 413, 422)
        if reply.status == 200:
            assert events(reply)[-1][0] == "done"

    ask()
    assert slowest < 5


def test_health_is_200_and_readiness_503_until_warm() -> None:
    with inside(LibraryBot(warm_seconds=1.0)) as site:
        assert (site.get("/healthz").status, site.get("/healthz").json) == (200, {"status": "ok"})
        assert (site.get("/readyz").status, site.get("/readyz").json) == (503, {"status": "starting"})
        site.wait_ready()
        assert site.get("/readyz").json == {"status": "ready"}


def test_a_question_before_the_bot_is_warm_waits_and_says_so() -> None:
    with inside(LibraryBot(warm_seconds=0.8)) as site:
        told = events(site.post("/api/chat", QUESTION))
    assert [data["text"] for name, data in told if name == "status"] == [
        say("web.warming"),
        say("web.searching"),
    ]
    assert told[-2][0] == "answer"


def test_a_question_beyond_the_limit_waits_for_its_turn() -> None:
    with inside(LibraryBot(pace=0.2), WebSettings(chats=1)) as site:
        site.wait_ready()
        replies: list[int] = []
        threads = [
            threading.Thread(target=lambda: replies.append(site.post("/api/chat", QUESTION).status))
            for _ in range(3)
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert replies == [200, 200, 200]
        assert time.perf_counter() - started > 3 * 0.7  # one after the other: four pieces of 0.2 s each


@contextmanager
def occupied(settings: WebSettings) -> Iterator[Site]:
    """A server whose only slot is taken for about two seconds."""
    with inside(LibraryBot(pace=0.5), settings) as site:
        site.wait_ready()
        first = threading.Thread(target=lambda: site.post("/api/chat", QUESTION), daemon=True)
        first.start()
        time.sleep(0.3)
        yield site
        first.join()


def test_a_question_that_finds_no_room_in_the_line_is_503_at_once_with_a_time_to_retry() -> None:
    with occupied(WebSettings(chats=1, waiting=0)) as site:
        began = time.perf_counter()
        reply = site.post("/api/chat", QUESTION)
        assert time.perf_counter() - began < 1
        assert (reply.status, reply.json) == (503, {"error": say("web.busy")})
        assert reply.headers["Retry-After"] == "5"
        assert site.get("/healthz").status == 200


def test_a_question_in_the_line_is_told_so_and_in_the_end_that_it_waited_in_vain() -> None:
    with occupied(WebSettings(chats=1, patience=0.5)) as site:
        told = events(site.post("/api/chat", QUESTION))
    assert told == [
        ("status", {"text": say("web.waiting")}),
        ("error", {"error": say("web.busy"), "status": 503}),
        ("done", {}),
    ]


def test_ten_visitors_who_leave_free_their_places_and_stop_their_answers() -> None:
    bot = LibraryBot(pace=0.1)
    with inside(bot, WebSettings(chats=2)) as site:
        site.wait_ready()
        for _ in range(10):
            connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
            body = json.dumps(QUESTION)
            connection.request("POST", "/api/chat", body, {"Content-Type": "application/json"})
            connection.getresponse().read(20)
            connection.close()
        assert events(site.post("/api/chat", QUESTION))[-2][0] == "answer"
        deadline = time.monotonic() + 5
        while bot.closed < 11 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert bot.closed == 11
