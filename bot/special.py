"""Questions that other than the best sentence answers: each kind has its answer, or None if not asked."""

import re

from bot.cite import cite
from bot.compare import compared
from bot.dates import resolve
from bot.discrepancy import discrepancy_asked
from bot.elapsed import time_left
from bot.lexicon import words
from bot.offices import introduced
from bot.passages import Candidate
from bot.people import cast_of
from bot.premise import denied_person, unknown_number
from bot.question import asks_picture
from bot.reader.spans import clean_answer
from bot.reading import MAX_ANSWER, Reading, answered, quote_around, quoted, stated, together
from bot.record import fact_asked
from bot.summary import summary
from bot.types import Answer
from prompts import say


def _differs(reading: Reading) -> Answer | None:
    """What the article has in two ways, where that is asked about."""
    found = discrepancy_asked(reading.words, reading.page)
    if found is None:
        return None
    citations = [
        cite(
            marker,
            reading.page,
            *quote_around(line, line.text.index(said), line.text.index(said) + len(said)),
        )
        for marker, line, said in ((1, found.one, found.one_says), (2, found.other, found.other_says))
    ]
    text = say(
        "answer.differs",
        one_part=say(f"answer.part_{found.one.role}"), one=found.one_says, first=citations[0].quote,
        other_part=say(f"answer.part_{found.other.role}"), other=found.other_says, second=citations[1].quote,
    )  # fmt: skip
    return answered(
        reading, text, say("answer.differs_short", one=found.one_says, other=found.other_says), citations
    )


def _pictured(reading: Reading) -> Answer | None:
    """The caption, where a question asks what the picture shows."""
    if not asks_picture(reading.question):
        return None
    captions = [
        item.candidate
        for item in reading.ranked
        if item.candidate.line.role == "caption" and item.candidate.page is reading.page
    ]
    fullest = max(captions, key=lambda candidate: len(candidate.line.text), default=None)
    return quoted(reading, [fullest]) if fullest is not None else None


def _fact_asked(reading: Reading) -> Answer | None:
    """What the report's own byline, dateline, caption or title says."""
    fact = fact_asked(reading.question.text, reading.page)
    if fact is None:
        return None
    citation = cite(1, reading.page, fact.line.start, fact.line.end)
    text = say("answer.stated_plain", short=clean_answer(fact.stated))
    return answered(reading, text, fact.stated, [citation])


def _summary_asked(reading: Reading) -> Answer | None:
    if reading.question.type != "summary":
        return None
    return quoted(reading, summary(reading.question, reading.ranked))


def _introduced(reading: Reading) -> Answer | None:
    """Name and titles, as the article introduces somebody."""
    found = introduced(reading.question, dict.fromkeys(item.candidate.page for item in reading.ranked))
    if found is None:
        return None
    page, person = found
    citation = cite(1, page, *quote_around(page.lines[person.line], person.start, person.end))
    body = re.search(r"\S+의 $", person.before) if reading.question.type == "org" else None
    full = (body[0] if body else "") + person.full
    return stated(reading, ", ".join((full, *person.titles[1:])), citation)


def _denied(reading: Reading) -> Answer | None:
    """That the article says it of others and not of the person in the question."""
    chosen = denied_person(reading.words, reading.ranked)
    if not chosen:
        return None
    named = cast_of(chosen[0].page).named_in(reading.question.text)[0]
    opening = say("answer.not_of", who=named.name)
    return quoted(reading, together(chosen, MAX_ANSWER - len(opening)), opening=opening)


def _wrong_number(reading: Reading) -> Answer | None:
    """That the article does not have the number in the question, and what it has."""
    found = unknown_number(reading.question, reading.ranked)
    if found is None:
        return None
    number, chosen = found
    return quoted(reading, chosen[:1], opening=say("answer.not_there", wrong=number))


def _event_asked(reading: Reading) -> Answer | None:
    """The first sentence with a day, where a question says nothing but when or where: 언제 있었던 일이야?"""
    question = reading.question
    if question.type not in ("date", "place") or any(
        m.form not in words("generic") for m in question.content
    ):
        return None
    for place, line in enumerate(reading.page.lines):
        day = resolve(line.text, reading.page.article.published) if line.role == "body" else None
        if day is not None and day.day is not None:
            return quoted(reading, [Candidate(reading.page, place, 1.0)])
    return None


SPECIALS = (
    _differs,
    compared,
    time_left,
    _fact_asked,
    _pictured,
    _summary_asked,
    _event_asked,
    _introduced,
    _denied,
    _wrong_number,
)
"""Each kind, in the order in which they are tried."""
