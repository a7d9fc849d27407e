"""No answer, title or error leaks anything or runs: 160 payloads on every page, in Debian's Chromium.

Every host name but our own leads the browser to a listener, so that one request to anybody is heard.
"""

import random
import re
import socketserver
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from payloads import EXFIL, OUT, XSS
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect, sync_playwright
from web_bot import LINES, LibraryBot, cite, library_article
from web_browser import Watch, find_chromium, launch
from web_host import Host, hosting
from web_server import Site, inside
from web_sites import registered

from bot.sites.snippet import snippet
from bot.types import Answer, Citation, Event, Sources, Token, Turn
from bot.web.evidence import plain, text_html
from bot.web.types import WebSettings
from prompts import UserError, say
from vectorstore.types import Article, Part

SEED = 20261123
SHORT = 140  # characters
TOGETHER = 20  # payloads of one answer
INDEXED = "https://news.example.kr/articles/1?id=3&page=2"  # the only address of the web in the index
REL = {"noopener", "noreferrer", "nofollow"}
ITS_OWN = ("google.com", "googleapis.com", "gvt1.com", "gstatic.com")  # whom Chromium asks about itself
DESK = {"width": 1280, "height": 800}
CALM = tuple(f"{number}. 마을 소식은 여기까지입니다." for number in range(TOGETHER))


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # Gradio's queue asks pandas in old ways


@dataclass
class Listener:
    """Who calls on 127.0.0.2: the first line of each connection."""

    port: int
    heard: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen while the block runs."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(2)
            with suppress(OSError):
                start = self.request.recv(4_000)
                name = re.search(rb"(?:[a-z0-9-]+\.)+[a-z]{2,}", start[40:]) if start[:1] == b"\x16" else None
                line = b"TLS " + name[0] if name else start.partition(b"\r\n")[0]
                listener.heard.append(line.decode("latin-1"))
                self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.2", 0), Handler) as server:
        server.daemon_threads = True
        listener = Listener(server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield listener
        server.shutdown()


class ToldError(UserError):
    """An error whose line holds what it is told."""

    status = 400

    def __init__(self, text: str) -> None:
        super().__init__("web.failed")
        self.args = (text,)


@dataclass(frozen=True)
class Pack:
    """What one answer holds: its payloads, and an article and a citation for each."""

    payloads: Sequence[str]
    articles: Sequence[Article]
    citations: Sequence[Citation]

    @property
    def answer(self) -> str:
        """Each payload as a paragraph, and the mark of a citation."""
        return "\n\n".join((*self.payloads, "끝. [1]"))


class PayloadBot(LibraryBot):
    """Answers "묶음 3" with the third pack of payloads, in pieces cut anywhere; "오류 3" fails with them."""

    def __init__(self, payloads: Sequence[str]) -> None:
        super().__init__()
        self.payloads = payloads
        parts = [payloads[at : at + TOGETHER] for at in range(0, len(payloads), TOGETHER)]
        self.packs = [packed(part) for part in (CALM, *parts)]  # the first is harmless, to compare with
        self.known = {each.id: each for pack in self.packs for each in pack.articles}
        self.more: Sequence[str] = CALM

    def article(self, id: str) -> Article | None:
        return self.known.get(id)

    def suggestions(self) -> tuple[str, ...]:
        return tuple(self.payloads)

    def follow_ups(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        return tuple(self.more[:8])

    def stream(
        self, question: str, history: Sequence[Turn] = (), left: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        kind, number = re.match(r"(\S+) (\d+)", question).groups()
        pack = self.packs[int(number)]
        self.more = pack.payloads
        yield Sources(tuple(pack.citations))
        for piece in cut(pack.answer, int(number)):
            yield Token(piece)
        if kind == "오류":
            raise ToldError("\n".join(self.payloads if int(number) else CALM))
        refused = kind == "거절"
        yield Answer(
            question, question, "refusal" if refused else "answer", pack.answer,
            reason="no_evidence" if refused else None, citations=tuple(pack.citations), mode="generative",
            fallback=" ".join(pack.payloads),
        )  # fmt: skip


def packed(payloads: Sequence[str]) -> Pack:
    """Payloads with an article each that is made of them; the last is the library's, with its address."""
    lines = [text.replace("\n", " ") for text in payloads[1:]]  # a paragraph is one line
    articles = [article_of(text) for text in lines]
    citations = [
        quoted(one, text, marker) for marker, (one, text) in enumerate(zip(articles, lines, strict=True), 2)
    ]
    own = library_article(INDEXED)
    return Pack(payloads, (own, *articles), (cite(own, LINES[3][1]), *citations))


def quoted(article: Article, text: str, marker: int) -> Citation:
    """A citation of the second time that the article's paragraph says `text`."""
    start = article.text.index(f" 앞 {text}") + 3
    assert article.text[start : start + len(text)] == text
    return Citation(
        marker, article.id, article.title, article.source, article.publisher, article.published_date, text,
        start, start + len(text),
    )  # fmt: skip


def article_of(text: str) -> Article:
    """An article that says `text` wherever an article says anything."""
    body = f"{text} 앞 {text} 뒤 {text}"
    whole = f"{text}\n{body}"
    parts = (Part("title", 0, len(text)), Part("body", len(text) + 1, len(whole)))
    # An article's address never is one of the web here, so that no link may be made of it.
    address = f"javascript:{text}"
    return Article(f"a{zlib.crc32(text.encode())}", text, whole, address, parts, text, text, text, address)


def cut(text: str, seed: int) -> Iterator[str]:
    """`text` in pieces of one to forty characters: also inside a tag, an entity, a joined sign."""
    dice, at = random.Random(SEED + seed), 0
    while at < len(text):
        size = dice.randint(1, 40)
        yield text[at : at + size]
        at += size


@dataclass
class Stage:
    """A bot full of payloads on its server, a site that frames it, and the listener."""

    bot: PayloadBot
    site: Site
    host: Host
    listener: Listener


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


@pytest.fixture(scope="module")
def stage(listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    payloads = [text.replace(OUT, f"127.0.0.2:{listener.port}") for text in (*EXFIL, *XSS)]
    bot, file = PayloadBot(payloads), tmp_path_factory.mktemp("registry") / "registry.sqlite3"
    with hosting() as host:
        registered(file, "deulsaem", host.url, host.near, id="deulsaem")
        with inside(bot, WebSettings(registry=file), page=True) as site:
            site.wait_ready()
            host.bot = site.url
            yield Stage(bot, site, host, listener)


@pytest.fixture(scope="module")
def browser(listener: Listener) -> Iterator[Browser]:
    path, reason = find_chromium()
    if path is None:
        pytest.skip(reason)
    own = "".join(f"MAP *.{name} ^NOTFOUND, " for name in ITS_OWN)
    rules = f"{own}MAP * 127.0.0.2:{listener.port}, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    with sync_playwright() as playwright:
        running = launch(playwright, path, f"--host-resolver-rules={rules}")
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESK, locale="ko-KR")
    yield context.new_page()
    context.close()


# The reply in pieces of odd sizes, so that syllables and signs of four bytes are cut, too.
CUT = """
const fetched = window.fetch;
window.fetch = async (...asked) => {
  const reply = await fetched(...asked);
  if (asked[0] !== "api/chat" || !reply.ok) return reply;
  const bytes = new Uint8Array(await reply.arrayBuffer());
  let at = 0;
  const pull = (stream) => {
    if (at >= bytes.length) stream.close();
    else stream.enqueue(bytes.slice(at, (at += 1 + ((at * 7919) % 400))));
  };
  return new Response(new ReadableStream({ pull }), { headers: reply.headers });
};
"""
# Each element below one: its name with those of its attributes.
SHAPES = """
root => [...root.querySelectorAll("*")].map(
  it => it.localName + " " + [...it.attributes].map(each => each.name).sort().join(" "))
"""
# Every piece of evidence once in sight, until its paragraph is there.
READ = """
async turn => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  for (const item of turn.querySelectorAll("li")) {
    item.scrollIntoView();
    while (item.querySelector(".quote").childNodes.length < 3 && item.isConnected) await frame();
  }
}
"""


@dataclass
class Surface:
    """One way to meet the bot: where its conversation is, and how a question is asked there."""

    watch: Watch
    place: Page | FrameLocator
    name: str
    asked: int = 0

    @property
    def gradio(self) -> bool:
        return self.name == "page"

    def ask(self, question: str) -> tuple[Locator, Locator]:
        """The question and the reply to it, complete."""
        self.asked += 1
        if self.gradio:
            self.watch.page.fill("#fb-question textarea", question)
            self.watch.page.keyboard.press("Enter")
            self.watch.wait_replies(1)
            self.watch.page.wait_for_selector(
                "#fb-chat .fb-refusal, #fb-chat .fb-evidence, #fb-chat .fb-error"
            )
            return self.place.locator("#fb-chat .user-row"), self.place.locator("#fb-chat .bot-row")
        self.place.locator("#box").fill(question)
        self.place.locator("#box").press("Enter")
        turn = self.place.locator(".turn").last
        expect(turn).to_have_attribute("aria-busy", "false")
        turn.evaluate(READ)
        return turn.locator(".question"), turn.locator(".reply")

    def again(self) -> None:
        """An empty conversation."""
        clear = say("embed.clear") if not self.gradio else "대화 지우기"
        self.place.get_by_role("button", name=clear).click()
        if self.gradio:
            self.watch.page.wait_for_selector("#fb-chat button.example")


def surface(stage: Stage, page: Page, name: str) -> Surface:
    """Open the bot by its own page, by the page of a frame, in a bare frame or by a script tag."""
    watch = Watch(page, stage.site.url, (stage.host.url,))
    if name == "page":
        watch.open()
        return Surface(watch, page, name)
    if name != "script":
        page.add_init_script(CUT)
    if name == "embed":
        page.goto(stage.site.url + "/embed")
        return Surface(watch, page, name)
    page.goto(stage.host.url + ("/frame.html" if name == "frame" else "/"))
    if name == "script":
        page.get_by_role("button", name=say("embed.launch")).click()
    return Surface(watch, page.frame_locator("iframe"), name)


def seen(text: str) -> str:
    """What a reader sees of a text, its blanks folded."""
    return " ".join(plain(text_html(text)).split())


def folded(place: Locator) -> str:
    return " ".join(place.inner_text().split())


def shapes(place: Locator) -> set[str]:
    return set(place.evaluate(SHAPES))


# Every page, every payload.


@pytest.mark.parametrize("name", ["page", "frame", "script"])
def test_payloads_of_an_answer_are_text_and_leave_nothing(stage: Stage, page: Page, name: str) -> None:
    stage.listener.heard.clear()
    place = surface(stage, page, name)
    known = benign(place)
    for number in range(1, len(stage.bot.packs)):
        question, reply = place.ask(f"묶음 {number} " + "\n".join(stage.bot.packs[number].payloads))
        assert_text(stage.bot.packs[number], question, reply)
        assert shapes(question) | shapes(reply) <= known, number
        assert_links(reply, {"noopener", "noreferrer"} if place.gradio else REL)  # Gradio keeps two of them
        place.again()
    assert_quiet(stage, place.watch)


@pytest.mark.parametrize("name", ["page", "embed"])
def test_payloads_of_an_error_and_of_a_refusal_are_text(stage: Stage, page: Page, name: str) -> None:
    stage.listener.heard.clear()
    place = surface(stage, page, name)
    known = benign(place)
    question, reply = place.ask("오류 1")
    assert [text for text in stage.bot.payloads if seen(text) not in folded(reply)] == []
    assert shapes(reply) <= known
    place.again()
    question, reply = place.ask("거절 1")
    assert_text(stage.bot.packs[1], None, reply)
    assert shapes(question) | shapes(reply) <= known
    assert_quiet(stage, place.watch)


@pytest.mark.parametrize("name", ["page", "embed"])
def test_payloads_of_suggestions_are_text_and_can_be_asked(stage: Stage, page: Page, name: str) -> None:
    stage.listener.heard.clear()
    place = surface(stage, page, name)
    buttons = place.place.locator("#fb-chat button.example" if place.gradio else "#suggestions button")
    expect(buttons).to_have_count(len(stage.bot.payloads))
    shown = [" ".join(text.split()) for text in buttons.all_inner_texts()]
    assert shown == [seen(text) for text in stage.bot.payloads]
    kinds = {kind for each in (buttons.nth(0), buttons.nth(70)) for kind in shapes(each)}
    assert {kind for each in buttons.all() for kind in shapes(each)} <= kinds <= {"span class", "div class"}
    assert_quiet(stage, place.watch)


def test_payloads_of_questions_after_an_answer_are_text(stage: Stage, page: Page) -> None:
    stage.listener.heard.clear()
    place = surface(stage, page, "page")
    for number in range(1, len(stage.bot.packs)):
        place.ask(f"묶음 {number}")
        more = page.locator("#fb-chat .option")
        expect(more).to_have_count(8)
        shown = [" ".join(text.split()) for text in more.all_inner_texts()]
        assert shown == [seen(text) for text in stage.bot.packs[number].payloads[:8]]
        place.again()
    assert_quiet(stage, place.watch)


def test_payloads_of_a_remembered_conversation_are_text(stage: Stage, page: Page) -> None:
    stage.listener.heard.clear()
    place = surface(stage, page, "embed")
    known = benign(place)
    for number in range(1, len(stage.bot.packs)):
        place.ask(f"묶음 {number}")
    page.reload()
    expect(page.locator(".turn")).to_have_count(len(stage.bot.packs) - 1)
    assert shapes(page.locator("#log")) - shapes(page.locator("#welcome")) <= known | {
        "section hidden id", "section id", "article aria-busy class", "article class", "div class",
        "noscript ",
    }  # fmt: skip
    for number, turn in enumerate(page.locator(".turn").all(), 1):
        turn.evaluate(READ)
        assert_text(stage.bot.packs[number], None, turn.locator(".reply"))
    assert_quiet(stage, place.watch)


def test_what_a_frames_address_says_is_never_in_its_page(stage: Stage) -> None:
    plain_page = stage.site.get("/embed").body
    for text in stage.bot.payloads:
        for name in ("lang", "theme", "v", "q", text):
            reply = stage.site.get(f"/embed?{quote(name)}={quote(text)}")
            assert (reply.status, reply.body) == (200, plain_page), text
        assert stage.site.get(f"/embed?site={quote(text)}").body == plain_page
        tag = snippet(stage.site.url, text, "0" * 12, "sha384-x")
        assert re.fullmatch(r"<script [^<>]*></script>", tag.strip()), text


def benign(place: Surface) -> set[str]:
    """The shapes of the elements of a harmless answer, refusal and error."""
    found: set[str] = set()
    for kind in ("묶음", "거절", "오류"):
        question, reply = place.ask(f"{kind} 0")
        found |= shapes(question) | shapes(reply)
        place.again()
    return found


def assert_text(pack: Pack, question: Locator | None, reply: Locator) -> None:
    """Each payload stands in the question, the answer, and the title, publisher and quote of its evidence."""
    asked, said = "" if question is None else folded(question), folded(reply)
    for number, text in enumerate(pack.payloads):
        assert question is None or seen(text) in asked, text
        shown = (
            4 if len(text) < SHORT else 2
        )  # of a long paragraph only the words next to the quote are shown
        assert said.count(seen(text)) >= (1 if number == 0 else 2 + shown), text


def assert_links(reply: Locator, rel: set[str]) -> None:
    """The one address that the index holds is the one link."""
    links = reply.locator("a")
    expect(links).to_have_count(1)
    assert links.get_attribute("href") == INDEXED
    assert links.get_attribute("target") == "_blank"
    assert set((links.get_attribute("rel") or "").split()) == rel


def assert_quiet(stage: Stage, watch: Watch) -> None:
    """Nothing ran, nothing was refused by the policy, nobody else was called."""
    watch.page.wait_for_timeout(300)
    watch.assert_clean()
    assert stage.listener.heard == []


# That the net holds: a careless page would be caught.


NAIVE = """
texts => {
  for (const text of texts) {
    const frame = document.createElement("iframe");
    frame.srcdoc = text;
    document.body.append(frame);
  }
}
"""


def test_a_careless_page_leaks_and_runs(stage: Stage, page: Page) -> None:
    stage.listener.heard.clear()
    page.add_init_script("top.ran ??= []; window.alert = number => top.ran.push(number);")
    stage.host.pages["naive.html"] = "<!doctype html><title>x</title><body>"
    page.goto(stage.host.url + "/naive.html")
    page.evaluate(NAIVE, [text for text in stage.bot.payloads if "<" in text])
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline and (len(leaks(stage)) < 20 or len(ran(page)) < 36):
        page.wait_for_timeout(100)
    print(f"a careless page: {len(leaks(stage))} leaks are heard, {len(ran(page))} scripts run")  # noqa: T201
    assert len(leaks(stage)) >= 20
    assert len(ran(page)) >= 36


def leaks(stage: Stage) -> set[str]:
    return set(re.findall(r" /(e\d+)", "\n".join(stage.listener.heard)))


def ran(page: Page) -> set[int]:
    return set(page.evaluate("top.ran"))
