"""The answerer that needs no model: it states what the reader found, quotes the proof, or refuses."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.answerable import LOOKED_AT, PERSONS, beyond, common_noun, holding, supported
from bot.cite import cite
from bot.dates import resolve
from bot.lexicon import words
from bot.others import others_asked
from bot.passages import Candidate, Line, Page
from bot.people import Person, cast_of, speaker_of
from bot.question import (
    Question,
    asks_day,
    asks_past,
    asks_speaker,
    asks_weekday,
    asks_what_was_said,
)
from bot.reader.model import Found
from bot.reader.spans import Span, anatomy, clean_answer
from bot.reading import (
    NEARLY,
    Reading,
    answered,
    fitting,
    nearly,
    not_found,
    quote_around,
    quoted,
    stated,
)
from bot.runs import listed, with_titles
from bot.special import SPECIALS
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
    for special in (*SPECIALS, _words_asked):
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


def _words_asked(reading: Reading) -> Answer | None:
    """What the named people said."""
    named = _whose_words(reading)
    if not named:
        return None
    said = _said(reading, named)
    return quoted(reading, said, _likely(reading, said)) if said else not_found(reading)


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
