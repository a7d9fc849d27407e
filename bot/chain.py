"""The chain, a LangChain runnable: question → standalone → triage → retrieve → read → answer → check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough

from bot.check import checked
from bot.conversation import stand_alone
from bot.english import searched
from bot.evidence import Asked, rank
from bot.passages import Pages
from bot.question import understand
from bot.reader.model import read as read_spans
from bot.reading import Reading
from bot.smalltalk import reply
from bot.types import Answer, Turn
from vectorstore.morphemes import normal_question
from vectorstore.retriever import HybridRetriever, to_hit

READ_CHUNKS = 12  # chunks that are read for one question
READ_SENTENCES = 12  # sentences that the reader looks for an answer in


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes into the chain."""

    question: str
    history: Sequence[Turn] = ()


def _own_words(asked: str, standalone: str) -> frozenset[str] | None:
    """The content words of a follow-up question; None for one that stood alone."""
    own = normal_question(asked)
    return None if own == standalone else frozenset(m.form for m in understand(own).content)


def build_chain(
    pages: Pages, answerer: Callable[[Reading], Answer], suggestions: Callable[[], Sequence[str]]
) -> Runnable[Ask, Answer]:
    """Ask in, Answer out. `answerer` is the step that differs between extractive and generative."""
    retriever = HybridRetriever(index=pages.index, k=READ_CHUNKS)

    def find(state: dict[str, Any]) -> list[Document]:
        return [] if state["canned"] is not None else retriever.invoke(searched(state["standalone"]))

    def read(state: dict[str, Any]) -> Reading:
        question = understand(state["standalone"])
        asked = Asked.of(question, pages.words, _own_words(state["ask"].question, state["standalone"]))
        ranked = rank(asked, pages.candidates([to_hit(document) for document in state["documents"]]))
        found = read_spans(asked, ranked[:READ_SENTENCES])
        return Reading(state["ask"].question, question, asked, ranked, found)

    def answer(state: dict[str, Any]) -> Answer:
        return state["canned"] or checked(answerer(read(state)), pages)

    def canned(state: dict[str, Any]) -> Answer | None:
        return reply(state["ask"].question, state["standalone"], suggestions)

    return (
        RunnableLambda[Ask, dict[str, Any]](lambda ask: {"ask": ask})
        | RunnablePassthrough.assign(standalone=lambda s: stand_alone(s["ask"].question, s["ask"].history))
        | RunnablePassthrough.assign(canned=canned)
        | RunnablePassthrough.assign(documents=find)
        | RunnableLambda(answer)
    )
