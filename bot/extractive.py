"""The answerer that needs no model: it states what the reader found, quotes the proof, or refuses."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.answerable import LOOKED_AT, PERSONS, beyond, common_noun, holding, supported
from bot.cite import cite
from bot.compare import compared
from bot.dates import resolve
from bot.discrepancy import discrepancy_asked
from bot.elapsed import time_left
from bot.lexicon import words
from bot.offices import introduced
from bot.others import others_asked
from bot.passages import Candidate, Line, Page
from bot.people import Person, cast_of, speaker_of
from bot.premise import denied_person, unknown_number
from bot.question import (
    Question,
    asks_day,
    asks_past,
    asks_picture,
    asks_speaker,
    asks_weekday,
    asks_what_was_said,
)
from bot.reader.model import Found
from bot.reader.spans import Span, anatomy, clean_answer
from bot.reading import (
    MAX_ANSWER,
    NEARLY,
    Reading,
    answered,
    fitting,
    nearly,
    not_found,
    quote_around,
    quoted,
    stated,
    together,
)
from bot.record import Fact, fact_asked
from bot.runs import listed, with_titles
from bot.summary import summary
from bot.types import Answer
from prompts import say

SURE = 0.6  # share of the softmax from which an answer is stated; below, its sentence is quoted
STATED = frozenset({"person", "org", "place", "date", "time", "number", "role", "topic", "thing"})
NARROW = frozenset({"person", "date", "time", "number"})  # one sentence answers these
NARROWLY = 0.3  # of the best share: a second sentence where one answers
THEIRS = 0.02  # … of the same speaker, where the question names him


def answer_from(reading: Reading) -> Answer:
    """State the answer with its proof, quote the best evidence, or refuse with the nearest thing there is."""
    if not reading.ranked or beyond(reading.words, reading.ranked):
        return not_found(reading)
    for special in (
        _differs,
        compared,
        time_left,
        _fact_asked,
        _pictured,
        _summary_asked,
        _event_asked,
        _introduced,
        _denied,
        _words_asked,
        _wrong_number,
    ):
        answer = special(reading)
        if answer is not None:
            return answer
    ranked = holding(reading.question, reading.ranked)
    if not ranked or not supported(reading.words, reading.ranked, reading.found):
        return not_found(reading)
    reading = replace(reading, ranked=ranked)
    for special in (_day_asked, others_asked, _speaker_asked):
        answer = special(reading)
        if answer is not None:
            return answer
    if (
        reading.found
        and reading.question.type in STATED
        and _share(reading) >= SURE
        and _nominal(reading.found[0])
        and _fits_type(reading)
    ):
        return _stated(reading)
    chosen = _best(reading)
    return quoted(reading, chosen, _likely(reading, chosen))


def _nominal(found: Found) -> bool:
    """Whether an answer ends on a noun, so that 입니다 may follow it: not 수요가 몰리고."""
    inside = [
        m for m in found.candidate.line.morphemes if m.start < found.span.end and m.end > found.span.start
    ]
    return (
        bool(inside) and inside[-1].tag[0] not in "VE" and inside[-1].tag not in ("XSV", "XSA", "MAG", "JC")
    )


def _fits_type(reading: Reading) -> bool:
    """Whether what would be stated as a person looks like one, and not like a body: 축사한 사람은?"""
    best = reading.found[0]
    if reading.question.type != "person" or "누가" in reading.question.text:
        return True
    start, end = _words(reading.question, best.candidate.line, best.span)
    inside = [span for span in anatomy(best.candidate.line).spans if start <= span.start and span.end <= end]
    return any(span.keys[0] in PERSONS and not common_noun(best.candidate.line, span) for span in inside)


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
    fact: Fact | None = fact_asked(reading.question.text, reading.page)
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


def _words_asked(reading: Reading) -> Answer | None:
    """What the named people said."""
    named = _whose_words(reading)
    if not named:
        return None
    said = _said(reading, named)
    return quoted(reading, said, _likely(reading, said)) if said else not_found(reading)


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


def _day_asked(reading: Reading) -> Answer | None:
    """The whole date, where the day of the week or the exact date is asked for and a day is given."""
    if not asks_weekday(reading.question):
        return None
    for item in reading.ranked[:LOOKED_AT]:
        line, page = item.candidate.line, item.candidate.page
        day = resolve(line.text, page.article.published)
        if day is not None and asks_past(reading.question) and day.after(page.article.published):
            continue
        if day is not None and (
            day.day is not None or (day.month is not None and not asks_day(reading.question))
        ):
            return stated(reading, day.spoken(), cite(1, page, *quote_around(line, 0, 0)))
    return None


def _speaker_asked(reading: Reading) -> Answer | None:
    """Who said the best sentence, by the name and title that the article introduces the speaker with."""
    person = _speaker(reading)
    if person is None:
        return None
    best = reading.ranked[0].candidate
    citations = [cite(1, best.page, best.line.start, best.line.end)]
    if person.name not in best.line.text and person.end > person.start:
        introduced_in = best.page.lines[person.line]
        citations.append(cite(2, best.page, *quote_around(introduced_in, person.start, person.end)))
    return answered(reading, say("answer.stated_plain", short=person.full), person.full, citations)


def _speaker(reading: Reading) -> Person | None:
    """The speaker of the best sentence, where the question asks who said something."""
    question = reading.question
    if question.type != "person":
        return None
    best = reading.ranked[0].candidate
    speaker = speaker_of(best)
    if speaker is None or speaker in cast_of(best.page).named_in(question.text):
        return None
    if asks_speaker(question):
        return speaker
    names = {span.keys[0] for span in anatomy(best.line).spans}
    return speaker if not speaker.titles and not names & PERSONS else None


def _stated(reading: Reading) -> Answer:
    """The reader's best answer, with the date that it means beside it."""
    best = reading.found[0]
    line, page = best.candidate.line, best.candidate.page
    start, end = _words(reading.question, line, best.span)
    short = clean_answer(line.text[start:end])
    shown = short
    if reading.question.type == "date":
        day = resolve(short, page.article.published)
        if day is not None and (str(day.year) not in short or asks_weekday(reading.question)):
            shown = say("answer.dated", short=short, date=day.spoken())
    return stated(reading, short, cite(1, page, *quote_around(line, start, end)), shown)


def _words(question: Question, line: Line, span: Span) -> tuple[int, int]:
    """Where the answer begins and ends: the whole list, a name with its titles, or what was found."""
    if question.several:
        runs = listed(line, span)
        return runs[0].start, runs[-1].end
    if question.type == "person":
        run = with_titles(line, span)
        return run.start, run.end
    if question.type == "date":
        before = re.search(r"(?:같은|지난|오는|다음|이번) $", line.text[: span.start])
        return (before.start() if before else span.start), span.end
    return span.start, span.end


def _best(reading: Reading) -> list[Candidate]:
    """The best sentence, and for a wide question the next that may hold the answer too, best first."""
    question = reading.question
    named = cast_of(reading.page).named_in(question.text)
    titled = bool(named) and question.type == "topic" and question.focus in words("titles")
    if (question.type == "person" or titled) and not question.several:
        return [reading.ranked[0].candidate]
    narrow = question.type in NARROW and not question.several
    return nearly(reading.ranked, NARROWLY if narrow else NEARLY)


def _whose_words(reading: Reading) -> tuple[Person, ...]:
    """The people named, where the question asks for what they said."""
    if not asks_what_was_said(reading.question) or reading.question.type == "person":
        return ()
    cast = cast_of(reading.page)
    named = cast.named_in(reading.question.text)
    speaks = any(speaker in named for speaker in cast.speakers)
    return named if reading.question.type == "claim" or speaks else ()


def _said(reading: Reading, named: Sequence[Person]) -> list[Candidate]:
    """What they said: all of it from the start, or where the question says about what, that."""
    page: Page = reading.page
    own = "".join(person.name + "".join(person.titles) for person in named).replace(" ", "").lower()
    light = words("saying", "verbs") | words("said") | words("speech")
    about = [m for m in reading.question.content if m.form not in light and m.form.lower() not in own]
    speakers = cast_of(page).speakers
    theirs = [
        item
        for item in reading.ranked
        if item.candidate.page is page and speakers[item.candidate.place] in named
    ]
    if about and theirs:
        return nearly(theirs, THEIRS)
    return fitting(page, [place for place, who in enumerate(speakers) if who in named])


def _likely(reading: Reading, chosen: Sequence[Candidate]) -> str | None:
    """The likeliest answer inside what is quoted: too unsure to be stated, but what the reader would mark."""
    if reading.question.type in ("summary", "yesno"):
        return None
    best = next((found for found in reading.found if found.candidate in chosen), None)
    if best is None:
        return None
    start, end = _words(reading.question, best.candidate.line, best.span)
    return clean_answer(best.candidate.line.text[start:end]) or None
