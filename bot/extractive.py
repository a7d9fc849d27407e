"""The answerer that needs no model: it quotes the sentences that answer, or says that there are none."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.cite import cite
from bot.evidence import Ranked
from bot.passages import Page
from bot.question import Question
from bot.types import Answer, Citation, Reason
from prompts import say

MIN_COVERED = 0.3  # of the question's weight that must stand in the article; see `make bench`
SECOND_SHARE = 0.5  # a second sentence is quoted where its share is at least this part of the first's
MAX_ANSWER = 380  # characters of quotes in one answer
SUMMARY_LINES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read for one question."""

    asked: str
    """The question as it was asked."""
    question: Question
    """It, standing alone and understood."""
    ranked: Sequence[Ranked]


def answer_from(reading: Reading) -> Answer:
    """Quote the best evidence, or refuse with the nearest thing there is."""
    if not reading.ranked:
        return refuse(reading, "no_evidence", say("answer.no_evidence"))
    if _covered(reading) < MIN_COVERED:
        return refuse(reading, "no_evidence", say("answer.no_evidence"))
    chosen = _summary(reading) if reading.question.type == "summary" else _best(reading)
    citations = tuple(
        cite(marker, item.candidate.page, item.candidate.line.start, item.candidate.line.end)
        for marker, item in enumerate(chosen, 1)
    )
    return Answer(reading.asked, reading.question.text, "answer", _quoting(citations), citations=citations)


def refuse(reading: Reading, reason: Reason, text: str) -> Answer:
    """A polite reply that holds no answer."""
    return Answer(reading.asked, reading.question.text, "refusal", text, reason=reason)


def _covered(reading: Reading) -> float:
    """How much of the question's weight the best article knows, word for word or nearly so, 0 to 1."""
    question = reading.question
    if not question.content:
        return 1.0
    page: Page = reading.ranked[0].candidate.page
    known = frozenset().union(*(line.terms for line in page.lines))
    exact = sum(m.form.lower() in known for m in question.content) / len(question.content)
    return max(exact, reading.ranked[0].covered)


def _best(reading: Reading) -> list[Ranked]:
    """The best sentence, and those of the same article that fit nearly as well."""
    first = reading.ranked[0]
    chosen = [first]
    length = len(first.candidate.line.text)
    for item in reading.ranked[1:3]:
        same = item.candidate.page is first.candidate.page
        length += len(item.candidate.line.text)
        if same and length <= MAX_ANSWER and (item.share >= SECOND_SHARE * first.share):
            chosen.append(item)
    return chosen


def _summary(reading: Reading) -> list[Ranked]:
    """The best sentences of the best article, in text order."""
    page = reading.ranked[0].candidate.page
    body = [item for item in reading.ranked if item.candidate.page is page and item.candidate.line.role == "body"]
    chosen: list[Ranked] = []
    length = 0
    for item in body or list(reading.ranked):
        length += len(item.candidate.line.text)
        if chosen and (length > MAX_ANSWER or len(chosen) == SUMMARY_LINES):
            break
        chosen.append(item)
    return sorted(chosen, key=lambda item: item.candidate.line.start)


def _quoting(citations: Sequence[Citation]) -> str:
    if len(citations) == 1:
        return say("answer.quote_one", quote=citations[0].quote)
    quotes = [say("answer.quote_item", quote=citation.quote, marker=citation.marker) for citation in citations]
    return say("answer.quote_more", quotes=" ".join(quotes))
