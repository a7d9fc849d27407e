"""The page in a real browser: Debian's Chromium, headless, against a server in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from web_browser import Watch
from web_server import Site, live

from prompts import say

ROOT = Path(__file__).resolve().parents[1]
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with live(pace=0.15) as running:
        yield running


@pytest.fixture(scope="module")
def slow() -> Iterator[Site]:
    with live(pace=0.8) as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator:
    contexts = []

    def open_page(site: Site, size: dict = PHONE, **options: object) -> Watch:
        contexts.append(browser.new_context(viewport=size, locale="ko-KR", **options))
        watch = Watch(contexts[-1].new_page(), site.url)
        watch.open()
        return watch

    yield open_page
    for context in contexts:
        context.close()


def test_the_notice_and_three_examples_stand_before_the_first_answer(site: Site, visit) -> None:
    watch = visit(site)
    assert "AI가 만든 답변" in watch.page.inner_text("#fb-notice")
    assert watch.page.is_visible("#fb-notice")
    assert watch.page.locator("#fb-chat button.example").count() == 3
    watch.assert_clean()


def test_an_example_is_one_click_from_its_answer(site: Site, visit) -> None:
    watch = visit(site)
    watch.page.locator("#fb-chat button.example").first.click()
    watch.wait_replies(1)
    assert "밤 10시까지" in watch.page.inner_text("#fb-chat .bot-row")
    assert watch.page.inner_text("#fb-chat mark") == "한빛마을 도서관이 다음 달부터 밤 10시까지 문을 연다."
    watch.assert_clean()


def test_an_answer_ends_with_its_evidence(site: Site, visit) -> None:
    watch = visit(site)
    watch.ask("관장은 누구인가요?")
    watch.wait_replies(1)
    assert watch.page.locator("#fb-chat mark").all_inner_texts() == [
        "관장 이서준 씨는 20일 주민 설명회에서 “퇴근한 뒤에도 책을 읽을 수 있어야 한다”고 말했다.",
        "20일 한빛마을 회관에서 열린 주민 설명회 모습.",
    ]
    source = watch.page.locator("#fb-chat .fb-source").first.inner_text()
    for fact in ("마을 도서관, 겨울부터 밤에도 연다", "한빛신문", "2024년 11월 21일"):
        assert fact in source
    link = watch.page.locator("#fb-chat .fb-link").first
    assert link.get_attribute("href") == "https://news.example.kr/articles/1?id=3&page=2"
    assert {"noopener", "noreferrer"} <= set((link.get_attribute("rel") or "").split())
    watch.assert_clean()


def test_the_answer_is_in_sight_on_a_phone_and_nothing_scrolls_sideways(site: Site, visit) -> None:
    watch = visit(site)
    for number, question in enumerate(("관장은 누구인가요?", "관장은 누구였나요?"), 1):
        watch.ask(question)
        watch.wait_replies(number)
    box = watch.page.locator("#fb-chat .user-row").last.bounding_box()
    head = watch.page.locator("#fb-header").bounding_box()
    assert box is not None and head is not None
    assert 0 <= box["y"] - (head["y"] + head["height"]) < 60
    assert watch.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert watch.page.evaluate("document.documentElement.scrollHeight") <= PHONE["height"]


def test_a_question_after_the_answer_is_one_click_away(site: Site, visit) -> None:
    watch = visit(site)
    watch.ask("관장은 누구인가요?")
    watch.wait_replies(1)
    more = watch.page.locator("#fb-chat button", has_text="도서관은 몇 시까지 여나요?")
    more.click()
    watch.wait_replies(2)
    assert "도서관은 몇 시까지 여나요?" in watch.page.locator("#fb-chat .user-row").last.inner_text()
    assert "밤 10시까지" in watch.page.locator("#fb-chat .bot-row").last.inner_text()
    assert watch.page.locator("#fb-chat button", has_text="설명회에는 몇 명이 왔나요?").count() == 1
    watch.assert_clean()


def test_a_refusal_and_an_error_look_different(site: Site, visit) -> None:
    watch = visit(site, DESK)
    watch.ask("축구는 어디서 하나요?")
    watch.wait_replies(1)
    assert say("web.refusal_heading") in watch.page.inner_text("#fb-chat .fb-refusal")
    watch.ask("고장 났나요?")
    watch.wait_replies(2)
    assert say("web.failed") in watch.page.inner_text("#fb-chat .fb-error")
    assert "secret" not in watch.page.content()
    watch.assert_clean()


def test_an_answer_can_be_stopped_and_asked_for_again(slow: Site, visit) -> None:
    watch = visit(slow)
    watch.ask("관장은 누구인가요?")
    watch.page.wait_for_selector("#fb-chat .bot-row:has-text('관장은')")
    assert watch.page.locator("#fb-chat mark").count() == 0
    watch.page.fill("#fb-question textarea", "다음 질문을 미리 적어 둡니다")
    watch.page.locator("#fb-question .stop-button").click()
    watch.page.wait_for_selector("#fb-chat .fb-status")
    watch.wait_idle()
    assert say("web.stopped") in watch.page.inner_text("#fb-chat .bot-row")
    watch.page.get_by_role("button", name="다시 시도").click()
    watch.page.wait_for_selector("#fb-chat mark")
    watch.wait_replies(1)
    assert say("web.stopped") not in watch.page.inner_text("#fb-chat")
    assert watch.page.input_value("#fb-question textarea") == "다음 질문을 미리 적어 둡니다"
    watch.assert_clean()


def test_a_conversation_can_be_cleared(site: Site, visit) -> None:
    watch = visit(site)
    watch.page.locator("#fb-chat button.example").first.click()
    watch.wait_replies(1)
    watch.page.get_by_role("button", name="대화 지우기").click()
    watch.page.wait_for_selector("#fb-chat button.example")
    assert watch.page.locator("#fb-chat mark").count() == 0


def test_twenty_questions_in_one_conversation_are_all_answered(visit) -> None:
    with live() as site:
        watch = visit(site)
        sizes: list[int] = []
        watch.page.on("request", lambda sent: sizes.append(len(sent.post_data_buffer or b"")))
        for number in range(1, 21):
            watch.ask(f"{number}번째 질문입니다. 관장은 누구인가요?")
            watch.wait_replies(number)
        assert watch.page.locator("#fb-chat .fb-evidence").count() == 20
        assert 30_000 < max(sizes) < 256 * 1024
        watch.assert_clean()


def test_enter_during_hangul_composition_sends_nothing_and_the_next_one_sends_once(site: Site, visit) -> None:
    watch = visit(site)
    watch.page.focus("#fb-question textarea")
    keyboard = watch.page.context.new_cdp_session(watch.page)
    for text in ("ㅎ", "하", "한"):
        keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1})
    enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 13}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keyboard.send("Input.insertText", {"text": "한"})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    time.sleep(0.5)
    assert watch.page.locator("#fb-chat .user-row").count() == 0
    assert watch.page.input_value("#fb-question textarea") == "한"
    watch.page.keyboard.press("Enter")
    watch.wait_replies(1)
    assert watch.page.locator("#fb-chat .user-row").all_inner_texts() == ["한"]


@pytest.mark.parametrize(
    "question",
    [
        "<img src=x onerror=alert(1)>",
        "![x](http://127.0.0.2:9/x.png)",
        "[x](javascript:alert(1)) <a href=javascript:alert(1)>y</a>",
        "<style>*{background:url(http://127.0.0.2:9/)}</style><form action=http://127.0.0.2:9/><input></form>",
        "$$\\href{javascript:alert(1)}{x}$$ ```mermaid\ngraph TD\n``` <svg onload=alert(1)>",
    ],
)
def test_a_question_with_markup_is_shown_as_text(site: Site, visit, question: str) -> None:
    watch = visit(site)
    watch.ask(question.replace("\n", " "))
    watch.wait_replies(1)
    shown = watch.page.locator("#fb-chat .user-row")
    assert shown.inner_text().strip() == question.replace("\n", " ")
    assert shown.locator("img, a, style, form, svg, script, pre").count() == 0
    watch.assert_clean()


def test_an_empty_box_sends_nothing(site: Site, visit) -> None:
    watch = visit(site)
    watch.ask("   ")
    time.sleep(0.7)
    assert watch.page.locator("#fb-chat .user-row").count() == 0


def test_a_page_opened_while_the_bot_loads_waits_politely(visit, browser: Browser) -> None:
    with live(warm_seconds=4.0, ready=False) as site:
        context = browser.new_context(viewport=PHONE, locale="ko-KR")
        watch = Watch(context.new_page(), site.url)
        watch.page.goto(site.url)
        watch.page.wait_for_selector("#fb-question textarea")
        watch.ask("관장은 누구인가요?")
        watch.page.wait_for_selector("#fb-chat .fb-busy")
        assert say("web.warming") in watch.page.inner_text("#fb-chat")
        watch.page.wait_for_selector("#fb-chat mark")
        watch.assert_clean()
        context.close()


def test_the_page_is_usable_by_name_and_in_korean(site: Site, visit) -> None:
    watch = visit(site)
    assert watch.page.evaluate("document.documentElement.lang") == "ko"
    assert watch.page.title() == say("web.title")
    assert watch.page.get_by_role("button", name=say("web.send")).count() == 1
    assert watch.page.get_by_label(say("web.question_label")).count() >= 1
    watch.ask("관장은 누구인가요?")
    watch.page.wait_for_selector(f'#fb-question .stop-button[aria-label="{say("web.stop")}"]')
    watch.wait_replies(1)


# The real bot over the bundled report.


@pytest.fixture(scope="module")
def forum(tmp_path_factory) -> Iterator[Site]:
    store = str(tmp_path_factory.mktemp("forum") / "store")
    report = str(next((ROOT / "ingest" / "report").glob("*.md")))
    run = [sys.executable, "-m"]
    subprocess.run(
        [*run, "ingest", report, "--store", store], cwd=ROOT, check=True, capture_output=True, timeout=120
    )
    command = [*run, "bot", "serve", "--store", store, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            site = Site(int(process.stdout.readline().partition("127.0.0.1:")[2].split()[0]))
            site.wait_ready(60)
            yield site
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_real_bot_answers_about_the_forum_with_a_highlighted_quote(
    forum: Site, visit, size: dict
) -> None:
    watch = visit(forum, size)
    watch.ask("2부 사회는 누가 봤나요?")
    watch.wait_replies(1)
    quote = watch.page.locator("#fb-chat mark").first.inner_text()
    assert "임한필" in quote and "임한필" in watch.page.inner_text("#fb-chat .bot-row")
    source = watch.page.locator("#fb-chat .fb-source").first.inner_text()
    assert "전남일보" in source and "2023년 11월 22일" in source
    watch.assert_clean()


def test_each_example_of_the_real_bot_is_answered_with_evidence(forum: Site, visit) -> None:
    for number in range(3):
        watch = visit(forum)
        watch.page.locator("#fb-chat button.example").nth(number).click()
        watch.wait_replies(1)
        assert watch.page.locator("#fb-chat mark").count() >= 1
        watch.assert_clean()


def test_the_real_chat_route_and_the_page_give_the_same_quote(forum: Site, visit) -> None:
    from web_server import events

    answer = dict(
        events(forum.post("/api/chat", json.dumps({"question": "2부 사회는 누가 봤나요?"}).encode()))
    )["answer"]
    watch = visit(forum)
    watch.ask("2부 사회는 누가 봤나요?")
    watch.wait_replies(1)
    shown = watch.page.locator("#fb-chat mark").all_inner_texts()
    assert shown == [citation["quote"] for citation in answer["citations"]]
