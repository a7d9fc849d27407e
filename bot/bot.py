"""The bot: one object that answers, loaded on first use and shared by every thread."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import langsmith
from langchain_core.runnables import Runnable

from bot.chain import Ask, build_chain, extractive
from bot.engines import Engines
from bot.passages import Pages
from bot.settings import BotSettings
from bot.suggest import Suggestions
from bot.types import Answer, Event, State, Turn
from prompts import UserError
from vectorstore.reader import Index
from vectorstore.types import Article, Hit

if TYPE_CHECKING:
    from bot.llm.calls import Model

MAX_QUESTION = 2_000  # characters


class QuestionError(UserError):
    """A question that cannot be taken: empty, or too long."""

    status = 400


class LongQuestionError(QuestionError):
    """A question over the limit."""

    status = 413


class Bot:
    """Answers questions about the articles of one store; several bots may share their engines."""

    def __init__(self, settings: BotSettings, engines: Engines | None = None) -> None:
        self._settings = settings
        self._engines = engines or Engines(settings)
        self._loading = threading.Lock()
        self._loaded: tuple[Index, Pages] | None = None
        self._model: Model | None = None
        self._warm = False
        if not settings.tracing:
            langsmith.configure(enabled=False)

    @property
    def ready(self) -> bool:
        """Whether questions are answered at once: everything is loaded, and one has been answered."""
        return self._warm

    def warm(self) -> None:
        """Load the analyser and the index, which takes seconds, and have the model loaded.

        Raises UserError.
        """
        self._load()
        self._extracted(self.suggestions()[0])
        self._warm = True
        if self._model is not None:
            self._model.warm_up()

    def answer(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Answer one question. Raises QuestionError for one that is empty or too long, StoreError."""
        return _last(self.stream(question, history))

    def stream(
        self, question: str, history: Sequence[Turn] = (), left: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        """What is known so far and, last, the whole answer; ends early, without one, once `left()`.

        Raises as `answer` does.
        """
        check_question(question)
        started = time.perf_counter()
        self._load()
        for event in self._chain.invoke(Ask(question, history, left)):
            if isinstance(event, Answer):
                event = replace(event, latency_ms=round((time.perf_counter() - started) * 1000))
                self._warm = True
            yield event

    def search(self, question: str, k: int) -> list[Hit]:
        """The `k` best passages for a question, best first. Raises as `answer` does."""
        check_question(question)
        return self._load()[0].search(question, k)

    def article(self, id: str) -> Article | None:
        """The article of that id, or None."""
        return self._load()[0].article(id)

    def suggestions(self) -> tuple[str, ...]:
        """Three questions that the index can answer."""
        self._load()
        return self._suggestions.first()

    def follow_ups(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        """Up to three questions that go on from an answer, without those already asked."""
        self._load()
        return self._suggestions.after(answer, asked)

    def state(self) -> State:
        """What is served now. Raises StoreError."""
        generation = self._load()[0].generation
        manifest, model = generation.manifest, self._model
        name, resting, waiting = (model.name, model.resting, model.waiting) if model else (None, False, 0)
        return State(generation.id, manifest.articles, manifest.chunks, name, resting, waiting)

    def _extracted(self, question: str) -> Answer:
        """The answer of the offline chain, whatever model is set."""
        return _last(self._offline.invoke(Ask(question)))

    def _load(self) -> tuple[Index, Pages]:
        with self._loading:
            if self._loaded is None:
                index = Index(self._settings.store, self._engines.encoder, self._engines.reranker)
                pages = Pages(index)
                self._offline = self._chain = build_chain(pages, extractive, self.suggestions)
                if (model := self._engines.model) is not None:
                    self._model = model
                    self._chain = _with_model(self._settings, model, pages, self.suggestions)
                self._suggestions = Suggestions(pages, self._extracted)
                self._loaded = index, pages
            return self._loaded


def _with_model(
    settings: BotSettings, model: "Model", pages: Pages, suggestions: Callable[[], Sequence[str]]
) -> Runnable[Ask, Iterator[Event]]:
    """The chain that answers with the language model of the settings."""
    from bot.llm.answerer import Generative
    from bot.llm.condense import Condenser

    answerer = Generative(model, pages.words, settings.llm_context, settings.llm_tokens)
    return build_chain(pages, answerer, suggestions, Condenser(model))


def _last(events: Iterator[Event]) -> Answer:
    """The answer that ends a stream."""
    return next(event for event in events if isinstance(event, Answer))


def check_question(question: str) -> None:
    """Raise QuestionError for an empty question and LongQuestionError over 2,000 characters."""
    if not question.strip():
        raise QuestionError("answer.question_empty")
    if len(question) > MAX_QUESTION:
        raise LongQuestionError("answer.question_long", found=len(question), limit=MAX_QUESTION)
