"""The chat in another site's pages, in Debian's Chromium: two servers, on two sites, and nobody else."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    CDPSession,
    Error,
    FrameLocator,
    Locator,
    Page,
    Route,
    expect,
)
from web_bot import LINES, LibraryBot, cite, library_article
from web_browser import FLAGS, Watch, find_axe, find_chromium
from web_host import WRITTEN, Host, hosting
from web_server import Site, inside
from web_sites import registered

from bot.sites.changes import set_disabled
from bot.sites.file import changing
from bot.sites.snippet import snippet
from bot.types import Answer, Citation, Event, Sources, Token, Turn
from bot.web.embedded import assets, integrity
from bot.web.types import WebSettings
from prompts import say

PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 800}
SMALL = {"width": 320, "height": 568}
ASK = say("embed.launch")
QUOTE = "관장 이서준 씨는 20일 주민 설명회에서 “퇴근한 뒤에도 책을 읽을 수 있어야 한다”고 말했다."


@dataclass
class Stage:
    """The two servers of a test: the bot's, and a site that may frame it."""

    bot: LibraryBot
    site: Site
    host: Host


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with hosting() as host:
        bot = LibraryBot(pace=0.03)
        file = tmp_path_factory.mktemp("registry") / "registry.sqlite3"
        for name in ("deulsaem", "dal"):
            registered(file, name, host.url, host.near, id=name)
        with inside(bot, WebSettings(frame_ancestors=(host.url, host.near), registry=file)) as site:
            site.wait_ready()
            host.bot = site.url
            yield Stage(bot, site, host)


@pytest.fixture
def stage(servers: Stage) -> Iterator[Stage]:
    """The servers, with the host as it is by itself."""
    servers.bot.asked.clear()
    yield servers
    servers.host.policy = servers.host.style = ""
    servers.host.pages.clear()


@pytest.fixture
def visit(browser: Browser) -> Iterator:
    contexts = []

    def open_page(own: str, *others: str, size: dict = DESK, **options: object) -> Watch:
        contexts.append(browser.new_context(**{"viewport": size, "locale": "ko-KR", **options}))
        return Watch(contexts[-1].new_page(), own, others)

    yield open_page
    for context in contexts:
        context.close()


def chat(page: Page) -> FrameLocator:
    """The chat in its frame, wherever on the page that is."""
    return page.frame_locator("iframe")


def ask(place: FrameLocator | Page, question: str, answers: int = 1) -> Locator:
    """Ask and return the turn once it is complete, the `answers`th of the conversation."""
    place.locator("#box").fill(question)
    place.locator("#box").press("Enter")
    turn = place.locator(".turn").nth(answers - 1)
    expect(turn).to_have_attribute("aria-busy", "false")
    return turn


def launched(visit, stage: Stage, path: str = "/", **options: object) -> Watch:
    """A visitor of the host who has opened the chat."""
    watch = visit(stage.host.url, stage.site.url, **options)
    watch.page.goto(stage.host.url + path)
    watch.page.get_by_role("button", name=ASK).click()
    expect(chat(watch.page).locator("#suggestions button")).to_have_count(3)
    return watch


def framed(visit, stage: Stage, query: str = "", **options: object) -> Watch:
    """The page by itself, without a frame."""
    watch = visit(stage.site.url, **options)
    watch.page.goto(f"{stage.site.url}/embed{query}")
    expect(watch.page.locator("#suggestions button")).to_have_count(3)
    return watch


# Three ways into a site.


def test_the_launcher_opens_the_chat_and_an_answer_comes_with_its_highlighted_evidence(
    stage: Stage, visit
) -> None:
    watch = launched(visit, stage)
    turn = ask(chat(watch.page), "관장은 누구인가요?")
    expect(turn.locator(".text")).to_contain_text("관장은 이서준 씨입니다.")
    expect(turn.locator("li mark")).to_have_text([QUOTE, LINES[3][1]])
    expect(turn.locator("li").first.locator(".quote")).to_have_text(LINES[2][1])
    expect(turn.locator("li").nth(1).locator(".role")).to_have_text(say("embed.role_caption"))
    source = turn.locator(".source").first
    for fact in ("마을 도서관, 겨울부터 밤에도 연다", "한빛신문", "2024년 11월 21일"):
        expect(source).to_contain_text(fact)
    link = source.locator("a")
    expect(link).to_have_attribute("href", "https://news.example.kr/articles/1?id=3&page=2")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    watch.assert_clean()


def test_the_chat_stands_inside_the_text_where_the_site_names_a_place(stage: Stage, visit) -> None:
    watch = visit(stage.host.url, stage.site.url)
    watch.page.goto(stage.host.url + "/inline.html")
    expect(watch.page.locator("#ask iframe")).to_be_visible()
    expect(watch.page.get_by_role("button", name=ASK)).to_have_count(0)
    before = watch.page.locator("#ask iframe").bounding_box()
    chat(watch.page).locator("#suggestions button").nth(1).click()
    expect(chat(watch.page).locator("li mark")).to_have_count(2)
    watch.page.wait_for_function(
        "height => document.querySelector('forum-bot-chat').getBoundingClientRect().height > height",
        arg=before["height"],
    )
    expect(chat(watch.page).locator("#close")).to_be_hidden()
    watch.assert_clean()


def test_a_bare_frame_needs_no_script_in_the_site(stage: Stage, visit) -> None:
    watch = visit(stage.host.url, stage.site.url)
    watch.page.goto(stage.host.url + "/frame.html")
    ask(chat(watch.page), "관장은 누구인가요?")
    expect(chat(watch.page).locator("li mark")).to_have_count(2)
    expect(chat(watch.page).locator("#close")).to_be_hidden()
    watch.assert_clean()


def test_a_script_tag_with_a_hash_runs_and_a_changed_script_does_not(stage: Stage, visit) -> None:
    version = assets()["widget.js"].version
    tag = snippet(stage.site.url, "deulsaem", version, integrity("widget.js"))
    stage.host.pages["pinned.html"] = f"<!doctype html><title>x</title><body>{tag}"
    watch = launched(visit, stage, "/pinned.html")
    watch.assert_clean()
    stage.host.pages["pinned.html"] = "<!doctype html><title>x</title><body>" + tag.replace(
        "sha384-", "sha384-A"
    )
    wrong = visit(stage.host.url, stage.site.url)
    with wrong.page.expect_console_message(lambda message: "integrity" in message.text):
        wrong.page.goto(stage.host.url + "/pinned.html")
    expect(wrong.page.locator("forum-bot-chat")).to_have_count(0)


def test_what_the_tag_says_reaches_the_frame(stage: Stage, visit) -> None:
    stage.host.pages["tag.html"] = (
        f'<!doctype html><html lang="en"><title>x</title><body><script src="{WRITTEN}/widget.js" '
        'data-site="dal" data-theme="dark" data-position="left"></script>'
    )
    watch = visit(stage.host.url, stage.site.url)
    watch.page.goto(stage.host.url + "/tag.html")
    button = watch.page.get_by_role("button", name=say("embed.launch_en"))
    assert button.bounding_box()["x"] < 100
    button.click()
    expect(chat(watch.page).locator("#suggestions button")).to_have_count(3)
    frame = next(frame for frame in watch.page.frames if "/embed" in frame.url)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(frame.url).query).items()}
    assert asked == {"site": "dal", "lang": "en", "theme": "dark", "v": "1"}
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 23, 42)"
    sent: list[dict] = []
    watch.page.on(
        "request", lambda request: sent.append(request.post_data_json) if request.post_data else None
    )
    ask(chat(watch.page), "관장은 누구인가요?")
    assert [body["site"] for body in sent] == ["dal", "dal"]  # the visitor's token, and the question
    watch.assert_clean()


def test_a_tag_in_the_head_of_a_page_in_another_encoding_still_speaks_korean(stage: Stage, visit) -> None:
    stage.host.pages["old.html"] = (
        f'<html><head><meta charset="euc-kr"><script src="{WRITTEN}/widget.js" data-site="dal"></script>'
        "</head><body><p>old</p></body></html>"
    )
    launched(visit, stage, "/old.html").assert_clean()


def test_the_chat_opens_within_a_second(stage: Stage, visit) -> None:
    took = []
    for _ in range(3):  # new visitors, with nothing kept
        watch = visit(stage.host.url, stage.site.url)
        watch.page.goto(stage.host.url)
        button = watch.page.get_by_role("button", name=ASK)
        expect(button).to_be_visible()
        started = time.monotonic()
        button.click()
        chat(watch.page).locator("#suggestions button").first.wait_for()
        took.append(time.monotonic() - started)
    assert min(took) <= 1.0, took


# Who may frame it.


def refused(watch: Watch) -> bool:
    """Whether the browser showed nothing of the chat in any frame."""
    watch.page.wait_for_timeout(300)
    return not any(frame.locator("#box").count() for frame in watch.page.frames)


def test_an_unlisted_site_a_file_and_a_nested_page_are_refused(stage: Stage, visit, tmp_path: Path) -> None:
    tag = f'<!doctype html><title>x</title><body><iframe src="{stage.site.url}/embed"></iframe>'
    (tmp_path / "page.html").write_text(tag, encoding="utf-8")
    with hosting() as other:
        other.bot = stage.site.url
        other.pages["nest.html"] = f'<!doctype html><iframe src="{stage.host.url}/frame.html"></iframe>'
        for address in (
            f"{other.url}/frame.html",
            (tmp_path / "page.html").as_uri(),
            f"{other.url}/nest.html",
            f"{other.near}/frame.html",
        ):
            watch = visit(other.url, stage.site.url, stage.host.url)
            watch.page.goto(address)
            assert refused(watch), address
            assert any("frame-ancestors" in error for error in watch.errors), address


def test_where_nobody_is_listed_the_launcher_says_so_and_can_be_closed(stage: Stage, visit) -> None:
    with inside(LibraryBot(), WebSettings(frame_ancestors=())) as closed:
        stage.host.pages["closed.html"] = (
            f'<!doctype html><title>x</title><body><script src="{closed.url}/widget.js"></script>'
        )
        watch = visit(stage.host.url, closed.url)
        watch.page.clock.install()
        watch.page.goto(stage.host.url + "/closed.html")
        watch.page.get_by_role("button", name=ASK).click()
        watch.page.clock.fast_forward(11_000)
        expect(watch.page.get_by_text(say("embed.unavailable"))).to_be_visible()
        assert refused(watch)
        watch.page.get_by_role("button", name=say("embed.close"), exact=True).click()
        expect(watch.page.get_by_role("dialog")).to_have_count(0)
        expect(watch.page.get_by_role("button", name=ASK)).to_be_focused()


def test_a_site_opens_at_each_of_its_origins_and_nowhere_once_it_is_no_site(visit, tmp_path: Path) -> None:
    file = tmp_path / "registry.sqlite3"
    page = '<!doctype html><title>x</title><iframe src="BOT/embed?site=KEY"></iframe>'
    with hosting() as first, hosting() as second, inside(LibraryBot(), WebSettings(registry=file)) as site:
        registered(file, "three", first.url, first.near, second.url, id="three")
        for name in ("off", "any"):
            registered(file, name, first.url, id=name)
        set_disabled(file, "off", True)
        for host in (first, second):
            for key in ("three", "off", "any", "nobody", "*"):
                host.pages[f"{key}.html"] = page.replace("BOT", site.url).replace("KEY", key)
        for address in (first.url, first.near, second.url):
            watch = visit(address, site.url)
            watch.page.goto(address + "/three.html")
            ask(chat(watch.page), "관장은 누구인가요?")
            watch.assert_clean()
        no_site = [
            f"{second.near}/three.html",
            *(f"{first.url}/{key}.html" for key in ("off", "nobody", "*")),
        ]
        assert [address for address in no_site if not closed(visit, address)] == []
        with changing(file) as db:  # no command writes a wildcard; somebody's own hand might
            db.execute("UPDATE site SET origins = ? WHERE id = 'any'", ('["*", "http://*"]',))
        assert closed(visit, f"{first.url}/any.html")


def closed(visit, address: str) -> bool:
    """Whether the browser shows nothing of the chat at `address`, for the policy's sake."""
    watch = visit(address)
    watch.page.goto(address)
    return refused(watch) and any("frame-ancestors" in error for error in watch.errors)


# The host's page and the chat leave each other alone.

STRICT = (
    "default-src 'none'; style-src 'self'; script-src BOT; frame-src BOT; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)
HOSTILE = """
html, body { display: block !important }
body * { display: none !important; visibility: hidden !important; opacity: 0 !important; width: 0 !important;
  transform: scale(0) !important; pointer-events: none !important; position: static !important;
  clip-path: inset(50%) !important }
button { all: unset !important; background: red !important; font-size: 1px !important }
iframe, svg, div { border: 9px solid red !important; height: 1px !important; filter: blur(9px) !important }
"""


def test_a_strict_policy_with_our_origin_added_is_enough(stage: Stage, visit) -> None:
    stage.host.policy = STRICT
    watch = launched(visit, stage)
    ask(chat(watch.page), "관장은 누구인가요?")
    assert (
        watch.page.get_by_role("button", name=ASK).evaluate("it => getComputedStyle(it).position") == "fixed"
    )
    watch.assert_clean()
    inline = visit(stage.host.url, stage.site.url)
    inline.page.goto(stage.host.url + "/inline.html")
    ask(chat(inline.page), "관장은 누구인가요?")
    inline.assert_clean()


def test_hostile_rules_of_the_host_do_not_reach_the_launcher_or_the_chat(stage: Stage, visit) -> None:
    plain = launched(visit, stage)
    boxes = [plain.page.get_by_role(role, name=name).bounding_box() for role, name in PARTS]
    stage.host.style = HOSTILE
    watch = launched(visit, stage)
    assert [watch.page.get_by_role(role, name=name).bounding_box() for role, name in PARTS] == boxes
    ask(chat(watch.page), "관장은 누구인가요?")
    expect(chat(watch.page).locator("li mark").first).to_be_visible()
    shown = watch.page.get_by_role("button", name=ASK).evaluate("it => getComputedStyle(it).backgroundColor")
    assert shown == "rgb(20, 83, 45)"  # the host's own choice, by --forum-bot-color
    watch.assert_clean()


PARTS = (("button", ASK), ("dialog", say("embed.widget")))


def test_the_host_keeps_its_look_and_its_names(stage: Stage, visit) -> None:
    look = (
        "() => [...document.querySelectorAll('body :not(forum-bot-chat)')].map(it => "
        "JSON.stringify([it.tagName, getComputedStyle(it).cssText, it.getAttribute('style')])).join()"
    )
    names = "() => Object.getOwnPropertyNames(window).filter(name => name !== 'violations').sort().join()"
    stage.host.pages["without.html"] = stage.host.content("/").decode().replace("/widget.js", "/nothing.js")
    alone = visit(stage.host.url, stage.site.url)
    alone.page.goto(stage.host.url + "/without.html")
    with_chat = launched(visit, stage)
    ask(chat(with_chat.page), "관장은 누구인가요?")
    assert with_chat.page.evaluate(look) == alone.page.evaluate(look)
    assert with_chat.page.evaluate(names) == alone.page.evaluate(names)
    assert with_chat.page.evaluate("document.body.lastElementChild.localName") == "forum-bot-chat"
    assert with_chat.page.evaluate("document.adoptedStyleSheets.length + document.styleSheets.length") == 1


@pytest.mark.parametrize(
    ("color", "ink", "taken"),
    [("#14532d", "", True), ("oklch(0.9 0.1 90)", "", False), ("#fde047", "", False), ("gold", "#000", True)],
)
def test_the_chat_takes_the_hosts_colours_where_they_can_be_read(
    stage: Stage, visit, color: str, ink: str, taken: bool
) -> None:
    text = f"--forum-bot-text-color: {ink};" if ink else ""
    stage.host.style = f":root {{ --forum-bot-color: {color}; {text} --forum-bot-width: 333px }}"
    watch = launched(visit, stage)
    assert watch.page.get_by_role("dialog").bounding_box()["width"] == 333
    send = chat(watch.page).locator("#send")
    shown = send.evaluate("it => getComputedStyle(it).backgroundColor")
    button = watch.page.get_by_role("button", name=ASK)
    assert (shown == button.evaluate("it => getComputedStyle(it).backgroundColor")) is taken
    assert taken or shown == "rgb(55, 48, 163)"
    watch.assert_clean()


# The tag and the server of different releases.


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("**/widget.js", "forum-bot: the bot is older (1) than the script tag (2)"),
        ("**/embed.js", "forum-bot: the script tag is old (1, the bot has 2); renew it"),
    ],
    ids=["an older server", "an older tag"],
)
def test_another_release_still_works_and_tells_the_operator(
    stage: Stage, visit, part: str, told: str
) -> None:
    def newer(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, body=reply.text().replace("PROTOCOL = 1;", "PROTOCOL = 2;"))

    watch = visit(stage.host.url, stage.site.url)
    watch.page.route(part, newer)
    watch.page.goto(stage.host.url)
    watch.page.get_by_role("button", name=ASK).click()
    ask(chat(watch.page), "관장은 누구인가요?")
    assert watch.errors == [told]
    chat(watch.page).locator("#close").click()
    expect(watch.page.get_by_role("button", name=ASK)).to_be_focused()


def test_no_text_of_the_chat_enters_the_hosts_page(stage: Stage, visit) -> None:
    watch = launched(visit, stage)
    watch.page.evaluate("addEventListener('message', event => (window.heard ??= []).push(event.data))")
    ask(chat(watch.page), "관장은 누구인가요?")
    chat(watch.page).locator("#close").click()
    expect(watch.page.get_by_role("button", name=ASK)).to_be_focused()
    told = watch.page.evaluate("window.heard")
    assert [sorted(message) for message in told] == [["type"]] * len(told)
    assert {message["type"] for message in told} <= {"forum-bot:close", "forum-bot:resize"}
    everything = watch.page.evaluate("document.querySelector('forum-bot-chat').shadowRoot.textContent")
    assert "이서준" not in watch.page.content() + everything


def test_messages_of_strangers_are_not_heard(stage: Stage, visit) -> None:
    watch = launched(visit, stage)
    watch.page.evaluate("postMessage({type: 'forum-bot:close'}, '*')")
    stranger = "const it = document.createElement('iframe'); it.srcdoc = 'x'; document.body.append(it);"
    watch.page.evaluate(
        f"{stranger} it.contentWindow.eval(`parent.postMessage({{type:'forum-bot:close'}}, '*')`)"
    )
    watch.page.wait_for_timeout(100)
    expect(watch.page.get_by_role("dialog")).to_be_visible()
    frame = next(frame for frame in watch.page.frames if "/embed" in frame.url)
    frame.evaluate("postMessage({type: 'forum-bot:hello', mode: 'inline'}, '*')")
    frame.wait_for_timeout(100)
    assert frame.evaluate("document.documentElement.dataset.mode") == "float"


# Hangul.


@dataclass
class Hangul:
    """A keyboard with Hangul, as Chromium sees one: a composition, and keys that go to it."""

    session: CDPSession

    def compose(self, text: str) -> None:
        self.session.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )

    def commit(self, text: str) -> None:
        self.session.send("Input.insertText", {"text": text})

    def key(self, kind: str, **more: object) -> None:
        enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 13}
        self.session.send("Input.dispatchKeyEvent", {"type": kind, **enter, **more})


@pytest.mark.parametrize("second", [False, True], ids=["one key event", "a second key event"])
def test_one_enter_sends_a_composed_sentence_exactly_once(stage: Stage, visit, second: bool) -> None:
    watch = framed(visit, stage)
    keyboard = Hangul(watch.page.context.new_cdp_session(watch.page))
    watch.page.locator("#box").focus()
    keyboard.commit("도서관은 언제 여나")
    for text in ("ㅇ", "요"):
        keyboard.compose(text)
    keyboard.key("rawKeyDown")
    keyboard.commit("요")
    if second:  # some systems give the page Enter once more, after the composition
        keyboard.key("rawKeyDown", key="Enter", windowsVirtualKeyCode=13)
    keyboard.key("keyUp")
    expect(watch.page.locator(".turn")).to_have_attribute("aria-busy", "false")
    watch.page.wait_for_timeout(200)
    assert [question for question, _ in stage.bot.asked] == ["도서관은 언제 여나요"]
    assert watch.page.input_value("#box") == ""


def test_a_composition_that_another_key_ends_sends_nothing(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    keyboard = Hangul(watch.page.context.new_cdp_session(watch.page))
    watch.page.locator("#box").focus()
    keyboard.compose("한")
    keyboard.key("rawKeyDown", code="KeyA")
    keyboard.commit("한")
    keyboard.key("keyUp", code="KeyA")
    keyboard.compose("글")
    keyboard.key("rawKeyDown", modifiers=8)  # Shift+Enter
    keyboard.commit("글")
    watch.page.wait_for_timeout(200)
    assert stage.bot.asked == []
    assert watch.page.input_value("#box").startswith("한글")


def test_a_chosen_hanja_is_taken_over_and_not_sent(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    keyboard = Hangul(watch.page.context.new_cdp_session(watch.page))
    watch.page.locator("#box").focus()
    keyboard.compose("漢")
    keyboard.key("rawKeyDown")
    keyboard.commit("漢")
    keyboard.key("keyUp")
    watch.page.wait_for_timeout(200)
    assert stage.bot.asked == []
    watch.page.keyboard.press("Enter")
    expect(watch.page.locator(".turn")).to_have_count(1)


def test_shift_enter_is_a_line_break_and_blanks_are_no_question(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    box = watch.page.locator("#box")
    box.fill("  ")
    box.press("Enter")
    box.fill("관장은")
    before = box.bounding_box()["height"]
    box.press("Shift+Enter")
    box.press_sequentially("누구인가요?")
    assert box.bounding_box()["height"] > before
    box.press("Enter")
    expect(watch.page.locator(".turn")).to_have_attribute("aria-busy", "false")
    assert [question for question, _ in stage.bot.asked] == ["관장은\n누구인가요?"]


# With the keyboard, by ear, and on every screen.


def test_everything_can_be_done_with_the_keyboard_alone(stage: Stage, visit) -> None:
    watch = visit(stage.host.url, stage.site.url)
    watch.page.goto(stage.host.url)
    button = watch.page.get_by_role("button", name=ASK)
    expect(button).to_have_attribute("aria-expanded", "false")
    for _ in range(30):
        watch.page.keyboard.press("Tab")
        if button.evaluate("it => it.matches(':focus-visible')"):
            break
    watch.page.keyboard.press("Enter")
    box = chat(watch.page).locator("#box")
    expect(box).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    watch.page.keyboard.type("관장은 누구인가요?")
    watch.page.keyboard.press("Enter")
    reference = chat(watch.page).get_by_role("button", name=say("embed.reference", number=1))
    expect(reference).to_be_visible()
    expect(box).to_be_focused()
    for _ in range(30):
        watch.page.keyboard.press("Shift+Tab")
        if reference.evaluate("it => it === document.activeElement"):
            break
    expect(reference).to_be_focused()
    watch.page.keyboard.press("Enter")
    expect(chat(watch.page).locator(".evidence li").first).to_be_focused()
    watch.page.keyboard.press("Escape")
    expect(watch.page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    watch.page.keyboard.press("Enter")
    expect(chat(watch.page).locator(".turn")).to_have_count(1)
    watch.assert_clean()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    source, reason = find_axe(tmp_path_factory.mktemp("axe"))
    if not source:
        pytest.skip(reason)
    return source


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_axe_finds_nothing_serious(stage: Stage, visit, axe: str, scheme: str, lang: str) -> None:
    watch = framed(visit, stage, f"?lang={lang}", size=PHONE, color_scheme=scheme)
    found = violations(watch.page, axe)
    ask(watch.page, "관장은 누구인가요?")
    expect(watch.page.locator(".role")).to_have_count(1)
    watch.page.locator(".thumb.down").click()
    found += violations(watch.page, axe)
    ask(watch.page, "축구는 어디서 하나요?", 2)
    ask(watch.page, "고장 났나요?", 3)
    assert found + violations(watch.page, axe) == []


def test_axe_finds_nothing_serious_around_the_launcher(stage: Stage, visit, axe: str) -> None:
    watch = launched(visit, stage)
    assert violations(watch.page, axe) == []


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core calls serious or critical on the page and in its frames."""
    found = []
    for frame in page.frames:
        frame.evaluate(axe)
        result = frame.evaluate("axe.run(document, {iframes: false, resultTypes: ['violations']})")
        found += [
            f"{violation['id']}: {violation['nodes'][0]['html']}"
            for violation in result["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
    return found


def test_the_conversation_is_a_log_whose_answer_is_busy_until_it_is_complete(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    expect(watch.page.get_by_role("log", name=say("embed.log"))).to_have_count(1)
    watch.page.locator("#box").fill("관장은 누구인가요?")
    watch.page.locator("#box").press("Enter")
    expect(watch.page.locator(".turn")).to_have_attribute("aria-busy", "true")
    expect(watch.page.get_by_role("status")).to_have_text(say("embed.writing"))
    expect(watch.page.locator(".turn")).to_have_attribute("aria-busy", "false")
    expect(watch.page.get_by_role("status")).to_have_text(say("embed.answered"))


@pytest.mark.parametrize("size", [SMALL, PHONE, DESK], ids=["320", "360", "1280"])
def test_the_chat_fits_every_screen_and_fills_a_phone(stage: Stage, visit, size: dict) -> None:
    watch = launched(visit, stage, size=size)
    panel = watch.page.get_by_role("dialog").bounding_box()
    full = {"x": 0, "y": 0, **size}
    assert (panel == full) == (size is not DESK)
    assert panel["x"] >= 0 and panel["y"] >= 0
    ask(chat(watch.page), "가" * 200)
    turn = ask(chat(watch.page), "관장은 누구인가요?", 2)
    expect(turn.locator(".question")).to_be_in_viewport()
    frame = next(frame for frame in watch.page.frames if "/embed" in frame.url)
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert frame.evaluate(
        "document.getElementById('log').scrollWidth <= document.getElementById('log').clientWidth"
    )
    small = frame.evaluate(
        "[...document.querySelectorAll('button')].filter(it => it.offsetParent)"
        ".filter(it => it.offsetHeight < 24 || it.offsetWidth < 24).map(it => it.outerHTML)"
    )
    assert small == []
    watch.assert_clean()


def test_at_twice_the_size_nothing_is_cut_off(stage: Stage, visit) -> None:
    half = {"width": 640, "height": 400}  # what zooming in to 200 % leaves of a window of 1280x800
    watch = launched(visit, stage, size=half, device_scale_factor=2)
    turn = ask(chat(watch.page), "관장은 누구인가요?")
    assert watch.page.get_by_role("dialog").bounding_box() == {"x": 0, "y": 0, **half}
    for part in (
        turn.locator(".question"),
        chat(watch.page).locator("#box"),
        chat(watch.page).locator("#close"),
    ):
        expect(part).to_be_in_viewport(ratio=1)
    turn.locator(".thumb.down").click()
    expect(turn.get_by_role("button", name=say("embed.report"))).to_be_in_viewport(ratio=1)
    watch.assert_clean()


def test_on_paper_stands_the_whole_conversation_and_no_button(stage: Stage, visit) -> None:
    watch = framed(visit, stage, size=PHONE)
    for number in (1, 2, 3):
        ask(watch.page, "관장은 누구인가요?", number)
    watch.page.emulate_media(media="print")
    assert watch.page.evaluate("document.documentElement.scrollHeight > 1.5 * innerHeight")
    expect(watch.page.locator(".evidence").first).to_be_visible()
    expect(watch.page.locator("button:visible:not(.ref)")).to_have_count(0)
    host = launched(visit, stage)
    host.page.emulate_media(media="print")
    expect(host.page.get_by_role("button", name=ASK)).to_be_hidden()
    expect(host.page.get_by_role("dialog")).to_be_hidden()


def test_nothing_moves_for_those_who_want_no_motion(stage: Stage, visit) -> None:
    watch = framed(visit, stage, reduced_motion="reduce")
    watch.page.locator("#box").fill("관장은 누구인가요?")
    watch.page.locator("#box").press("Enter")
    assert watch.page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("query", ["", "?lang=en"])
def test_the_notice_stands_before_the_first_answer(stage: Stage, visit, query: str) -> None:
    watch = framed(visit, stage, query, size=PHONE)
    notice = say("embed.notice_en" if query else "embed.notice")
    expect(watch.page.get_by_text(notice)).to_be_in_viewport()
    assert watch.page.locator("#box").get_attribute("aria-describedby") == "notice"


# What a conversation can do.


def test_a_suggestion_is_one_click_from_its_answer(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    watch.page.locator("#suggestions button").first.click()
    expect(watch.page.locator("li mark")).to_have_text("한빛마을 도서관이 다음 달부터 밤 10시까지 문을 연다.")
    expect(watch.page.locator("#welcome")).to_be_hidden()


def test_a_question_goes_with_the_turns_before_it(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    ask(watch.page, "관장은 누구인가요?")
    ask(watch.page, "축구는 어디서 하나요?", 2)
    ask(watch.page, "몇 시까지 여나요?", 3)
    assert stage.bot.asked[-1][1] == (
        Turn("user", "관장은 누구인가요?"),
        Turn("assistant", "관장은 이서준 씨입니다. [1][2]"),
        Turn("user", "축구는 어디서 하나요?"),
        Turn("assistant", "기사에 축구 이야기는 없습니다."),
    )


def test_a_long_conversation_never_outgrows_the_body(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    sizes: list[int] = []
    watch.page.on("request", lambda request: sizes.append(len(request.post_data_buffer or b"")))
    for number in range(1, 6):
        turn = ask(watch.page, f"{number} 관장은 누구인가요? " + "가나다라마바사" * 200, number)
        expect(turn.locator(".error")).to_have_count(0)
    assert 12_000 < max(sizes) <= 16 * 1024
    assert stage.bot.asked[-1][1][-2].text.startswith("4 관장은")


def test_an_answer_can_be_stopped_and_asked_for_again(visit) -> None:
    with inside(LibraryBot(pace=0.6), WebSettings()) as site:
        watch = visit(site.url)
        watch.page.goto(site.url + "/embed")
        watch.page.locator("#box").fill("관장은 누구인가요?")
        watch.page.locator("#box").press("Enter")
        expect(watch.page.locator(".text")).to_contain_text("관장은")
        watch.page.get_by_role("button", name=say("embed.stop")).click()
        expect(watch.page.locator(".turn")).to_contain_text(say("embed.stopped"))
        expect(watch.page.locator(".turn")).to_have_attribute("aria-busy", "false")
        expect(watch.page.locator("#box")).to_be_focused()
        watch.page.get_by_role("button", name=say("embed.retry")).click()
        expect(watch.page.locator("li mark")).to_have_count(2)
        expect(watch.page.locator(".turn")).to_have_count(1)
        watch.assert_clean()


def test_an_error_is_one_line_with_a_way_to_try_again(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    for number, question in enumerate(("고장 났나요?", "끊김이 있나요?"), 1):
        turn = ask(watch.page, question, number)
        expect(turn.get_by_role("alert")).to_have_text(say("web.failed"))
        expect(turn.locator(".text")).to_have_count(0)  # what was streamed before is not held by an answer
    expect(watch.page.locator(".retry")).to_have_count(1)
    watch.page.locator(".retry").click()
    expect(watch.page.get_by_role("alert")).to_have_count(2)
    assert [question for question, _ in stage.bot.asked] == [
        "고장 났나요?",
        "끊김이 있나요?",
        "끊김이 있나요?",
    ]
    assert "secret" not in watch.page.content()


def test_a_refusal_has_a_heading_of_its_own(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    turn = ask(watch.page, "축구는 어디서 하나요?")
    expect(turn.locator(".refusal")).to_contain_text(say("embed.refusal"))
    expect(turn.locator(".evidence")).to_have_count(0)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when_to_come_back(stage: Stage, visit, status: int) -> None:
    def busy(route: Route) -> None:
        body = json.dumps({"error": say("web.busy")})
        route.fulfill(
            status=status, headers={"Retry-After": "2", "Content-Type": "application/json"}, body=body
        )

    watch = framed(visit, stage)
    watch.page.route("**/api/chat", busy, times=1)
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.get_by_role("alert")).to_have_text(say("web.busy"))
    expect(turn.locator(".retry")).to_be_disabled()
    expect(turn.locator(".retry")).to_have_text(say("embed.retry_in", seconds=2))
    expect(turn.locator(".retry")).to_be_enabled()
    turn.locator(".retry").click()
    expect(watch.page.locator("li mark")).to_have_count(2)


def test_a_lost_connection_is_told_of(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    watch.page.context.set_offline(True)
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.get_by_role("alert")).to_have_text(say("embed.offline"))


def test_an_answer_is_copied_with_its_evidence(stage: Stage, visit) -> None:
    watch = launched(visit, stage, permissions=["clipboard-read", "clipboard-write"])
    turn = ask(chat(watch.page), "관장은 누구인가요?")
    turn.get_by_role("button", name=say("embed.copy")).click()
    expect(turn.get_by_role("button", name=say("embed.copied"))).to_be_visible()
    text = watch.page.evaluate("focus(); navigator.clipboard.readText()")
    assert text.startswith("관장은 이서준 씨입니다. [1][2]\n[1] “관장 이서준 씨는")
    assert "(마을 도서관, 겨울부터 밤에도 연다 · 한빛신문 · 2024년 11월 21일)" in text


def test_a_thumb_sends_the_sources_and_no_question(stage: Stage, visit) -> None:
    told: list[dict] = []

    def taken(route: Route) -> None:
        told.append(route.request.post_data_json)
        route.fulfill(status=200, json={})

    watch = framed(visit, stage, "?site=dal")
    watch.page.route("**/api/feedback", taken)
    turn = ask(watch.page, "관장은 누구인가요?")
    turn.get_by_role("button", name=say("embed.up")).click()
    expect(turn).to_contain_text(say("embed.thanks"))
    turn.get_by_role("button", name=say("embed.down")).click()
    turn.get_by_label(say("embed.why_source")).check()
    turn.get_by_label(say("embed.note")).fill("다른 사람입니다")
    turn.get_by_role("button", name=say("embed.report")).click()
    expect(turn.locator(".thumb.down")).to_have_attribute("aria-pressed", "true")
    turn.get_by_role("button", name=say("embed.down")).click()
    turn.get_by_label(say("embed.note")).fill("다른 사람입니다")
    turn.get_by_label(say("embed.consent")).check()
    turn.get_by_role("button", name=say("embed.report")).click()
    expect(turn.locator("fieldset")).to_have_count(0)
    expect(turn.locator(".thumb.down")).to_have_attribute("aria-pressed", "true")
    base = {"id": told[0]["id"], "sources": ["library"], "site": "dal", "reason": None}
    assert len(told[0]["id"]) == 44
    assert told == [
        {**base, "verdict": "up", "note": None, "consent": False},
        {**base, "verdict": "down", "reason": "source", "note": None, "consent": False},
        {**base, "verdict": "down", "note": "다른 사람입니다", "consent": True},
    ]


def test_the_server_takes_a_thumb_of_a_sites_visitor(stage: Stage, visit) -> None:
    watch = framed(visit, stage, "?site=dal", size=SMALL)
    turn = ask(watch.page, "관장은 누구인가요?")
    turn.get_by_role("button", name=say("embed.up")).click()
    expect(turn.get_by_text(say("embed.thanks"))).to_be_in_viewport(ratio=1)
    watch.assert_clean()


def test_a_visitors_token_is_fetched_once_and_again_when_it_has_ended(stage: Stage, visit) -> None:
    watch = framed(visit, stage, "?site=dal")
    fetched: list[str] = []
    watch.page.on(
        "request", lambda request: fetched.append(request.url) if "api/token" in request.url else None
    )
    ask(watch.page, "관장은 누구인가요?")
    ask(watch.page, "몇 시까지 여나요?", 2)
    assert len(fetched) == 1
    over: list[Route] = []

    def refuse(route: Route) -> None:
        over.append(route)
        if len(over) == 1:
            route.fulfill(status=401, json={"error": "x"})
        else:
            route.fallback()

    watch.page.route("**/api/chat", refuse)
    turn = ask(watch.page, "관장은 누구인가요?", 3)
    expect(turn.locator(".text")).to_contain_text("이서준")
    assert (len(over), len(fetched)) == (2, 2)
    watch.page.unroute("**/api/chat")
    watch.page.route("**/api/chat", lambda route: route.fulfill(status=401, json={"error": "끝났습니다"}))
    turn = ask(watch.page, "관장은 누구인가요?", 4)
    expect(turn.get_by_role("alert")).to_have_text("끝났습니다")
    assert len(fetched) == 3


def test_an_unknown_site_is_told_so_in_one_line(stage: Stage, visit) -> None:
    watch = visit(stage.site.url)
    with watch.page.expect_response("**/embed/suggestions?**") as told:
        watch.page.goto(f"{stage.site.url}/embed?site=nobody")
    assert told.value.json() == {"questions": []}
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.get_by_role("alert")).to_have_text(say("web.site_refused"))
    expect(watch.page.locator("#suggestions button")).to_have_count(0)


def test_where_feedback_is_not_taken_the_thumbs_go(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    turn = ask(watch.page, "관장은 누구인가요?")
    watch.page.route("**/api/feedback", lambda route: route.fulfill(status=404, json={}))
    turn.get_by_role("button", name=say("embed.up")).click()
    expect(turn).to_contain_text(say("embed.no_feedback"))
    expect(turn.locator(".thumb")).to_have_count(0)
    expect(ask(watch.page, "몇 시까지 여나요?", 2).locator(".thumb")).to_have_count(0)


# What is remembered.


def test_the_conversation_is_there_again_on_the_next_page_and_can_be_ended(stage: Stage, visit) -> None:
    watch = visit(stage.host.near, stage.site.url)
    watch.page.goto(stage.host.near)
    watch.page.get_by_role("button", name=ASK).click()
    ask(chat(watch.page), "관장은 누구인가요?")
    watch.page.goto(stage.host.near + "/index.html")
    watch.page.get_by_role("button", name=ASK).click()
    expect(chat(watch.page).locator("li mark")).to_have_text([QUOTE, LINES[3][1]])
    expect(chat(watch.page).locator(".evidence li").first.locator(".quote")).to_have_text(LINES[2][1])
    ask(chat(watch.page), "몇 시까지 여나요?", 2)
    assert len(stage.bot.asked[-1][1]) == 2
    chat(watch.page).get_by_role("button", name=say("embed.clear")).click()
    expect(chat(watch.page).locator("#suggestions button").first).to_be_visible()
    watch.page.goto(stage.host.near + "/index.html")
    watch.page.get_by_role("button", name=ASK).click()
    expect(chat(watch.page).locator("#suggestions button").first).to_be_visible()
    expect(chat(watch.page).locator(".turn")).to_have_count(0)
    watch.assert_clean()


def test_two_tabs_of_a_visitor_have_one_conversation(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    other = watch.page.context.new_page()
    other.goto(stage.site.url + "/embed")
    ask(watch.page, "관장은 누구인가요?")
    expect(other.locator("li mark")).to_have_count(2)
    ask(other, "몇 시까지 여나요?", 2)
    assert len(stage.bot.asked[-1][1]) == 2
    expect(watch.page.locator(".turn")).to_have_count(2)
    watch.page.get_by_role("button", name=say("embed.clear")).click()
    expect(other.locator(".turn")).to_have_count(0)
    expect(other.locator("#suggestions button").first).to_be_visible()
    watch.assert_clean()


def test_a_question_that_a_page_change_cut_off_can_be_asked_again(visit) -> None:
    with hosting() as host, inside(LibraryBot(pace=0.3), WebSettings(frame_ancestors=(host.near,))) as site:
        host.bot = site.url
        for name in ("index.html", "inline.html"):
            host.pages[name] = host.content(name).decode().replace(' data-site="deulsaem"', "")
        watch = visit(host.near, site.url)
        watch.page.goto(host.near)
        watch.page.get_by_role("button", name=ASK).click()
        chat(watch.page).locator("#box").fill("관장은 누구인가요?")
        chat(watch.page).locator("#box").press("Enter")
        expect(chat(watch.page).locator(".text")).to_be_visible()
        watch.page.goto(host.near + "/inline.html")
        turn = chat(watch.page).locator(".turn")
        expect(turn.locator(".question")).to_contain_text("관장은 누구인가요?")
        expect(turn).to_contain_text(say("embed.left"))
        turn.get_by_role("button", name=say("embed.retry")).click()
        expect(turn.locator("li mark")).to_have_count(2)
        watch.page.go_back()
        watch.page.get_by_role("button", name=ASK).click()
        expect(chat(watch.page).locator("li mark")).to_have_count(2)
        watch.assert_clean()


def test_a_page_that_comes_back_as_it_was_goes_on(stage: Stage, browser: Browser, tmp_path: Path) -> None:
    kept = {"ignore_default_args": ["--disable-back-forward-cache"], "args": FLAGS}
    path, _ = find_chromium()
    context = browser.browser_type.launch_persistent_context(tmp_path, executable_path=path, **kept)
    try:
        watch = Watch(context.new_page(), stage.host.url, (stage.site.url,))
        watch.page.goto(stage.host.url)
        watch.page.get_by_role("button", name=ASK).click()
        ask(chat(watch.page), "관장은 누구인가요?")
        box = chat(watch.page).locator("#box").bounding_box()
        watch.page.evaluate("addEventListener('pageshow', event => (window.persisted = event.persisted))")
        watch.page.goto(stage.host.url + "/frame.html")
        watch.page.evaluate("setTimeout(() => history.back())")
        watch.page.wait_for_function("window.persisted")
        watch.page.mouse.click(box["x"] + 9, box["y"] + 9)  # Playwright finds no frame of such a page
        watch.page.keyboard.type("몇 시까지 여나요?")
        watch.page.keyboard.press("Enter")
        for _ in range(50):
            watch.page.wait_for_timeout(50)
            if len(stage.bot.asked) == 2:
                break
        assert [len(history) for _, history in stage.bot.asked] == [0, 2]
        watch.page.keyboard.press("Escape")
        expect(watch.page.get_by_role("button", name=ASK)).to_be_focused()
    finally:
        context.close()


@pytest.mark.parametrize(
    "kept", ["{", "[]", '{"at": 9e99, "turns": [{"question": "q", "answer": {}}]}', '"x"']
)
def test_a_memory_that_is_broken_is_as_if_there_were_none(stage: Stage, visit, kept: str) -> None:
    watch = visit(stage.site.url)
    watch.page.goto(stage.site.url + "/embed")
    watch.page.evaluate("text => localStorage.setItem('forum-bot:', text)", kept)
    watch.page.reload()
    expect(watch.page.locator("#suggestions button")).to_have_count(3)
    expect(watch.page.locator(".turn")).to_have_count(0)
    ask(watch.page, "관장은 누구인가요?")
    watch.assert_clean()


def test_where_storage_is_blocked_the_chat_works_without_a_memory(stage: Stage, visit) -> None:
    watch = launched(visit, stage)  # on another site, in a private window
    frame = next(frame for frame in watch.page.frames if "/embed" in frame.url)
    with pytest.raises(Error, match="SecurityError"):
        frame.evaluate("localStorage")
    ask(chat(watch.page), "관장은 누구인가요?")
    ask(chat(watch.page), "몇 시까지 여나요?", 2)
    assert len(stage.bot.asked[-1][1]) == 2
    watch.assert_clean()


def test_evidence_that_was_taken_down_is_not_shown_again(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    ask(watch.page, "몇 시까지 여나요?")
    watch.page.route("**/embed/evidence?**", lambda route: route.fulfill(status=404, json={}))
    watch.page.reload()
    expect(watch.page.locator(".quote")).to_have_text(say("embed.gone"))
    expect(watch.page.locator(".source a")).to_have_count(0)


# The protocol: the last sources count, and the answer replaces all text before it.


class ScriptedBot(LibraryBot):
    """Says what it is told to say."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__()
        self.events = events

    def stream(
        self, question: str, history: Sequence[Turn] = (), left: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        for event in self.events:
            time.sleep(0.02)
            yield event


def answer(text: str, *citations: Citation) -> Answer:
    return Answer("질문", "질문", "answer", text, citations=citations)


def test_the_answer_replaces_what_a_model_wrote_before(visit) -> None:
    first, last = cite(library_article(), LINES[3][1]), cite(library_article(), QUOTE)
    events = [
        Sources((first,)),
        Token("관장은 아무도 아닙니다. [1]"),
        Sources((last,)),
        Token(" 아니, 박 씨입니다."),
        answer("관장은 이서준 씨입니다. [1] [7]", last),
    ]
    with inside(ScriptedBot(events)) as site:
        watch = visit(site.url)
        watch.page.goto(site.url + "/embed")
        turn = ask(watch.page, "관장은 누구인가요?")
        assert "관장은 이서준 씨입니다." in turn.locator(".text").inner_text()
        assert "아무도" not in watch.page.content() and "박 씨" not in watch.page.content()
        expect(turn.locator("li mark")).to_have_text([QUOTE])
        expect(turn.locator(".ref")).to_have_count(1)  # there is no evidence 7: the mark stays text
        assert "[7]" in turn.locator(".text").inner_text()
        watch.assert_clean()


def test_an_answer_that_the_network_cuts_anywhere_is_read_whole(stage: Stage, visit) -> None:
    watch = visit(stage.site.url)
    watch.page.add_init_script(CUT)
    watch.page.goto(stage.site.url + "/embed")
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.locator(".text")).to_contain_text("관장은 이서준 씨입니다.")
    expect(turn.locator("li mark")).to_have_text([QUOTE, LINES[3][1]])
    watch.assert_clean()


# The reply in pieces of one to seven bytes, with the other way to end a line.
CUT = r"""
const fetched = window.fetch;
window.fetch = async (...asked) => {
  const reply = await fetched(...asked);
  if (asked[0] !== "api/chat") return reply;
  const bytes = new TextEncoder().encode((await reply.text()).replaceAll("\n", "\r\n"));
  let at = 0;
  const pieces = new ReadableStream({
    pull(stream) {
      if (at >= bytes.length) stream.close();
      else stream.enqueue(bytes.slice(at, (at += 1 + (at % 7))));
    },
  });
  return new Response(pieces, { headers: reply.headers });
};
"""


def test_a_line_that_breaks_before_the_answer_leaves_no_text(stage: Stage, visit) -> None:
    watch = visit(stage.site.url)
    watch.page.add_init_script(CUT.replace("bytes.length", "bytes.length * 0.5"))
    watch.page.goto(stage.site.url + "/embed")
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.get_by_role("alert")).to_have_text(say("embed.failed"))
    expect(turn.locator(".text")).to_have_count(0)


def test_the_real_bot_answers_in_the_frame_within_a_second_and_a_half(
    stage: Stage, visit, report_bot, tmp_path: Path
) -> None:
    report_bot.warm()
    registered(tmp_path / "registry.sqlite3", "deulsaem", stage.host.url, id="deulsaem")
    with inside(report_bot, WebSettings(registry=tmp_path / "registry.sqlite3")) as site:
        stage.host.bot, usual = site.url, stage.host.bot
        try:
            watch = visit(stage.host.url, site.url, size=PHONE)
            watch.page.goto(stage.host.url)
            watch.page.get_by_role("button", name=ASK).click()
            question = chat(watch.page).locator("#suggestions button").first
            question.wait_for()
            started = time.monotonic()
            question.click()
            chat(watch.page).locator(".text").wait_for()
            assert time.monotonic() - started <= 1.5
            expect(chat(watch.page).locator("li mark").first).to_be_visible()
            expect(chat(watch.page).locator(".source").first).to_contain_text("전남일보")
            watch.assert_clean()
        finally:
            stage.host.bot = usual


# Markup in answers, titles and everything else stays text.

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x' onload='alert(1)'/>#x\"/></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<a href="JaVa\tScRiPt:alert(1)">x</a>',
    "[x](javascript:alert(1)) ![y](http://127.0.0.2:9/x.png?q=1)",
    "<form action=http://127.0.0.2:9/><input name=password><button>로그인</button></form>",
    "<style>*{background:url(http://127.0.0.2:9/)}</style>",
    "<link rel=stylesheet href=http://127.0.0.2:9/x.css><base href=http://127.0.0.2:9/>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.2:9/'>",
    "<object data=http://127.0.0.2:9/></object><embed src=http://127.0.0.2:9/>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<details open ontoggle=alert(1)><video src=x onerror=alert(1)>",
    "&lt;img src=x onerror=alert(1)&gt; &#60;script&#62;",
    "\"><img src=x onerror=alert(1)>' onmouseover='alert(1)",
    "${alert(1)} {{constructor.constructor('alert(1)')()}} `alert(1)`",
    "$$\\href{javascript:alert(1)}{x}$$ ```mermaid\ngraph TD; A-->B; click A call alert(1)\n```",
)


@pytest.fixture(scope="module")
def scripted() -> Iterator[tuple[ScriptedBot, Site]]:
    bot = ScriptedBot(())
    with inside(bot) as site:
        site.wait_ready()
        yield bot, site


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_is_shown_as_text_also_when_it_comes_in_pieces(scripted, visit, payload: str) -> None:
    bot, site = scripted
    source = "javascript:alert(1)//" + payload
    quoted = Citation(1, payload, payload, source, payload, payload, payload, 0, 5)
    pieces = [Token(payload[at : at + 3]) for at in range(0, len(payload), 3)]
    bot.events = [Sources((quoted,)), *pieces, answer(f"앞 {payload} 뒤 [1]", quoted)]
    watch = visit(site.url)
    watch.page.goto(site.url + "/embed")
    watch.page.route("**/embed/evidence?**", lambda route: route.fulfill(json=passage))
    passage = {"before": payload, "quote": payload, "after": payload, "role": payload, "url": source}
    turn = ask(watch.page, payload)
    expect(turn.locator("mark")).to_have_count(1)
    expect(turn.locator(".quote")).to_have_text(payload * 3)
    flat = " ".join(payload.split())
    assert flat in " ".join(turn.locator(".text").inner_text().split())
    assert flat in " ".join(turn.locator(".source").inner_text().split())
    assert flat in " ".join(turn.locator(".question").inner_text().split())
    kinds = turn.evaluate(
        "it => [...new Set([...it.querySelectorAll('*')].map(each => each.localName))].sort()"
    )
    assert set(kinds) <= {
        "button", "div", "h3", "li", "mark", "ol", "p", "section", "span", "strong", "svg", "use",
    }  # fmt: skip
    assert turn.evaluate(
        "it => [...it.querySelectorAll('use')].every(use => use.href.baseVal.startsWith('#i-'))"
    )
    watch.assert_clean()


def test_an_error_with_markup_is_text_too(stage: Stage, visit) -> None:
    watch = framed(visit, stage)
    watch.page.route("**/api/chat", lambda route: route.fulfill(status=400, json={"error": PAYLOADS[0]}))
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.get_by_role("alert")).to_have_text(PAYLOADS[0])
    assert watch.dialogs == []


def test_signs_that_hide_or_turn_text_are_left_out(scripted, visit) -> None:
    bot, site = scripted
    text = "관장은\u202e 이\u200b서준\u2066 씨\U000e0041입니다.\ufeff"
    bot.events = [Sources(()), Token(text), answer(text)]
    watch = visit(site.url)
    watch.page.goto(site.url + "/embed")
    turn = ask(watch.page, "관장은 누구인가요?")
    assert turn.locator(".text").inner_text().endswith("관장은 이서준 씨입니다.")


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://news.example.kr/@writer/1?a=b&c=d#e", True),
        ("http://news.example.kr/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//news.example.kr/", False),
        ("https://user:word@news.example.kr/", False),
        ("https://news.example.kr/\u202etxt", False),
        ("https:", False),
        ("articles/library.txt", False),
    ],
)
def test_only_an_address_of_the_web_becomes_a_link(scripted, visit, url: str, linked: bool) -> None:
    bot, site = scripted
    quoted = Citation(1, "nobody", "제목", url, None, None, QUOTE, 0, 5)
    bot.events = [Sources((quoted,)), answer("답 [1]", quoted)]
    watch = visit(site.url)
    watch.page.goto(site.url + "/embed")
    watch.page.route("**/embed/evidence?**", lambda route: route.fulfill(status=503, json={}))
    turn = ask(watch.page, "관장은 누구인가요?")
    expect(turn.locator(".source a")).to_have_count(int(linked))
