"""A real bot over the bundled report whose model is the stub, and what may come of a question put to it."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from llm_stub import ERRORS, HTML, Stub
from quoting import faults_of

from bot.bot import Bot
from bot.settings import BotSettings
from bot.types import Answer, Event, Sources, Status, Token
from prompts import say

PATHS = {"openai": "/v1", "ollama": ""}
KEY = "sk-canary-7f3a91"
# Each question with words of its evidence and what a model would say of it.
TOLD = {
    "축사는 누가 했나요?": ("축사는 광주", "축사는 임기철 총장과 김용임 시의원 등이 맡았습니다"),
    "개회사는 누가 했나요?": ("개회사는 전우진", "개회사는 전우진 포럼 수석대표가 했습니다"),
    "2부 사회는 누가 봤나요?": (
        "2부 토론회의 사회는",
        "2부 토론회의 사회는 임한필 포럼 정책위원장이 봤습니다",
    ),
    "정책토론회는 언제 시작됐나요?": (
        "시작된 때는",
        "정책토론회는 2023년 11월 22일 오후 2시에 시작됐습니다",
    ),
}
QUESTION = next(iter(TOLD))
SAID = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
# Words of the stub's pages and errors, and what a traceback would bring along.
FOREIGN = (
    KEY, "\N{REPLACEMENT CHARACTER}", "doctype", "쉽니다", "Traceback", "127.0.0.1", "그리고 더", "가나",
    *(part for code, text in ERRORS.values() for part in (code, text.partition("{")[0].strip())),
)  # fmt: skip
assert "쉽니다" in HTML.decode()


@dataclass(frozen=True, slots=True)
class Seen:
    """The events of one question, how long they took, and what was raised."""

    question: str
    events: tuple[Event, ...]
    seconds: float
    error: BaseException | None = None

    @property
    def answer(self) -> Answer:
        last = self.events[-1]
        assert isinstance(last, Answer)
        return last

    @property
    def statuses(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Status)]

    @property
    def text(self) -> str:
        """Everything that the events hold, but the question, which is the asker's own."""
        return " ".join(str(asdict(event)) for event in self.events)


@contextmanager
def open_bot(store: Path, stub: Stub | str, protocol: str = "openai", **settings: Any) -> Iterator[Bot]:
    """A loaded bot that asks a stub, or a server at an address."""
    url = stub if isinstance(stub, str) else stub.url + PATHS[protocol]
    asked = {"llm": f"{protocol}:stub", "llm_url": url, "llm_key": KEY, **settings}
    bot = Bot(BotSettings(store=store, **asked))
    bot.article("")  # loads the index
    for question in TOLD:
        bot._extracted(question)  # what is loaded or remembered at first use
    assert bot._model is not None
    with closing(bot._model):
        yield bot


def number(body: dict[str, Any], part: str) -> int:
    """The number of the evidence with these words, in the prompt of a chat request."""
    found = SAID.findall(str(body["messages"][-1]["content"]))
    return next(int(count) for count, text in found if part in text)


def told(body: dict[str, Any]) -> str:
    """What a good model answers."""
    prompt = str(body["messages"][-1]["content"])
    for question, (part, sentence) in TOLD.items():
        if question in prompt:
            return f"{sentence} [{number(body, part)}]."
    return "네"


def told_and(more: str) -> Callable[[dict[str, Any]], str]:
    """A good answer and something behind it; {n} is the number of the evidence."""
    return lambda body: f"{told(body)} {filled(more)(body)}"


def filled(text: str) -> Callable[[dict[str, Any]], str]:
    """A text in place of a good answer; {n} is the number of the evidence and {good} the good answer."""

    def reply(body: dict[str, Any]) -> str:
        if "{" not in text:
            return text
        good = told(body)
        cited = re.findall(r"\[(\d+)\]", good)
        return text.replace("{n}", cited[0] if cited else "1").replace("{good}", good)

    return reply


def ask(bot: Bot, question: str = QUESTION, left: Callable[[], bool] = lambda: False) -> Seen:
    """Put one question."""
    began = time.monotonic()
    events: list[Event] = []
    error = None
    try:
        for event in bot.stream(question, (), left):
            events.append(event)  # noqa: PERF402 - what came before an error is wanted too
    except Exception as exc:  # noqa: BLE001 - the test says what may be raised
        error = exc
    return Seen(question, tuple(events), time.monotonic() - began, error)


def ask_many(bot: Bot, count: int = 20, at_once: int = 4) -> list[Seen]:
    """Put so many questions, some at the same time."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda question: ask(bot, question), islice(cycle(TOLD), count)))


def why(kind: str) -> str:
    """What the reader is told of a failure."""
    return say(f"llm.why_{kind}")


def wrong_with(seen: Seen, bot: Bot) -> list[str]:
    """Where the events of a question break the contract; empty where they do not."""
    if seen.error is not None:
        return [f"raised {seen.error!r}"]
    wrong = [f"shown: {word}" for word in FOREIGN if word in seen.text]
    if [isinstance(event, Answer) for event in seen.events] != [False] * (len(seen.events) - 1) + [True]:
        return [*wrong, "the answer is not the one last event"]
    answer = seen.answer
    if (answer.kind, bool(answer.citations)) not in (("answer", True), ("refusal", False)):
        wrong.append(f"{answer.kind} with {len(answer.citations)} citations")
    if (answer.kind == "refusal") != (answer.reason is not None):
        wrong.append(f"{answer.kind} because of {answer.reason}")
    return wrong + (_generative if answer.mode == "generative" else _extractive)(seen, bot)


def _extractive(seen: Seen, bot: Bot) -> list[str]:
    answer = seen.answer
    wrong = faults_of(answer, bot.article)
    if answer.model is not None:
        wrong.append(f"of the model {answer.model}")
    if answer.fallback is not None and say("llm.fell_back", why=answer.fallback) not in seen.statuses:
        wrong.append("the reader was not told of the fallback")
    text = "".join(_tokens(seen))
    if text != answer.answer and (answer.fallback is None or " [1] " not in text):
        wrong.append("the tokens are neither the answer nor what the model had written before it failed")
    return wrong


def _generative(seen: Seen, bot: Bot) -> list[str]:
    answer = seen.answer
    wrong = [] if answer.fallback is None else ["a generative answer has no fallback"]
    for place, citation in enumerate(answer.citations, 1):
        article = bot.article(citation.article)
        if article is None or article.text[citation.start : citation.end] != citation.quote:
            wrong.append(f"not at its place: {citation.quote}")
        if citation.marker != place or len(citation.quote) > 300:
            wrong.append(f"marker {citation.marker} of {len(citation.quote)} characters")
    if answer.kind == "answer":
        markers = {int(found) for found in re.findall(r"\[(\d+)\]", answer.answer)}
        if markers != {citation.marker for citation in answer.citations}:
            wrong.append(f"marked {markers}")
        if "".join(_tokens(seen)).strip() != answer.answer:
            wrong.append("the tokens are not the answer")
        last = [event for event in seen.events if isinstance(event, Sources)][-1]
        if tuple(last.citations) != answer.citations:
            wrong.append("the last sources are not those of the answer")
    return wrong


def _tokens(seen: Seen) -> list[str]:
    return [event.text for event in seen.events if isinstance(event, Token)]
