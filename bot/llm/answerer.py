"""The generative answerer: the model writes, each sentence is checked, and what fails gives way to quotes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

from bot.answerable import beyond
from bot.chain import spoken
from bot.extractive import answer_from
from bot.llm.calls import Model, Place
from bot.llm.draft import Draft
from bot.llm.failures import ModelError
from bot.llm.prompt import Brief, brief
from bot.llm.sentences import Cutter
from bot.reading import Reading, not_found
from bot.types import Event, Sources, Status, Token
from prompts import say
from vectorstore.kiwi_encoder import KiwiEncoder

logger = logging.getLogger(__name__)


class Generative:
    """Answers a reading with a model's words, or with the article's own where the model's cannot be used."""

    def __init__(self, model: Model, encoder: KiwiEncoder, context: int, tokens: int) -> None:
        """`context` and `tokens`: what the model can read and write, and what it may write, in tokens."""
        self._model = model
        self._encoder = encoder
        self._context = context
        self._tokens = tokens

    def __call__(self, reading: Reading, left: Callable[[], bool]) -> Iterator[Event]:
        """Statuses, the sources as they are cited, each checked sentence, and last the Answer."""
        nothing = not reading.ranked or beyond(reading.words, reading.ranked)
        if nothing or reading.ranked[0].candidate.line.hidden:  # the next best would be a wrong answer
            yield from spoken(not_found(reading))
            return
        given = brief(reading, self._context - self._tokens, self._model.count)
        draft = Draft(reading, given.evidence, self._encoder)
        try:
            yield from self._told(given)
            yield from self._written(given, draft, left)
            if left():
                return
            answer = draft.answer(self._model.name)
        except ModelError as exc:
            logger.info("the model's answer was not used: %s (%s)", exc.kind, self._model.name)
            yield Status(say("llm.fell_back", why=exc))
            instead = replace(answer_from(reading), fallback=str(exc))
            # What was already shown cannot be unsaid piece by piece: the whole answer takes its place.
            yield from [instead] if draft.shown else spoken(instead)
            return
        if draft.dropped:
            yield Status(say("llm.dropped", count=draft.dropped))
        yield from [answer] if answer.kind == "answer" else spoken(answer)

    def _told(self, given: Brief) -> Iterator[Event]:
        """What the reader should know before the model begins."""
        kept = len(given.evidence)
        if kept < given.found:
            logger.info("evidence cut to the model's context: %d of %d sentences", kept, given.found)
            yield Status(say("llm.evidence_cut", found=given.found, kept=kept))
        if self._model.loading:
            yield Status(say("llm.loading"))

    def _written(self, given: Brief, draft: Draft, left: Callable[[], bool]) -> Iterator[Event]:
        """Each sentence once it is checked. Raises ModelError."""
        cutter = Cutter()
        with closing(self._model.write(given.messages, left)) as pieces:
            for piece in pieces:
                if isinstance(piece, Place):
                    yield Status(_place(piece.before))
                    continue
                for sentence in cutter.feed(piece):
                    yield from _shown(draft, sentence)
                if draft.full:
                    return
        rest = cutter.end()
        if rest is not None and not left():
            yield from _shown(draft, rest)


def _shown(draft: Draft, sentence: str) -> Iterator[Event]:
    kept = draft.add(sentence)
    if kept is not None:
        yield Sources(kept.citations)
        yield Token(kept.text + " ")


def _place(before: int) -> str:
    return say("llm.in_line", count=before) if before else say("llm.next_in_line")
