"""The chain, a LangChain runnable: question → standalone → triage → retrieve → read → answer → check."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough

from bot.check import checked
from bot.conversation import stand_alone
from bot.english import searched
from bot.evidence import Asked, rank
from bot.extractive import answer_from
from bot.passages import Pages
from bot.question import understand
from bot.reader.model import read as read_spans
from bot.reading import Reading
from bot.smalltalk import reply
from bot.types import Answer, Event, Sources, Token, Turn
from vectorstore.morphemes import normal_question
from vectorstore.retriever import HybridRetriever, to_hit

READ_CHUNKS = 12  # chunks that are read for one question
READ_SENTENCES = 12  # sentences that the reader looks for an answer in


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes into the chain."""

    question: str
    history: Sequence[Turn] = ()
    left: Callable[[], bool] = lambda: False
    """Whether the one who asked has left, and the answer may end."""


class Answerer(Protocol):
    """The step that differs between extractive and generative."""

    def __call__(self, reading: Reading, left: Callable[[], bool], /) -> Iterator[Event]:
        """What is shown at once and, last, the Answer; the chain speaks one of which nothing was shown."""
        ...


def extractive(reading: Reading, left: Callable[[], bool]) -> Iterator[Event]:
    """The answerer that needs no model."""
    yield answer_from(reading)


def spoken(answer: Answer) -> Iterator[Event]:
    """A whole answer as a stream: the sources, the text in pieces, and the answer itself."""
    if answer.citations:
        yield Sources(answer.citations)
    for piece in re.findall(r"\S+\s*|\s+", answer.answer):
        yield Token(piece)
    yield answer


def _own_words(asked: str, standalone: str) -> frozenset[str] | None:
    """The content words of a follow-up question; None for one that stood alone."""
    own = normal_question(asked)
    return None if own == standalone else frozenset(m.form for m in understand(own).content)


def build_chain(
    pages: Pages,
    answerer: Answerer,
    suggestions: Callable[[], Sequence[str]],
    understood: Callable[[str, Sequence[Turn]], str] = stand_alone,
) -> Runnable[Ask, Iterator[Event]]:
    """Ask in, a stream of events out; `understood` folds the history into the question."""
    retriever = HybridRetriever(index=pages.index, k=READ_CHUNKS)

    def find(state: dict[str, Any]) -> list[Document]:
        return [] if state["canned"] is not None else retriever.invoke(searched(state["standalone"]))

    def read(state: dict[str, Any]) -> Reading:
        question = understand(state["standalone"])
        asked = Asked.of(question, pages.words, _own_words(state["ask"].question, state["standalone"]))
        ranked = rank(asked, pages.candidates([to_hit(document) for document in state["documents"]]))
        found = cache(lambda: read_spans(asked, ranked[:READ_SENTENCES]))
        return Reading(state["ask"].question, question, asked, ranked, found)

    def answer(state: dict[str, Any]) -> Iterator[Event]:
        if state["canned"] is not None:
            return spoken(state["canned"])
        return _checked(answerer(read(state), state["ask"].left), pages)

    def canned(state: dict[str, Any]) -> Answer | None:
        return reply(state["ask"].question, state["standalone"], suggestions)

    return (
        RunnableLambda[Ask, dict[str, Any]](lambda ask: {"ask": ask})
        | RunnablePassthrough.assign(standalone=lambda s: understood(s["ask"].question, s["ask"].history))
        | RunnablePassthrough.assign(canned=canned)
        | RunnablePassthrough.assign(documents=find)
        | RunnableLambda(answer)
    )


def _checked(events: Iterator[Event], pages: Pages) -> Iterator[Event]:
    """The events; an answer is checked before any of it is shown, but for what its answerer has shown."""
    shown = False
    for event in events:
        if isinstance(event, Answer):
            answer = checked(event, pages)
            yield from [answer] if shown else spoken(answer)
        else:
            shown = shown or isinstance(event, Token)
            yield event
