"""What was read for one question, and the forms in which it is answered: stated, quoted, or refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.cite import MAX_QUOTE, cite
from bot.evidence import Asked, Ranked
from bot.passages import Candidate, Line, Page
from bot.question import Question
from bot.reader.model import Found
from bot.types import Answer, Citation, Reason
from prompts import say

MAX_ANSWER = 370  # characters of quotes in one answer, which has 400 with the words around them
MAX_QUOTES = 3
SIGNS_AROUND = 8  # quotation marks, marker and spaces around one quote
NEARLY = 0.07  # of the best share: a sentence that may hold the answer too


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
    read: Callable[[], Sequence[Found]]
    """Looks for the answer in the best sentences, once."""

    @property
    def found(self) -> Sequence[Found]:
        """Candidate answers of the best sentences, best first; read when they are first asked for."""
        return self.read()

    @property
    def page(self) -> Page:
        """The article of the best sentence."""
        return self.ranked[0].candidate.page


def refuse(reading: Reading, reason: Reason, text: str) -> Answer:
    """A polite reply that holds no answer."""
    return Answer(reading.asked, reading.question.text, "refusal", text, reason=reason)


def not_found(reading: Reading) -> Answer:
    """That the articles do not say it."""
    return refuse(reading, "no_evidence", say("answer.no_evidence"))


def answered(reading: Reading, text: str, short: str | None, citations: Sequence[Citation]) -> Answer:
    """An answer with its proof."""
    return Answer(
        reading.asked, reading.question.text, "answer", text, short=short, citations=tuple(citations)
    )


def stated(reading: Reading, short: str, citation: Citation, shown: str | None = None) -> Answer:
    """기사에 따르면 …입니다. “…”"""
    return answered(
        reading, say("answer.stated", short=shown or short, quote=citation.quote), short, [citation]
    )


def quoted(
    reading: Reading, chosen: Sequence[Candidate], short: str | None = None, opening: str = ""
) -> Answer:
    """기사에는 다음과 같이 나옵니다. “…” [1] “…” [2]"""
    citations = [
        cite(marker, candidate.page, candidate.line.start, candidate.line.end)
        for marker, candidate in enumerate(chosen, 1)
    ]
    return answered(reading, f"{opening} {quoting(citations)}".strip(), short, citations)


def quoting(citations: Sequence[Citation]) -> str:
    """The quotes with the words around them."""
    if len(citations) == 1:
        return say("answer.quote_one", quote=citations[0].quote)
    quotes = [
        say("answer.quote_item", quote=citation.quote, marker=citation.marker) for citation in citations
    ]
    return say("answer.quote_more", quotes=" ".join(quotes))


def quote_around(line: Line, start: int, end: int) -> tuple[int, int]:
    """The sentence's bounds in the article, cut at words around the answer where it is too long."""
    if len(line.text) <= MAX_QUOTE:
        return line.start, line.end
    room = MAX_QUOTE - (end - start)
    left = max(0, start - room // 2)
    left = 0 if left == 0 else line.text.find(" ", left, start) + 1 or start
    right = min(len(line.text), left + MAX_QUOTE)
    right = right if right == len(line.text) else max(line.text.rfind(" ", end, right), end)
    return line.start + left, line.start + right


def nearly(ranked: Sequence[Ranked], least: float = NEARLY) -> list[Candidate]:
    """The first of the sentences, and the next of its article that fit nearly as well, as many as fit."""
    first = ranked[0]
    chosen = [first.candidate]
    length = len(first.candidate.line.text)
    for item in ranked[1:MAX_QUOTES]:
        length += len(item.candidate.line.text) + SIGNS_AROUND
        if length > MAX_ANSWER or item.share < least * first.share:
            break
        if item.candidate.page is first.candidate.page:
            chosen.append(item.candidate)
    return chosen


def fitting(page: Page, places: Sequence[int]) -> list[Candidate]:
    """The first of these sentences of an article, as many as fit into one answer."""
    chosen: list[Candidate] = []
    length = 0
    for place in places:
        length += min(len(page.lines[place].text), MAX_QUOTE) + SIGNS_AROUND
        if chosen and (length > MAX_ANSWER or len(chosen) == MAX_QUOTES):
            break
        chosen.append(Candidate(page, place, 1.0))
    return chosen


def together(chosen: Sequence[Candidate], room: int = MAX_ANSWER) -> Sequence[Candidate]:
    """The first two sentences where both fit, else the first."""
    both = sum(len(candidate.line.text) + SIGNS_AROUND for candidate in chosen[:2])
    return chosen[:2] if both <= room else chosen[:1]
