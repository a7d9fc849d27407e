"""The chat route and the page with a language model behind them: what is shown, and who hangs up on whom."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from llm_asking import KEY, PATHS, QUESTION, TOLD, open_bot, told, told_and, why
from llm_stub import Stub
from playwright.sync_api import Browser
from posts import ROOT
from web_browser import Watch
from web_server import Site, events, inside

from prompts import say

BOTH = pytest.mark.parametrize("protocol", ["openai", "ollama"])
SAID = f"{TOLD[QUESTION][1]}."
GOOD = f"{SAID} [1]"
WRONG = "축사는 박나래 총장이 맡았습니다 [1]."


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(reply=told) as made:
        yield made


@contextmanager
def site_of(stub: Stub, store: Path, protocol: str = "openai", **settings: object) -> Iterator[Site]:
    """The chat route over a real bot with that model."""
    with open_bot(store, stub, protocol, **settings) as bot, inside(bot) as site:
        site_waits(lambda: bool(stub.requests))  # the warm-up's
        stub.wait()
        yield site


def chat(site: Site, question: str = QUESTION) -> list[tuple[str, dict]]:
    return events(site.post("/api/chat", {"question": question}))


def told_in(found: list[tuple[str, dict]], name: str) -> list[dict]:
    return [content for event, content in found if event == name]


@BOTH
def test_the_route_sends_statuses_sources_checked_sentences_and_one_answer(
    stub: Stub, report_store: Path, protocol: str
) -> None:
    with site_of(stub, report_store, protocol) as site:
        for found in [chat(site) for _ in range(5)]:
            names = [name for name, _ in found if name != "status"]
            assert names == ["sources", "token", "answer", "done"]
            assert found[0] == ("status", {"text": say("web.searching")})
            (token,), (answer,) = told_in(found, "token"), told_in(found, "answer")
            assert token["text"] == GOOD + " "
            assert (answer["answer"], answer["mode"], answer["model"]) == (
                GOOD, "generative", f"{protocol}:stub",
            )  # fmt: skip
            assert answer["citations"] == told_in(found, "sources")[-1]["citations"]


def test_each_token_is_a_whole_checked_sentence(stub: Stub, report_store: Path) -> None:
    second = "김용임 시의원 등이 축사를 맡았습니다"
    stub.reply = lambda body: f"{told(body)} {WRONG} {told(body).replace(TOLD[QUESTION][1], second)}"
    with site_of(stub, report_store) as site:
        found = chat(site)
    assert [token["text"] for token in told_in(found, "token")] == [f"{GOOD} ", f"{second}. [1] "]
    assert "박나래" not in json.dumps(found, ensure_ascii=False)
    assert {"text": say("llm.dropped", count=1)} in told_in(found, "status")


@BOTH
@pytest.mark.parametrize(
    ("mode", "kind"),
    [("reset_mid", "cut"), ("half_stream", "cut"), ("stall", "stalled"), ("html", "garbage"),
     ("401", "refused_key"), ("500", "server"), ("slow_first", "slow_start"), ("empty", "empty")],
)  # fmt: skip
def test_a_failure_is_a_status_and_the_extractive_answer(
    stub: Stub, report_store: Path, protocol: str, mode: str, kind: str
) -> None:
    with site_of(stub, report_store, protocol, llm_first=1.0, llm_between=0.7) as site:
        stub.mode, stub.reply = mode, told_and("축사를 했습니다 " * 20)
        found = chat(site)
    assert [name for name, _ in found].count("answer") == 1
    assert [name for name, _ in found][-2:] == ["answer", "done"]
    (answer,) = told_in(found, "answer")
    assert (answer["mode"], answer["fallback"], answer["model"]) == ("extractive", why(kind), None)
    assert {"text": say("llm.fell_back", why=why(kind))} in told_in(found, "status")
    assert told_in(found, "sources")[-1]["citations"] == answer["citations"]
    assert KEY not in json.dumps(found) and told_in(found, "error") == []


def test_the_place_in_line_is_a_status(stub: Stub, report_store: Path) -> None:
    with (
        site_of(stub, report_store, llm_calls=1, llm_waiting=1) as site,
        ThreadPoolExecutor(3) as pool,
    ):
        stub.first = 1.0
        first = pool.submit(chat, site)
        stub.wait(1)
        others = [pool.submit(chat, site) for _ in range(2)]
        waited, full = sorted((one.result() for one in others), key=lambda one: len(told_in(one, "token")))
        assert told_in(first.result(), "answer")[0]["mode"] == "generative"
    assert {"text": say("llm.next_in_line")} in told_in(waited, "status")
    assert told_in(waited, "answer")[0]["mode"] == "generative"
    assert told_in(full, "answer")[0]["fallback"] == why("full")


def hang_up(site: Site, read: bytes) -> float:
    """Ask, read until these bytes have come and close the connection; returns when."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    body = json.dumps({"question": QUESTION})
    connection.request("POST", "/api/chat", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    for line in response:
        if read in line:
            break
    response.close()
    connection.close()
    return time.monotonic()


@BOTH
@pytest.mark.parametrize(("mode", "read"), [("good", b"event: token"), ("hangs", b"event: status")])
def test_thirty_clients_who_leave_end_thirty_calls(
    stub: Stub, report_store: Path, protocol: str, mode: str, read: bytes
) -> None:
    with site_of(stub, report_store, protocol) as site:
        chat(site)  # what is loaded at first use
        stub.reply, stub.rate, stub.mode = told_and("축사를 했습니다 " * 400), 80, mode
        at_once = 4

        def leave(_: int) -> float:
            if mode == "hangs":  # so that the model is being asked
                site_waits(lambda: stub.open < at_once)
            return hang_up(site, read)

        with ThreadPoolExecutor(at_once) as pool:
            left = list(pool.map(leave, range(30)))
        stub.wait(0, seconds=max(0.1, max(left) + 2.0 - time.monotonic()))
        if mode == "good":
            assert len(stub.aborted) == 30
            for earlier, later in zip(sorted(left), sorted(stub.aborted), strict=True):
                assert later - earlier <= 2.0
        stub.mode, stub.rate, stub.reply = "good", None, told
        with ThreadPoolExecutor(8) as pool:
            after = list(pool.map(lambda _: chat(site), range(8)))
        assert {told_in(found, "answer")[0]["mode"] for found in after} == {"generative"}


def site_waits(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# The page


@pytest.fixture(scope="module")
def paged(report_store: Path) -> Iterator[tuple[Stub, Site]]:
    """`forum-bot serve` with a model, in a process of its own."""
    with Stub(reply=told) as stub:
        env = {
            **os.environ, "FORUM_BOT_LLM": "openai:stub", "FORUM_BOT_LLM_URL": stub.url + PATHS["openai"],
            "FORUM_BOT_LLM_KEY": KEY, "FORUM_BOT_LLM_BETWEEN": "2.0", "FORUM_BOT_STORE": str(report_store),
        }  # fmt: skip
        argv = [sys.executable, "-m", "bot", "serve", "--port", "0"]
        with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                site = Site(int(process.stdout.readline().partition("127.0.0.1:")[2].split()[0]))
                site.wait_ready(90)
                stub.wait()
                yield stub, site
            finally:
                process.terminate()
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()


@pytest.fixture
def watch(browser: Browser, paged: tuple[Stub, Site]) -> Iterator[Watch]:
    stub, site = paged
    stub.mode, stub.reply, stub.rate = "good", told, None
    context = browser.new_context(locale="ko-KR")
    watch = Watch(context.new_page(), site.url)
    watch.open()
    yield watch
    context.close()


def test_the_page_shows_a_generative_answer_with_its_evidence(paged: tuple[Stub, Site], watch: Watch) -> None:
    watch.ask(QUESTION)
    watch.wait_replies(1)
    assert SAID in watch.page.inner_text("#fb-chat .bot-row")
    (quote,) = watch.page.locator("#fb-chat mark").all_inner_texts()
    assert quote.startswith("축사는 광주과학기술원(GIST)을 이끄는 임기철 총장")
    watch.assert_clean()


def test_a_text_that_breaks_off_is_replaced_on_the_page(paged: tuple[Stub, Site], watch: Watch) -> None:
    stub, _ = paged
    stub.mode, stub.rate, stub.reply = "half_stream", 25, told_and("축사를 했습니다 " * 20)
    watch.ask(QUESTION)
    watch.page.wait_for_selector(f"#fb-chat .bot-row:has-text('{SAID}')")
    assert not watch.page.query_selector("#fb-question .submit-button")
    watch.wait_replies(1)
    shown = watch.page.inner_text("#fb-chat .bot-row")
    assert SAID not in shown and "축사를 했습니다" not in shown
    assert "기사에 따르면" in shown or "다음과 같이 나옵니다" in shown
    assert watch.page.locator("#fb-chat mark").count() >= 1
    watch.assert_clean()


def test_invented_words_never_reach_the_page(paged: tuple[Stub, Site], watch: Watch) -> None:
    stub, _ = paged
    stub.reply, stub.rate = f"{WRONG} ![x](http://evil.example/x.png) 축사입니다 [1].", 50
    watch.page.evaluate(
        "window.seen = []; new MutationObserver(() => window.seen.push(document.body.innerText))"
        ".observe(document.body, {subtree: true, childList: true, characterData: true})"
    )
    watch.ask(QUESTION)
    watch.wait_replies(1)
    seen = "".join(watch.page.evaluate("window.seen"))
    assert "맡았다" in seen
    assert "박나래" not in seen and "evil" not in seen
    watch.assert_clean()


def test_a_stopped_answer_ends_the_models_call(paged: tuple[Stub, Site], watch: Watch) -> None:
    stub, _ = paged
    stub.aborted.clear()
    stub.rate, stub.reply = 25, told_and("축사를 했습니다 " * 100)
    watch.ask(QUESTION)
    watch.page.wait_for_selector(f"#fb-chat .bot-row:has-text('{SAID}')")
    watch.page.click("#fb-question .stop-button")
    at = time.monotonic()
    watch.wait_replies(1)
    stub.wait(0, seconds=max(0.1, at + 2.0 - time.monotonic()))
    assert len(stub.aborted) == 1
    assert say("web.stopped") in watch.page.inner_text("#fb-chat .bot-row")
