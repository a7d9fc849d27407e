"""The answerer that needs no model: it states what the reader found, quotes the proof, or refuses."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answerable import supported
from bot.cite import MAX_QUOTE, cite
from bot.evidence import Asked, Ranked
from bot.passages import Candidate
from bot.question import Question
from bot.reader.model import Found
from bot.reader.spans import clean_answer
from bot.runs import listed, with_titles
from bot.types import Answer, Citation, Reason
from prompts import say

SURE = 0.6  # share of the softmax from which an answer is stated; below, its sentence is quoted
STATED = frozenset({"person", "org", "place", "date", "time", "number", "role", "topic", "thing"})
MAX_ANSWER = 360  # characters of quotes in one answer
SUMMARY_LINES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read for one question."""

    asked: str
    """The question as it was asked."""
    question: Question
    """It, standing alone and understood."""
    words: Asked
    ranked: Sequence[Ranked]
    """Sentences, best first."""
    found: Sequence[Found]
    """Candidate answers of the best sentences, best first."""


def answer_from(reading: Reading) -> Answer:
    """State the answer with its proof, quote the best evidence, or refuse with the nearest thing there is."""
    if not reading.ranked:
        return refuse(reading, "no_evidence", say("answer.no_evidence"))
    if reading.question.type == "summary":
        return _quoted(reading, _summary(reading))
    if not supported(reading.words, reading.ranked, reading.found):
        return refuse(reading, "no_evidence", say("answer.no_evidence"))
    if reading.found and reading.question.type in STATED and _share(reading) >= SURE:
        return _stated(reading)
    return _quoted(reading, _best(reading))


def refuse(reading: Reading, reason: Reason, text: str) -> Answer:
    """A polite reply that holds no answer."""
    return Answer(reading.asked, reading.question.text, "refusal", text, reason=reason)


def _share(reading: Reading) -> float:
    """How much of the softmax falls on the best answer and on those that overlap it."""
    best = reading.found[0]
    return sum(
        found.share
        for found in reading.found[:50]
        if found.candidate is best.candidate
        and found.span.start < best.span.end
        and best.span.start < found.span.end
    )


def _stated(reading: Reading) -> Answer:
    """기사에 따르면 …입니다."""
    best = reading.found[0]
    line = best.candidate.line
    if reading.question.several:
        runs = listed(line, best.span)
        start, end = runs[0].start, runs[-1].end
    elif reading.question.type == "person":
        run = with_titles(line, best.span)
        start, end = run.start, run.end
    else:
        start, end = best.span.start, best.span.end
    short = clean_answer(line.text[start:end])
    citation = cite(1, best.candidate.page, *_quote_around(best.candidate, start, end))
    text = say("answer.stated", short=short, quote=citation.quote)
    return Answer(reading.asked, reading.question.text, "answer", text, short=short, citations=(citation,))


def _quote_around(candidate: Candidate, start: int, end: int) -> tuple[int, int]:
    """The sentence's bounds in the article, cut at words around the answer where it is too long."""
    line = candidate.line
    if len(line.text) <= MAX_QUOTE:
        return line.start, line.end
    room = MAX_QUOTE - (end - start)
    left = max(0, start - room // 2)
    left = 0 if left == 0 else line.text.find(" ", left, start) + 1 or start
    right = min(len(line.text), left + MAX_QUOTE)
    right = right if right == len(line.text) else max(line.text.rfind(" ", end, right), end)
    return line.start + left, line.start + right


def _best(reading: Reading) -> list[Candidate]:
    """The sentence of the best answer, or else the best sentence."""
    return [reading.found[0].candidate if reading.found else reading.ranked[0].candidate]


def _summary(reading: Reading) -> list[Candidate]:
    """The best sentences of the best article, in text order."""
    page = reading.ranked[0].candidate.page
    body = [
        r.candidate for r in reading.ranked if r.candidate.page is page and r.candidate.line.role == "body"
    ]
    chosen: list[Candidate] = []
    length = 0
    for candidate in body or [reading.ranked[0].candidate]:
        length += min(len(candidate.line.text), MAX_QUOTE)
        if chosen and (length > MAX_ANSWER or len(chosen) == SUMMARY_LINES):
            break
        chosen.append(candidate)
    return sorted(chosen, key=lambda candidate: candidate.line.start)


def _quoted(reading: Reading, chosen: Sequence[Candidate]) -> Answer:
    citations = tuple(
        cite(marker, candidate.page, candidate.line.start, candidate.line.end)
        for marker, candidate in enumerate(chosen, 1)
    )
    return Answer(reading.asked, reading.question.text, "answer", _quoting(citations), citations=citations)


def _quoting(citations: Sequence[Citation]) -> str:
    if len(citations) == 1:
        return say("answer.quote_one", quote=citations[0].quote)
    quotes = [
        say("answer.quote_item", quote=citation.quote, marker=citation.marker) for citation in citations
    ]
    return say("answer.quote_more", quotes=" ".join(quotes))
