"""Whatever is sent to the product's own server is answered with the right status, soon, and runs nowhere."""

import json
import logging
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payloads import EVALUATED, ORDERS
from posts import ROOT
from web_process import served
from web_server import Reply, Site, events
from web_sites import registered, token

from bot.bot import Bot
from bot.journal import JsonLines
from bot.settings import BotSettings
from bot.types import Answer
from bot.web.evidence import answer_html, evidence_html, plain, text_html
from bot.web.openai_api import footnotes
from ingest.pipeline import ingest_sources
from vectorstore.kiwi_encoder import KiwiEncoder

CHAT, COMPLETIONS, FEEDBACK, TOKEN = "/api/chat", "/v1/chat/completions", "/api/feedback", "/api/token"
FULL = bool(os.environ.get("FORUM_BOT_TEST_FULL"))
MANY = 5_000 if FULL else 300  # random texts for each of two routes
ALLOWED = {200, 400, 413, 422, 429}
SLOWEST = 1.0  # seconds of 95 in 100 answers
REFUSED_S = 0.1  # seconds until what is too long is refused
UNLIMITED = {f"FORUM_BOT_{name}": "none" for name in ("VISITOR_LIMIT", "SITE_LIMIT", "KEY_LIMIT", "LIMIT")}


@dataclass
class Product:
    """`forum-bot serve` over the bundled report, with the log that it writes."""

    site: Site
    process: subprocess.Popen[str]
    log: Path
    registry: Path

    def lines(self) -> list[dict]:
        """The log; every line is a JSON object."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def product(report_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    log, registry = folder / "log.jsonl", folder / "registry.sqlite3"
    told = {**os.environ, **UNLIMITED, "FORUM_BOT_LOG": "json", "FORUM_BOT_REGISTRY": str(registry)}
    command = [sys.executable, "-m", "bot", "serve", "--store", str(report_store), "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            site = Site(int(process.stdout.readline().partition("127.0.0.1:")[2].split()[0]))
            site.wait_ready(60)
            site.post(CHAT, {"question": "축사는 누가 했나요?"})
            yield Product(site, process, log, registry)
        finally:
            process.kill()


# Random texts.

HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=60)
JAMO = st.text(
    st.one_of(
        st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
        st.characters(min_codepoint=0x3131, max_codepoint=0x318E),
        st.characters(min_codepoint=0xFFA0, max_codepoint=0xFFDC),
    ),
    max_size=80,
)
JOINED = st.lists(st.sampled_from("👨👩👧❤🏳🌈🇰🇷👍🏽\u200d\ufe0f⃣1"), max_size=40).map("".join)
TURNED = st.text(
    st.sampled_from("가나abאב١\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e"), max_size=60
)
TAGS = st.text(st.characters(min_codepoint=0xE0000, max_codepoint=0xE007F), max_size=60)
CONTROLS = st.text(st.characters(categories=["Cc", "Zl", "Zp"]), max_size=40)
HALVES = st.text(st.one_of(st.characters(categories=["Cs"]), st.sampled_from("가a")), max_size=30)
WORDS = st.lists(
    st.sampled_from(
        ["축사는", "누가", "했나요", "토론회는", "언제", "어디", "요약해", "주세요", "몇", "명", "왜", "오늘",
         "광주시", "그", "사람", "직원", "얼마", "뭐", "이름", "?", ".", ",", "\n", "1", "%"]
    ),
    max_size=20,
).map(" ".join)  # fmt: skip
ANY = st.text(max_size=100)
PIECES = st.one_of(HANGUL, JAMO, JOINED, TURNED, TAGS, CONTROLS, HALVES, WORDS, ANY, st.just("\0"))
TEXTS = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(PIECES, min_size=1, max_size=4),
    st.sampled_from([1] * 17 + [10, 50, 400]),
)
SETTINGS = settings(
    max_examples=MANY, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@dataclass
class Tally:
    """How the server replied, and how soon."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def p95(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]

    def __str__(self) -> str:
        found = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"{len(self.seconds)} texts: {found}; p95 {self.p95():.3f} s, slowest {max(self.seconds):.3f} s"
        )


def body(path: str, question: str, before: str, stream: bool) -> dict:
    """A request with a question and a turn before it."""
    if path == CHAT:
        return {"question": question, "history": [["user", before], ["assistant", question]]}
    said = [{"role": "user", "content": before}, {"role": "user", "content": question}]
    return {"model": "forum-bot", "messages": said, "stream": stream}


def written(content: dict, raw: bool) -> bytes:
    """JSON with every sign escaped, or as UTF-8, in which half a sign is no text."""
    return json.dumps(content, ensure_ascii=not raw).encode("utf-8", "surrogatepass")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_any_text_is_answered_or_refused_and_never_fails(product: Product, path: str) -> None:
    tally = Tally()

    @SETTINGS
    @given(question=TEXTS, before=st.one_of(WORDS, TEXTS), raw=st.booleans(), stream=st.booleans())
    def ask(question: str, before: str, raw: bool, stream: bool) -> None:
        sent = written(body(path, question, before, stream), raw)
        started = time.perf_counter()
        reply = product.site.post(path, sent)
        tally.seconds.append(time.perf_counter() - started)
        tally.statuses[reply.status] += 1
        assert reply.status in ALLOWED, sent
        assert_whole(reply)

    ask()
    print(f"{path}: {tally}")  # noqa: T201
    assert tally.p95() <= SLOWEST
    assert tally.statuses[200] >= MANY / 2
    assert [line for line in product.lines() if line["level"] in ("ERROR", "CRITICAL")] == []
    assert product.process.poll() is None


def assert_whole(reply: Reply) -> None:
    """One JSON object, or a stream to its end that has an answer and no error."""
    text = reply.body.decode()
    if reply.headers["Content-Type"].startswith("application/json"):
        assert isinstance(json.loads(text), dict)
    elif text.startswith("event: "):
        names = [name for name, _ in events(reply)]
        assert names[-2:] == ["answer", "done"]
        assert "error" not in names
    else:
        lines = [line.removeprefix("data: ") for line in text.strip().split("\n\n")]
        assert lines[-1] == "[DONE]"
        assert not any("error" in json.loads(line) for line in lines[:-1])


@SETTINGS
@given(text=TEXTS, name=ANY)
def test_a_log_line_is_one_line_of_json_whatever_it_tells(text: str, name: str) -> None:
    record = logging.makeLogRecord({"msg": "asked: %s", "args": (text,), "name": name, name or "x": text})
    line = JsonLines().format(record)
    assert len(line.splitlines()) == 1
    assert line.isprintable() or not re.search(
        "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", line
    )
    assert isinstance(json.loads(line.encode()), dict)


def test_a_server_that_fails_at_every_question_logs_json_without_the_question() -> None:
    with served(log="json", visitor_limit="none") as running:
        running.site.wait_ready()

        @settings(SETTINGS, max_examples=40)
        @given(text=TEXTS)
        def ask(text: str) -> None:
            sent = written({"question": ("고장 " + text)[:2_000]}, raw=False)
            assert running.site.post(CHAT, sent).status == 200

        ask()
        running.process.terminate()
        assert running.process.stderr is not None
        lines = [json.loads(line) for line in running.process.stderr.read().splitlines()]
    assert len(lines) >= 40
    assert {line["event"] for line in lines} == {"a question could not be answered"}


# Sizes and shapes.

LIMITS = {CHAT: 16_384, COMPLETIONS: 262_144, FEEDBACK: 16_384, TOKEN: 16_384}  # bytes of a body
DEEP = b"[" * 5_000 + b"]" * 5_000


def sized(path: str, text: str) -> bytes:
    """A body whose longest field is `text`."""
    return json.dumps(
        {
            CHAT: {"question": text},
            COMPLETIONS: {"model": "forum-bot", "messages": [{"role": "user", "content": text}]},
            FEEDBACK: {"id": "x" * 44, "verdict": "up", "note": text, "consent": True},
            TOKEN: {"site": text},
        }[path],
        ensure_ascii=False,
    ).encode()


# By route, what each text comes to: nothing, blanks, one sign, 2,000, 2,001, 100,000 and ten million signs.
SIZES = ("", " \n\t　", "가", "가" * 2_000, "가" * 2_001, "a" * 100_000, "a" * 10_000_000)
STATUSES = {
    CHAT: (400, 400, 200, 200, 413, 413, 413),
    COMPLETIONS: (400, 400, 200, 200, 413, 413, 413),
    FEEDBACK: (422, 422, 422, 422, 422, 413, 413),  # the id is none of ours, and a note is at most 300
    TOKEN: (403, 403, 403, 422, 422, 413, 413),  # no such site
}


@pytest.mark.parametrize("path", STATUSES)
def test_every_size_has_its_status_and_too_much_is_refused_at_once(product: Product, path: str) -> None:
    for text, status in zip(SIZES, STATUSES[path], strict=True):
        sent = sized(path, text)
        replies = [timed(product.site, path, sent) for _ in range(3 if status in (413, 422) else 1)]
        assert {reply.status for reply, _ in replies} == {status}, (path, len(text))
        if status in (413, 422):
            assert min(seconds for _, seconds in replies) <= REFUSED_S, (path, len(text))
        assert all(len(reply.body) < 500 for reply, _ in replies if status != 200)


def timed(site: Site, path: str, sent: bytes) -> tuple[Reply, float]:
    """The reply and how long it took, by a client that waits for it before it sends too large a body."""
    started = time.perf_counter()
    if len(sent) <= LIMITS[path]:
        return site.post(path, sent), time.perf_counter() - started
    connection = HTTPConnection("127.0.0.1", site.port, timeout=5)
    try:
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(sent)))
        connection.endheaders()
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read()), time.perf_counter() - started
    finally:
        connection.close()


# In the place of a field, or of the body as a whole.
WRONG = (
    b"null", b"true", b"5", b"-0.0", b"1e999", b"NaN", b"[]", b"{}", b'["x"]', b'{"x": 1}',
    b'[["user", "x"]]', b"[" * 50 + b"]" * 50,
)  # fmt: skip
FIELDS = {
    CHAT: (b'{"question": %s}', b'{"question": "x", "history": %s}', b'{"question": "x", "consent": %s}',
           b'{"question": "x", "more": %s}', b'{"question": "x", "site": %s}'),
    COMPLETIONS: (b'{"model": "forum-bot", "messages": %s}', b'{"model": %s, "messages": []}',
                  b'{"model": "forum-bot", "messages": [%s]}',
                  b'{"model": "forum-bot", "messages": [{"role": "user", "content": %s}]}'),
    FEEDBACK: (b'{"id": %s, "verdict": "up"}', b'{"id": "x", "verdict": %s}',
               b'{"id": "x", "verdict": "up", "sources": %s}', b'{"id": "x", "verdict": "up", "more": %s}'),
    TOKEN: (b'{"site": %s}', b'{"site": "x", "user": %s}', b'{"site": "x", "more": %s}'),
}  # fmt: skip


@pytest.mark.parametrize("path", FIELDS)
def test_a_wrong_type_in_any_place_is_refused_in_one_line(product: Product, path: str) -> None:
    found: Counter[int] = Counter()
    for sent in (*WRONG, *(place % value for place in FIELDS[path] for value in WRONG)):
        reply = product.site.post(path, sent)
        found[reply.status] += 1
        right = {
            b'"history": []',
            b'"history": [["user", "x"]]',
            b'"consent": true',
            b'"site": null',
            b'"sources": []',
        }
        if not any(one in sent for one in right):
            assert 400 <= reply.status < 500, sent
        assert reply.status < 500
        if reply.status != 200:
            assert isinstance(reply.json["error"], str if path != COMPLETIONS else dict)
    print(f"{path}: {dict(sorted(found.items()))}")  # noqa: T201


@pytest.mark.parametrize("path", LIMITS)
def test_what_is_no_json_or_too_deep_is_refused(product: Product, path: str) -> None:
    for sent in (b"", b"{", b"\xff\xfe{}", b'{"question": "\xed\xa0\x80"}', b"question=x", DEEP):
        assert product.site.post(path, sent).status in (400, 422), sent[:40]
    deep = b'{"question": ' + DEEP + b"}"
    started = time.perf_counter()
    assert product.site.post(path, deep).status in (400, 422)
    assert time.perf_counter() - started <= 5 * REFUSED_S


@pytest.mark.parametrize(("path", "limit"), LIMITS.items())
def test_no_more_of_a_body_is_read_than_its_limit(product: Product, path: str, limit: int) -> None:
    assert sent_until_refused(product.site, path, f"Content-Length: {limit + 1}", limit) == 0
    read = sent_until_refused(product.site, path, "Transfer-Encoding: chunked", limit)
    print(f"{path}: refused after {read} bytes")  # noqa: T201
    assert limit < read <= limit + PIECE


PIECE = 1_024


def sent_until_refused(site: Site, path: str, length: str, limit: int) -> int:
    """How many bytes of a body the server takes before it says 413; each piece waits for a reply."""
    piece = b"%x\r\n" % PIECE + b" " * PIECE + b"\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        )
        connection.sendall(head.encode())
        sent = 0
        while sent <= limit + 20 * PIECE:
            near = sent >= limit - PIECE or "chunked" not in length
            if select.select([connection], [], [], 1.0 if near else 0)[0]:
                assert connection.recv(4_096).startswith(b"HTTP/1.1 413")
                return sent
            assert "chunked" in length
            connection.sendall(piece)
            sent += PIECE
    raise AssertionError(f"{path} took {sent} bytes")


def test_a_hundred_large_bodies_leave_no_memory_behind(product: Product) -> None:
    status = Path(f"/proc/{product.process.pid}/status")
    if not status.is_file():
        pytest.skip("the peak of a process's memory is told by Linux")
    before = peak(status)
    for path in (*LIMITS, "/gradio_api/queue/join"):
        for _ in range(20):
            with suppress(OSError, HTTPException):  # the reset behind a refusal may overtake it
                assert product.site.post(path, b" " * 10_000_000).status == 413
    print(f"100 bodies of 10 MB: {(peak(status) - before) // 1024} MiB more")  # noqa: T201
    assert peak(status) - before <= 16 * 1024


def peak(status: Path) -> int:
    """The most memory that the process had so far, in KiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert found is not None
    return int(found[1])


def test_the_routes_of_feedback_and_tokens_take_what_is_right(product: Product) -> None:
    key = registered(product.registry, "들샘동", product.site.url)
    made = token(product.site, key)
    assert made.status == 200
    shown = [("Origin", product.site.url), ("Authorization", f"Bearer {made.json['token']}")]
    reply = product.site.post(CHAT, {"question": "축사는 누가 했나요?", "site": key}, shown)
    answer = dict(events(reply))["answer"]
    told = {"id": answer["id"], "verdict": "up", "site": key}
    assert product.site.post(FEEDBACK, told, shown).status == 204


# What some program might run: 60 orders as questions, and as titles of articles.

TAGS_OF_OURS = {"div", "span", "mark", "sup", "strong", "br"}
FACT = "{name} 마을회관은 {day}일에 새 지붕을 얹었다고 주민회가 밝혔다. 공사비는 {cost}만 원이다."
NAMES = [
    f"{first}{last}" for first in "은한다가나도라마바사" for last in ("솔", "별", "온", "람", "래", "담")
]


def test_an_order_as_a_question_is_only_a_question(product: Product) -> None:
    assert len(set(ORDERS)) == 60
    kinds: Counter[str] = Counter()
    for order in ORDERS:
        reply, seconds = timed(product.site, CHAT, json.dumps({"question": order}).encode())
        assert reply.status == 200 and seconds <= SLOWEST, order
        assert "leak" not in str(reply.headers) and "Location" not in reply.headers
        found = dict(events(reply))
        assert [name for name, _ in events(reply)].count("answer") == 1, order
        answer = found["answer"]
        kinds[answer["kind"]] += 1
        assert answer["question"] == order.strip().replace("\x00", "").replace("\r", ""), order
        assert not any(sign in reply.body.decode() for sign in EVALUATED), order
    print(f"60 orders: {dict(kinds)}")  # noqa: T201
    assert [line for line in product.lines() if line["level"] == "ERROR"] == []


@pytest.fixture(scope="module")
def titled(tmp_path_factory: pytest.TempPathFactory, encoder: KiwiEncoder) -> tuple[Bot, list[str]]:
    """A bot over 60 articles whose titles are orders, and the articles' ids."""
    folder = tmp_path_factory.mktemp("titled")
    records = [
        {"id": f"a{number}", "title": order, "text": fact(number), "author": order, "publisher": order}
        for number, order in enumerate(ORDERS)
    ]
    (folder / "posts.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    verdicts = ingest_sources([str(folder / "posts.jsonl")], folder / "store", encoder)
    assert {verdict.status for verdict in verdicts} == {"added"}
    return Bot(BotSettings(store=folder / "store")), [str(verdict.article) for verdict in verdicts]


def fact(number: int) -> str:
    return FACT.format(name=NAMES[number], day=1 + number % 28, cost=300 + number)


def test_an_order_as_a_title_is_only_a_title(titled: tuple[Bot, list[str]]) -> None:
    bot, ids = titled
    cited = 0
    for number, (order, id) in enumerate(zip(ORDERS, ids, strict=True)):
        article = bot.article(id)
        assert article is not None and squeezed(article.title) == squeezed(order)
        answer = bot.answer(f"{NAMES[number]} 마을회관 공사비는 얼마인가요?")
        own = [one for one in answer.citations if one.article == id]
        cited += bool(own)
        assert all(one.title == article.title for one in own)
        assert_inert(answer, bot, order)
        assert_inert(bot.answer(f"{article.title} 기사를 요약해 주세요."), bot, order)
        for question in bot.follow_ups(answer):
            assert not any(sign in question for sign in EVALUATED), question
    print(f"60 titles: {cited} articles cited under their own")  # noqa: T201
    assert cited >= 57


def assert_inert(answer: Answer, bot: Bot, order: str) -> None:
    """Nothing was reckoned out, and what is drawn holds our own elements only."""
    drawn = answer_html(answer) + evidence_html(answer, bot.article)
    told = " ".join([drawn, plain(drawn), json.dumps(answer.to_json(), ensure_ascii=False)])
    assert not any(sign in told for sign in EVALUATED), order
    assert set(re.findall(r"<\s*/?\s*([a-z!?]\w*)", drawn)) <= TAGS_OF_OURS, order
    assert squeezed(plain(text_html(order))) == squeezed(order)
    notes = footnotes(answer.citations)
    assert len(notes.splitlines()) == (2 + len(answer.citations) if answer.citations else 0), order


def squeezed(text: str) -> str:
    """The text without blanks, and without signs that are not seen."""
    return "".join(char for char in text if char.isprintable() and not char.isspace())
