"""A language model that is slow, wrong, rude or gone: the reader still gets an answer that is proven."""

import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest
from llm_asking import (
    KEY,
    PATHS,
    QUESTION,
    TOLD,
    Seen,
    ask,
    ask_many,
    filled,
    number,
    open_bot,
    told,
    told_and,
    why,
    wrong_with,
)  # fmt: skip
from llm_stub import MODES, Stub
from posts import command

from bot.bot import Bot
from bot.types import Status, Token
from prompts import say

FIRST, BETWEEN = 1.0, 0.7  # seconds, in place of 15 and 10
SOON = 3.0  # seconds for the extractive answer, behind the failure
BOTH = pytest.mark.parametrize("protocol", ["openai", "ollama"])
# By mode, why the model's answer is not used; "" where it is.
OUTCOMES: dict[str, set[str]] = {
    "good": {""}, "double_end": {""}, "endless": {"", "unsupported"}, "no_done": {"", "cut"},
    "slow_first": {"slow_start"}, "keepalive": {"slow_start"}, "hangs": {"slow_start"}, "stall": {"stalled"},
    "empty": {"empty"}, "repeats": {"uncited", "unsupported"}, "long_line": {"uncited"},
    "missing_choices": {"", "garbage"}, "nan": {"garbage", "unsupported"},
    "bad_json": {"garbage"}, "wrong_types": {"garbage"}, "bad_utf8": {"garbage"},
    "half_sign": {"garbage"}, "html": {"garbage"},
    "redirect": {"garbage"}, "error_mid": {"garbage", "server"},
    "half_stream": {"cut"}, "half_hangul": {"cut", "garbage"}, "reset_mid": {"cut"},
    "reset": {"unreachable"}, "400": {"request"}, "401": {"refused_key"}, "403": {"refused_key"},
    "404": {"no_model"}, "429": {"too_many"}, "500": {"server"}, "503": {"server"},
}  # fmt: skip
SLOW = ("slow_first", "keepalive", "hangs", "stall")
ONCE = [mode for mode in MODES if mode not in ("429", "500", "503", "reset")]


@pytest.fixture(autouse=True)
def no_key_in_any_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does, the key is in no record of ours, nor in one of the libraries'."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "bot")
    yield
    for phase in ("setup", "call"):
        for record in caplog.get_records(phase):
            assert KEY not in logging.Formatter().format(record)
            assert record.exc_info is None or not record.name.startswith("bot")


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(reply=told) as made:
        yield made


@pytest.fixture(scope="module")
def stubs() -> Iterator[Stub]:
    with Stub(reply=told) as made:
        yield made


@pytest.fixture(scope="module")
def tireless() -> Iterator[None]:
    """No breaker, so that all of twenty questions meet the fault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.llm.breaker.OPENS_AFTER", 1_000_000)
        yield


@pytest.fixture
def breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The breaker again, where the module's bots were made without it."""
    monkeypatch.setattr("bot.llm.breaker.OPENS_AFTER", 5)


@pytest.fixture(scope="module")
def bots(stubs: Stub, report_store: Path, tireless: None) -> Iterator[dict[tuple[str, bool], Bot]]:
    """By protocol and by whether it waits as long as readers do or only a second."""
    short = {"llm_first": FIRST, "llm_between": BETWEEN, "llm_calls": 20}
    with (
        open_bot(report_store, stubs, "openai", llm_calls=10) as a,
        open_bot(report_store, stubs, "ollama", llm_calls=10) as b,
        open_bot(report_store, stubs, "openai", **short) as c,
        open_bot(report_store, stubs, "ollama", **short) as d,
    ):
        loaded = {("openai", True): a, ("ollama", True): b, ("openai", False): c, ("ollama", False): d}
        for bot in loaded.values():
            ask(bot)  # the libraries of its protocol
        yield loaded


@pytest.fixture
def misbehave(stubs: Stub) -> Iterator[Callable[..., Stub]]:
    """Set the shared stub for one test."""

    def changed(**fields: object) -> Stub:
        stubs.requests.clear()
        stubs.aborted.clear()
        for name, value in fields.items():
            setattr(stubs, name, value)
        return stubs

    yield changed
    stubs.wait()
    changed(mode="good", reply=told, rate=None, first=0.0, chunked=True, retry_after=None, stall=30.0)


def assert_good(seen: list[Seen], bot: Bot) -> None:
    assert [wrong for one in seen for wrong in wrong_with(one, bot)] == []


def outcomes(seen: list[Seen]) -> set[str]:
    """The reasons of the fallbacks, as they are shown; "" where there was none."""
    return {one.answer.fallback or "" for one in seen}


def named(kinds: set[str]) -> set[str]:
    return {why(kind) if kind else "" for kind in kinds}


# Faults of the server


@BOTH
@pytest.mark.parametrize("mode", MODES)
def test_a_fault_of_the_server_is_answered_with_quotes(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], mode: str, protocol: str
) -> None:
    stub, bot = misbehave(mode=mode), bots[protocol, mode not in SLOW]
    seen = ask_many(bot, 20, at_once=20 if mode in SLOW else 4 if mode in ONCE else 10)
    assert_good(seen, bot)
    assert outcomes(seen) <= named(OUTCOMES[mode])
    assert max(one.seconds for one in seen) < (FIRST if mode in SLOW else 0.0) + SOON
    stub.wait(0, seconds=1.0)
    assert {request.path for request in stub.requests} <= {"/v1/chat/completions", "/api/chat"}
    assert len(stub.requests) <= (20 if mode in ONCE else 60)


@BOTH
@pytest.mark.parametrize("mode", ["half_stream", "half_hangul", "no_done", "double_end", "good"])
def test_a_body_that_ends_with_its_connection_is_whole_only_with_its_reason(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], mode: str, protocol: str
) -> None:
    misbehave(mode=mode, chunked=False)
    bot = bots[protocol, True]
    seen = ask_many(bot)
    assert_good(seen, bot)
    assert outcomes(seen) <= named(OUTCOMES[mode])


@BOTH
@pytest.mark.parametrize("part", [1, 2])
def test_what_a_good_model_writes_is_shown(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], protocol: str, part: int
) -> None:
    misbehave(reply=told if part == 1 else told_and("{good}"))
    seen = ask_many(bots[protocol, True])
    assert_good(seen, bots[protocol, True])
    for one in seen:
        assert one.answer.answer == f"{TOLD[one.question][1]}. [1]"
        assert one.answer.mode == "generative" and one.answer.model == f"{protocol}:stub"


@BOTH
def test_the_first_word_and_the_next_one_must_come_in_time(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], protocol: str
) -> None:
    bot = bots[protocol, False]
    for mode, limit in (("slow_first", FIRST), ("keepalive", FIRST), ("stall", BETWEEN)):
        stub = misbehave(mode=mode)
        seen = ask(bot)
        assert limit <= seen.seconds < limit + 1.0
        assert seen.answer.fallback is not None
        stub.wait(0, seconds=1.0)
        assert len(stub.aborted) == 1


@BOTH
def test_a_model_in_good_time_is_waited_for(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], protocol: str
) -> None:
    misbehave(first=FIRST / 2, rate=20)
    seen = ask(bots[protocol, False])
    assert seen.answer.mode == "generative"
    assert seen.seconds > FIRST


def test_an_answer_that_takes_too_long_as_a_whole_is_ended(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.calls.LONGEST_S", 1.0)
    stub = misbehave(rate=5)
    seen = ask(bots["openai", True])
    assert seen.answer.fallback == why("long")
    assert 1.0 <= seen.seconds < 2.0
    stub.wait(0, seconds=1.0)


@BOTH
def test_a_model_that_never_stops_is_hung_up_on(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], protocol: str
) -> None:
    stub = misbehave(mode="endless", rate=400)
    seen = ask(bots[protocol, True])
    stub.wait(0, seconds=1.0)
    assert len(stub.aborted) == 1
    assert len(seen.answer.answer) <= 400
    assert seen.answer.answer.count(TOLD[QUESTION][1]) == 1


@pytest.mark.usefixtures("breaker")
@BOTH
def test_a_server_that_is_not_there_costs_less_than_three_seconds(report_store: Path, protocol: str) -> None:
    with Stub() as gone:
        pass
    with open_bot(report_store, gone, protocol) as bot:
        seen = ask_many(bot)
        assert_good(seen, bot)
        assert outcomes(seen) <= named({"unreachable", "resting"})
        assert max(one.seconds for one in seen) < SOON


@pytest.mark.usefixtures("breaker")
@BOTH
def test_a_name_that_no_server_has_costs_less_than_three_seconds(report_store: Path, protocol: str) -> None:
    with open_bot(report_store, f"http://no-such-host.invalid{PATHS[protocol]}", protocol) as bot:
        seen = ask_many(bot)
        assert_good(seen, bot)
        assert outcomes(seen) <= named({"unreachable", "resting"})
        assert max(one.seconds for one in seen) < SOON


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full line of connections is refused")
@BOTH
def test_a_server_that_takes_no_connection_costs_less_than_three_seconds(
    report_store: Path, protocol: str
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, open_sockets() as others:
        for _ in range(4):  # so that the kernel has no room for more
            others.append(socket.socket())
            others[-1].setblocking(False)
            others[-1].connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}{PATHS[protocol]}"
        with open_bot(report_store, url, protocol) as bot:
            seen = ask_many(bot, 4)
            assert_good(seen, bot)
            assert outcomes(seen) == {why("unreachable")}
            assert max(one.seconds for one in seen) < SOON


class open_sockets(list[socket.socket]):  # noqa: N801 - used as a function
    def __enter__(self) -> "open_sockets":
        return self

    def __exit__(self, *_: object) -> None:
        for one in self:
            one.close()


# Retries


@BOTH
@pytest.mark.parametrize("status", ["429", "503"])
def test_a_server_that_names_a_time_is_not_asked_before(
    stub: Stub, report_store: Path, protocol: str, status: str
) -> None:
    stub.mode, stub.retry_after = status, "1"
    with open_bot(report_store, stub, protocol) as bot:
        ask(bot)
        times = [request.at for request in stub.requests]
        assert 2 <= len(times) <= 3
        assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))
        assert ask(bot).answer.fallback == why("resting")
        assert len(stub.requests) == len(times)
        stub.mode = "good"
        time.sleep(max(0.0, times[-1] + 1.1 - time.monotonic()))
        assert ask(bot).answer.mode == "generative"


@BOTH
@pytest.mark.parametrize("date", [False, True])
def test_a_server_that_wants_long_quiet_is_left_alone(
    stub: Stub, report_store: Path, protocol: str, date: bool
) -> None:
    stub.mode, stub.retry_after = "429", formatdate(time.time() + 60, usegmt=True) if date else "30"
    with open_bot(report_store, stub, protocol) as bot:
        assert ask(bot).answer.fallback == why("too_many")
        assert [ask(bot).answer.fallback for _ in range(5)] == [why("resting")] * 5
    assert len(stub.requests) == 1


@BOTH
def test_a_time_that_says_nothing_is_no_time(stub: Stub, report_store: Path, protocol: str) -> None:
    with open_bot(report_store, stub, protocol) as bot:
        for wanted in ("", "soon", "-5", "nan", "0", "99:99"):
            stub.requests.clear()
            stub.mode, stub.retry_after = "429", wanted
            assert ask(bot).answer.fallback == why("too_many")
            assert len(stub.requests) == 3
            stub.mode = "good"
            assert ask(bot).answer.mode == "generative"


@BOTH
def test_a_server_that_recovers_at_the_second_attempt_is_heard(
    stub: Stub, report_store: Path, protocol: str
) -> None:
    with open_bot(report_store, stub, protocol) as bot:
        for failure in ("500", "429", "503"):
            stub.modes = [failure]
            seen = ask(bot)
            assert seen.answer.mode == "generative"
            assert wrong_with(seen, bot) == []
    assert len(stub.requests) == 6


@BOTH
def test_a_question_whose_retries_are_left_ends_them(stub: Stub, report_store: Path, protocol: str) -> None:
    stub.mode, stub.retry_after = "429", "1"
    with open_bot(report_store, stub, protocol) as bot:
        ask(bot, left=lambda: bool(stub.requests))
        time.sleep(1.3)
    assert len(stub.requests) == 1


# The breaker


@pytest.mark.usefixtures("breaker")
@BOTH
def test_five_failures_open_the_breaker_and_a_probe_closes_it(
    stub: Stub, report_store: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.breaker.PROBE_S", 0.4)
    stub.mode = "500"
    with open_bot(report_store, stub, protocol) as bot:
        for _ in range(5):
            assert ask(bot).answer.fallback == why("server")
        asked = len(stub.requests)
        quick = [ask(bot) for _ in range(3)]
        assert {one.answer.fallback for one in quick} == {why("resting")}
        time.sleep(1.0)
        probes = [request for request in stub.requests[asked:] if request.body]
        assert probes and all(request.body["messages"][-1]["content"] == "1" for request in probes)  # type: ignore[index]
        assert len(probes) <= 9  # three attempts every 0.4 s
        stub.mode = "good"
        until = time.monotonic() + 5.0
        while ask(bot).answer.mode != "generative":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert_good([*quick, ask(bot)], bot)


@pytest.mark.usefixtures("breaker")
def test_four_failures_and_a_good_answer_do_not_open_it(stub: Stub, report_store: Path) -> None:
    with open_bot(report_store, stub) as bot:
        for _ in range(3):
            stub.modes = ["400"] * 4
            assert [ask(bot).answer.fallback for _ in range(4)] == [why("request")] * 4
            assert ask(bot).answer.mode == "generative"


@pytest.mark.usefixtures("breaker")
def test_wrong_words_do_not_open_it(stub: Stub, report_store: Path) -> None:
    stub.reply = "축사는 박나래 총장이 맡았습니다 [1]."
    with open_bot(report_store, stub) as bot:
        assert [ask(bot).answer.fallback for _ in range(7)] == [why("unsupported")] * 7
    assert len(stub.requests) == 7


@pytest.mark.usefixtures("breaker")
@BOTH
def test_a_server_that_was_down_is_used_once_it_is_back(
    report_store: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.breaker.PROBE_S", 0.3)
    with Stub() as gone:
        port = gone.port
    with open_bot(report_store, gone, protocol) as bot:
        assert [ask(bot).answer.fallback for _ in range(5)] == [why("unreachable")] * 5
        assert ask(bot).answer.fallback == why("resting")
        with Stub(port, reply=told):
            until = time.monotonic() + 5.0
            while ask(bot).answer.mode != "generative":
                assert time.monotonic() < until
                time.sleep(0.05)


@pytest.mark.usefixtures("breaker")
@BOTH
def test_a_refused_key_is_not_tried_again_soon(
    stub: Stub, report_store: Path, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.breaker.PROBE_S", 0.1)
    stub.mode = "401"
    with open_bot(report_store, stub, protocol) as bot:
        assert [ask(bot).answer.fallback for _ in range(5)] == [why("refused_key")] * 5
        assert ask(bot).answer.fallback == why("resting")
        time.sleep(0.5)
    assert len(stub.requests) == 5


# The key


@pytest.mark.parametrize(
    ("protocol", "mode", "argv"),
    [
        ("openai", "401", ["ask", QUESTION, "--json"]),
        ("ollama", "error_mid", ["ask", QUESTION, "--json"]),
        ("openai", "401", ["doctor"]),
    ],
)
def test_the_key_is_printed_by_no_command(
    stub: Stub, report_store: Path, protocol: str, mode: str, argv: list[str]
) -> None:
    stub.mode = mode
    env = {
        "FORUM_BOT_LLM": f"{protocol}:stub",
        "FORUM_BOT_LLM_URL": stub.url + PATHS[protocol],
        "FORUM_BOT_LLM_KEY": KEY,
        "FORUM_BOT_STORE": str(report_store),
    }
    done = command("-m", "bot", *argv, **env)
    assert KEY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert stub.requests
    if argv[0] == "ask":
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["mode"] == "extractive"


def test_the_key_goes_to_its_server_only_in_the_header(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub]
) -> None:
    stub = misbehave()
    for protocol in PATHS:
        ask(bots[protocol, True])
    for request in stub.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in json.dumps(request.body)


# What the model writes

PLANTED = {
    "a name": ("축사는 박나래 총장이 맡았습니다 [{n}].", "박나래"),
    "a name in its place": ("축사는 임기철 총장과 오다은 시의원이 맡았습니다 [{n}].", "오다은"),
    "a number": ("정책토론회에는 512명이 참석했습니다 [{n}].", "512"),
    "a date": ("정책토론회는 2023년 11월 29일에 열렸습니다 [{n}].", "29일"),
    "Chinese": ("致辞由林校长负责 [{n}].", "致辞"),
    "English": ("The congratulatory speech was given by the president [{n}].", "congratulatory"),
    "Japanese": ("祝辞は総長が述べました [{n}].", "祝辞"),
    "Japanese letters": ("しゅくじ는 총장이 맡았습니다 [{n}].", "しゅくじ"),
    "a picture": ("![그림](http://evil.example/x.png) 총장이 축사를 맡았습니다 [{n}].", "evil"),
    "a picture of nowhere": ("![총장](x.png) 축사를 맡았습니다 [{n}].", "x.png"),
    "HTML": ("<img src=x onerror=alert(1)> 총장이 축사를 맡았습니다 [{n}].", "onerror"),
    "a script": ("<script>alert(1)</script> 총장이 축사를 맡았습니다 [{n}].", "alert"),
    "a link": ("[여기](javascript:alert(1)) 총장이 축사를 맡았습니다 [{n}].", "javascript"),
    "a quote": ("총장은 “광주가 온 누리에서 으뜸이 된다”고 축사에서 말했습니다 [{n}].", "으뜸"),
    "a number that is none": ("축사는 총장과 시의원이 똑똑히 맡았습니다 [99].", "똑똑히"),
    "no number": ("축사는 총장과 시의원이 똑똑히 맡았습니다. 이 둘이 똑똑히 했습니다.", "똑똑히"),
    "a key": (f"축사의 열쇠는 {KEY} 입니다 [{{n}}].", KEY),
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_what_the_article_does_not_say_gives_way_to_quotes(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], planted: str
) -> None:
    text, word = PLANTED[planted]
    misbehave(reply=filled(text))
    for protocol in PATHS:
        bot = bots[protocol, True]
        seen = ask_many(bot, 10)
        assert_good(seen, bot)
        assert outcomes(seen) == {why("uncited" if planted == "no number" else "unsupported")}
        assert not any(word in one.text for one in seen)


@pytest.mark.parametrize("planted", PLANTED)
def test_behind_a_good_sentence_it_is_dropped(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], planted: str
) -> None:
    text, word = PLANTED[planted]
    misbehave(reply=told_and(text))
    for protocol in PATHS:
        bot = bots[protocol, True]
        seen = ask_many(bot, 10)
        assert_good(seen, bot)
        for one in seen:
            assert one.answer.answer == f"{TOLD[one.question][1]}. [1]"
            assert word not in one.text
            assert (say("llm.dropped", count=1) in one.statuses) == (planted != "no number")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"), (" \n\n ", "empty"), ("<think>512명일까", "empty"),
        ("<think>512명</think>", "empty"), ("가" * 9_000, "uncited"), ("축사 " * 4_000, "uncited"),
        ("축사를 했습니다. " * 500, "uncited"), ("[{n}]", "unsupported"), ("[{n}] [{n}].", "unsupported"),
    ],
    ids=["nothing", "blanks", "thoughts", "only thoughts", "one word", "words", "sentences", "mark", "marks"],
)  # fmt: skip
def test_a_text_that_is_no_answer_gives_way_to_quotes(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], text: str, kind: str
) -> None:
    misbehave(reply=filled(text))
    for protocol in PATHS:
        bot = bots[protocol, True]
        seen = ask_many(bot, 10)
        assert_good(seen, bot)
        assert all(one.answer.mode == "extractive" for one in seen)
        assert outcomes(seen) <= named({kind, "empty", "uncited", "unsupported"})
        assert max(one.seconds for one in seen) < SOON
        assert not any("512" in one.text for one in seen)


@pytest.mark.parametrize(
    "text",
    [
        "<think>512명이 왔을까? 아니다 [{n}].</think>\n{good}", "  <think>\n512\n</think>{good}",
        "네, 알려 드리겠습니다. {good}", "답변: {good}", "- {good}", "**{good}**", "{good}\n\n",
        "{good} {good}", "{good} 512명은 근거에 나와 있지 않습니다.",
    ],
    ids=["thoughts", "thoughts in lines", "manners", "label", "list", "bold", "lines", "twice", "more"],
)  # fmt: skip
def test_what_models_put_around_an_answer_is_left_out(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], text: str
) -> None:
    misbehave(reply=filled(text))
    for protocol in PATHS:
        bot = bots[protocol, True]
        seen = ask_many(bot, 10)
        assert_good(seen, bot)
        for one in seen:
            assert one.answer.answer == f"{TOLD[one.question][1]}. [1]"
            assert "512" not in one.text and "think" not in one.text


@pytest.mark.parametrize("text", [say("llm.no_answer"), "제공된 근거에는 관련 내용이 없습니다."])
def test_a_model_that_finds_nothing_is_a_refusal(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], text: str
) -> None:
    misbehave(reply=text)
    for protocol in PATHS:
        bot = bots[protocol, True]
        seen = ask_many(bot, 10)
        assert_good(seen, bot)
        for one in seen:
            assert (one.answer.kind, one.answer.reason) == ("refusal", "no_evidence")
            assert (one.answer.mode, one.answer.fallback) == ("generative", None)


def test_a_sentence_of_another_line_is_not_proven_by_this_one(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub]
) -> None:
    misbehave(reply=lambda body: told(body).replace("[", f"[{number(body, '사진은 김양배')}][")[:-4] + ".")
    misbehave(reply=lambda body: f"{TOLD[QUESTION][1]} [{number(body, '사진은 김양배')}].")
    bot = bots["openai", True]
    seen = [ask(bot) for _ in range(20)]
    assert_good(seen, bot)
    assert outcomes(seen) == {why("unsupported")}


def test_what_no_article_holds_is_not_asked(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub]
) -> None:
    stub = misbehave()
    for question in ("비빔밥 조리법을 알려 주세요", "안녕하세요", "시를 써 줘"):
        seen = ask(bots["openai", True], question)
        assert wrong_with(seen, bots["openai", True]) == [] or seen.answer.kind == "smalltalk"
        assert seen.answer.fallback is None
    assert stub.requests == []


# Readers who leave, and the line


def leaving(bot: Bot, how: str) -> float:
    """Leave after the first sentence; returns when."""
    gone = threading.Event()
    events = bot.stream(QUESTION, (), gone.is_set)
    at = 0.0
    for event in events:
        assert not at or not isinstance(event, Token)
        if isinstance(event, Token) and not at:
            at = time.monotonic()
            gone.set()
            if how == "close":
                events.close()  # type: ignore[attr-defined]
    return at


@BOTH
@pytest.mark.parametrize("how", ["close", "left"])
def test_thirty_readers_who_leave_close_thirty_calls(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], protocol: str, how: str
) -> None:
    stub, bot = misbehave(reply=told_and("축사를 했습니다 " * 400), rate=150), bots[protocol, True]
    with ThreadPoolExecutor(4) as pool:
        left = list(pool.map(lambda _: leaving(bot, how), range(30)))
    stub.wait(0, seconds=2.0)
    assert len(stub.aborted) == len(left) == 30
    for earlier, later in zip(sorted(left), sorted(stub.aborted), strict=True):
        assert later - earlier <= 2.0
    misbehave(reply=told, rate=None)
    after = ask_many(bot, 4)
    assert_good(after, bot)
    assert outcomes(after) == {""}
    assert not any(say("llm.next_in_line") in one.statuses for one in after)


@BOTH
def test_readers_who_leave_before_the_first_word_free_their_slots(
    bots: dict[tuple[str, bool], Bot], misbehave: Callable[..., Stub], protocol: str
) -> None:
    stub, bot = misbehave(mode="hangs"), bots[protocol, True]
    gone = threading.Event()
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(ask, bot, QUESTION, gone.is_set) for _ in range(12)]
        stub.wait(10)
        at = time.monotonic()
        gone.set()
        seen = [one.result() for one in asked]
    stub.wait(0, seconds=2.0)
    assert time.monotonic() - at <= 2.5
    assert not any(one.error or isinstance(one.events[-1:], Token) for one in seen)
    misbehave(mode="good")
    assert ask(bot).answer.mode == "generative"


@BOTH
def test_the_line_says_its_places_and_is_not_endless(stub: Stub, report_store: Path, protocol: str) -> None:
    stub.first = 0.8
    statuses: list[list[str]] = [[], [], []]
    with open_bot(report_store, stub, protocol, llm_calls=1, llm_waiting=2) as bot:

        def follow(place: int) -> Seen:
            events = []
            for event in bot.stream(QUESTION):
                events.append(event)
                if isinstance(event, Status):
                    statuses[place].append(event.text)
            return Seen(QUESTION, tuple(events), 0.0)

        with ThreadPoolExecutor(3) as pool:
            first = pool.submit(follow, 0)
            stub.wait(1)
            second = pool.submit(follow, 1)
            until(lambda: bool(statuses[1]))
            third = pool.submit(follow, 2)
            until(lambda: bool(statuses[2]))
            fourth = ask(bot)
            assert fourth.answer.fallback == why("full")
            assert fourth.seconds < 0.6
            assert stub.open == 1
            done = [one.result() for one in (first, second, third)]
        assert_good([*done, fourth], bot)
        assert outcomes(done) == {""}
    assert statuses == [
        [], [say("llm.next_in_line")], [say("llm.in_line", count=1), say("llm.next_in_line")],
    ]  # fmt: skip
    assert len(stub.requests) == 3


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_who_leaves_the_line_lets_the_next_one_step_forward(stub: Stub, report_store: Path) -> None:
    stub.first = 1.0
    with open_bot(report_store, stub, llm_calls=1, llm_waiting=2) as bot, ThreadPoolExecutor(3) as pool:
        gone = threading.Event()
        first = pool.submit(ask, bot)
        stub.wait(1)
        second = pool.submit(ask, bot, QUESTION, gone.is_set)
        until(lambda: len(bot._model._line._waiting) == 1)  # type: ignore[union-attr]
        third = pool.submit(ask, bot)
        until(lambda: len(bot._model._line._waiting) == 2)  # type: ignore[union-attr]
        gone.set()
        assert second.result().events[-1:] != () and not second.result().error
        assert [one.result().answer.mode for one in (first, third)] == ["generative"] * 2
        assert third.result().statuses == [say("llm.in_line", count=1), say("llm.next_in_line")]
    assert len(stub.requests) == 2


def test_who_waits_too_long_in_line_is_answered_without_the_model(stub: Stub, report_store: Path) -> None:
    stub.first = 5.0
    with open_bot(report_store, stub, llm_calls=1, llm_first=0.8) as bot, ThreadPoolExecutor(2) as pool:
        seen = [one.result() for one in [pool.submit(ask, bot) for _ in range(2)]]
        assert_good(seen, bot)
        assert outcomes(seen) <= named({"slow_start", "full"})
        assert max(one.seconds for one in seen) < 2 * 0.8 + SOON


# Other processes

ASKING = (
    "import sys; from bot.bot import Bot; from bot.settings import BotSettings\n"
    "answer = Bot(BotSettings()).answer(sys.argv[1]); print(answer.mode, answer.kind)\n"
)


@pytest.mark.parametrize("llm", ["none", "openai:stub", "ollama:stub"])
def test_langsmith_is_sent_nothing(stub: Stub, report_store: Path, llm: str) -> None:
    code = ASKING + "from langchain_core.tracers.langchain import wait_for_all_tracers as wait; wait()"
    with Stub() as listener:
        env = {
            "FORUM_BOT_LLM": llm, "FORUM_BOT_LLM_URL": stub.url + PATHS.get(llm.partition(":")[0], ""),
            "FORUM_BOT_STORE": str(report_store), "LANGSMITH_TRACING": "true",
            "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_ENDPOINT": listener.url,
            "LANGSMITH_API_KEY": "lsv2_canary",
        }  # fmt: skip
        done = command("-c", code, QUESTION, **env)
        assert done.stdout.split() == ["extractive" if llm == "none" else "generative", "answer"], done.stderr
        assert listener.connections == 0


def test_without_a_model_nothing_of_it_is_imported(report_store: Path) -> None:
    code = ASKING + (
        "never = ('bot.llm', 'langchain_openai', 'langchain_ollama', 'openai', 'ollama', 'torch')\n"
        "print([name for name in sys.modules if name.startswith(never)])"
    )
    done = command("-c", code, QUESTION, FORUM_BOT_STORE=str(report_store))
    assert done.stdout.splitlines() == ["extractive answer", "[]"], done.stderr
