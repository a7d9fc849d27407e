"""The answerer that needs no model: it states what the reader found, quotes the proof, or refuses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answerable import LOOKED_AT, PERSONS, beyond, holding, supported
from bot.cite import MAX_QUOTE, cite
from bot.dates import resolve
from bot.evidence import Asked, Ranked
from bot.kinds import SURNAMES, TITLE
from bot.lexicon import words
from bot.offices import introduced
from bot.passages import Candidate, Line, Page
from bot.people import Person, cast_of, speaker_of
from bot.premise import denied_person, unknown_number
from bot.question import Question, asks_day, asks_speaker, asks_weekday, asks_what_was_said
from bot.reader.model import Found
from bot.reader.spans import Span, anatomy, clean_answer
from bot.record import Fact, fact_asked
from bot.runs import listed, with_titles
from bot.types import Answer, Citation, Reason
from prompts import say
from vectorstore.morphemes import Morpheme

SURE = 0.6  # share of the softmax from which an answer is stated; below, its sentence is quoted
STATED = frozenset({"person", "org", "place", "date", "time", "number", "role", "topic", "thing"})
MAX_ANSWER = 370  # characters of quotes in one answer, which has 400 with the words around them
SUMMARY_LINES = 3
NARROW = frozenset({"person", "date", "time", "number"})  # one sentence answers these
PARTICULAR, COVERED_BY_ONE = 3, 0.4  # words that say what to sum up, and how much of them a sentence says
NARROWLY = 0.3  # of the best share: a second sentence where one answers
NEARLY = 0.07  # of the best share: a sentence that may hold the answer too
THEIRS = 0.02  # … of the same speaker, where the question names him
SIGNS_AROUND = 8  # quotation marks, marker and spaces around one quote


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
    if beyond(reading.question, reading.ranked):
        return refuse(reading, "no_evidence", say("answer.no_evidence"))
    fact = fact_asked(reading.question.text, reading.ranked[0].candidate.page)
    if fact is not None:
        return _fact(reading, fact)
    if reading.question.type == "summary":
        return _quoted(reading, _summary(reading))
    known = introduced(reading.question, dict.fromkeys(item.candidate.page for item in reading.ranked))
    if known is not None:
        return _introduced(reading, *known)
    others = denied_person(reading.words, reading.ranked)
    if others:
        return _of_others(reading, others)
    named = _whose_words(reading)
    if named:
        said = _said(reading, named)
        return _quoted(reading, said) if said else refuse(reading, "no_evidence", say("answer.no_evidence"))
    wrong = unknown_number(reading.question, reading.ranked)
    if wrong is not None:
        return _otherwise(reading, *wrong)
    ranked = holding(reading.question, reading.ranked)
    if not ranked or not supported(reading.words, reading.ranked, reading.found):
        return refuse(reading, "no_evidence", say("answer.no_evidence"))
    reading = replace(reading, ranked=ranked)
    for special in (_day_asked, _remaining):
        answer = special(reading)
        if answer is not None:
            return answer
    speaker = _speaker_asked(reading)
    if speaker is not None:
        return _speaker(reading, speaker)
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


def _fact(reading: Reading, fact: Fact) -> Answer:
    """What the report's own byline, dateline, caption or title says."""
    page = reading.ranked[0].candidate.page
    line = fact.line
    citation = cite(1, page, line.start, line.end)
    text = say("answer.stated_plain", short=clean_answer(fact.stated))
    return Answer(
        reading.asked, reading.question.text, "answer", text, short=fact.stated, citations=(citation,)
    )


def _day_asked(reading: Reading) -> Answer | None:
    """The whole date, where the day of the week or the exact date is asked for and a day is given."""
    if not asks_weekday(reading.question):
        return None
    for item in reading.ranked[:LOOKED_AT]:
        line, page = item.candidate.line, item.candidate.page
        day = resolve(line.text, page.article.published)
        if day is not None and (
            day.day is not None or (day.month is not None and not asks_day(reading.question))
        ):
            citation = cite(1, page, *_quote_around(line, 0, 0))
            text = say("answer.stated", short=day.spoken(), quote=citation.quote)
            asked, standalone = reading.asked, reading.question.text
            return Answer(asked, standalone, "answer", text, short=day.spoken(), citations=(citation,))
    return None


def _speaker_asked(reading: Reading) -> Person | None:
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


def _speaker(reading: Reading, person: Person) -> Answer:
    """Who said it, by the name and title that the article introduces the speaker with."""
    best = reading.ranked[0].candidate
    said = cite(1, best.page, best.line.start, best.line.end)
    citations = [said]
    if person.name not in best.line.text and person.end > person.start:
        introduced = best.page.lines[person.line]
        citations.append(cite(2, best.page, *_quote_around(introduced, person.start, person.end)))
    text = say("answer.stated_plain", short=person.full)
    return Answer(
        reading.asked, reading.question.text, "answer", text, short=person.full, citations=tuple(citations)
    )


def _introduced(reading: Reading, page: Page, person: Person) -> Answer:
    """Name and titles, as the article introduces them."""
    line = page.lines[person.line]
    citation = cite(1, page, *_quote_around(line, person.start, person.end))
    short = ", ".join((person.full, *person.titles[1:]))
    asked, standalone = reading.asked, reading.question.text
    text = say("answer.stated", short=short, quote=citation.quote)
    return Answer(asked, standalone, "answer", text, short=short, citations=(citation,))


_SOMEBODY = re.compile(rf"{TITLE}$|^{SURNAMES}[가-힣]{{1,2}}$")
_BUT = re.compile(r"(?P<names>[^?]{2,60}?) ?(?:말고|빼고|제외하고|제외한|외에|이외에)(?![가-힣])")


def _remaining(reading: Reading) -> Answer | None:
    """The others of a list, where the question names some and asks who else; a refusal where none is left."""
    asked = _BUT.search(reading.question.text)
    if asked is None or reading.question.type != "person":
        return None
    for item in reading.ranked[:LOOKED_AT]:
        line = item.candidate.line
        known = [
            span
            for span in anatomy(line).spans
            if span.keys[0] in PERSONS and line.text[span.start : span.end].split()[0] in asked["names"]
        ]
        if not known:
            continue
        shortest = min(known, key=lambda span: span.end - span.start)
        items = [line.text[run.start : run.end] for run in listed(line, shortest)]
        left = [item for item in items if _SOMEBODY.search(item) and item.split()[0] not in asked["names"]]
        if not left:
            return refuse(reading, "no_evidence", say("answer.no_evidence"))
        short = ", ".join(left)
        citation = cite(1, item.candidate.page, *_quote_around(line, 0, 0))
        text = say("answer.stated", short=short, quote=citation.quote)
        asked_as, standalone = reading.asked, reading.question.text
        return Answer(asked_as, standalone, "answer", text, short=short, citations=(citation,))
    return None


def _stated(reading: Reading) -> Answer:
    """기사에 따르면 …입니다."""
    best = reading.found[0]
    line = best.candidate.line
    start, end = _words(reading.question, line, best.span)
    short = clean_answer(line.text[start:end])
    shown = short
    if reading.question.type == "date":
        day = resolve(short, best.candidate.page.article.published)
        if (day is not None and str(day.year) not in short) or (
            day is not None and asks_weekday(reading.question)
        ):
            shown = say("answer.dated", short=short, date=day.spoken())
    citation = cite(1, best.candidate.page, *_quote_around(line, start, end))
    text = say("answer.stated", short=shown, quote=citation.quote)
    return Answer(reading.asked, reading.question.text, "answer", text, short=short, citations=(citation,))


def _words(question: Question, line: Line, span: Span) -> tuple[int, int]:
    """Where the answer begins and ends: the whole list, a name with its titles, or what was found."""
    if question.several:
        runs = listed(line, span)
        return runs[0].start, runs[-1].end
    if question.type == "person":
        run = with_titles(line, span)
        return run.start, run.end
    return span.start, span.end


def _quote_around(line: Line, start: int, end: int) -> tuple[int, int]:
    """The sentence's bounds in the article, cut at words around the answer where it is too long."""
    if len(line.text) <= MAX_QUOTE:
        return line.start, line.end
    room = MAX_QUOTE - (end - start)
    left = max(0, start - room // 2)
    left = 0 if left == 0 else line.text.find(" ", left, start) + 1 or start
    right = min(len(line.text), left + MAX_QUOTE)
    right = right if right == len(line.text) else max(line.text.rfind(" ", end, right), end)
    return line.start + left, line.start + right


def _best(reading: Reading) -> list[Candidate]:
    """The best sentence, and for a wide question the next that may hold the answer too, best first."""
    narrow = reading.question.type in NARROW and not reading.question.several
    return _nearly(reading.ranked, NARROWLY if narrow else NEARLY)


def _nearly(ranked: Sequence[Ranked], least: float = NEARLY) -> list[Candidate]:
    """The first of the sentences, and the next of its article that fit nearly as well, as many as fit."""
    first = ranked[0]
    chosen = [first.candidate]
    length = len(first.candidate.line.text)
    for item in ranked[1:SUMMARY_LINES]:
        length += len(item.candidate.line.text) + SIGNS_AROUND
        if length > MAX_ANSWER or item.share < least * first.share:
            break
        if item.candidate.page is first.candidate.page:
            chosen.append(item.candidate)
    return chosen


def _summary(reading: Reading) -> list[Candidate]:
    """What the named person says, what is asked for in particular, or the report's first sentences."""
    page = reading.ranked[0].candidate.page
    if len(_particular(reading.question)) >= PARTICULAR and reading.ranked[0].covered >= COVERED_BY_ONE:
        return _nearly(reading.ranked)
    named = cast_of(page).named_in(reading.question.text)
    body = [place for place, line in enumerate(page.lines) if line.role == "body"]
    return _said_by(page, named) or _fitting(page, body or [0])


def _particular(question: Question) -> list[Morpheme]:
    """The words of a request for a summary that say of what, but for the report as a whole."""
    return [m for m in question.content if m.form not in words("whole")]


def _otherwise(reading: Reading, wrong: str, chosen: Sequence[Candidate]) -> Answer:
    """That the article does not have the number in the question, and what it has."""
    answer = _quoted(replace(reading, found=()), chosen[:1])
    return replace(answer, answer=f"{say('answer.not_there', wrong=wrong)} {answer.answer}")


def _of_others(reading: Reading, chosen: Sequence[Candidate]) -> Answer:
    """That the article says it of others and not of the person in the question."""
    named = cast_of(chosen[0].page).named_in(reading.question.text)[0]
    opening = say("answer.not_of", who=named.name)
    answer = _quoted(replace(reading, found=()), _whole(chosen, MAX_ANSWER - len(opening)))
    return replace(answer, answer=f"{opening} {answer.answer}")


def _whole(chosen: Sequence[Candidate], room: int) -> Sequence[Candidate]:
    """The first, and the next where both fit."""
    together = sum(len(candidate.line.text) + SIGNS_AROUND for candidate in chosen[:2])
    return chosen[:2] if together <= room else chosen[:1]


def _said_by(page: Page, named: Sequence[Person]) -> list[Candidate]:
    """The first sentences of the named people's speech, as many as fit."""
    return _fitting(page, [place for place, who in enumerate(cast_of(page).speakers) if who in named])


def _fitting(page: Page, places: Sequence[int]) -> list[Candidate]:
    chosen: list[Candidate] = []
    length = 0
    for place in places:
        length += min(len(page.lines[place].text), MAX_QUOTE) + SIGNS_AROUND
        if chosen and (length > MAX_ANSWER or len(chosen) == SUMMARY_LINES):
            break
        chosen.append(Candidate(page, place, 1.0))
    return chosen


def _whose_words(reading: Reading) -> tuple[Person, ...]:
    """The people named, where the question asks for what they said."""
    if not asks_what_was_said(reading.question) or reading.question.type == "person":
        return ()
    cast = cast_of(reading.ranked[0].candidate.page)
    named = cast.named_in(reading.question.text)
    speaks = any(speaker in named for speaker in cast.speakers)
    return named if reading.question.type == "claim" or speaks else ()


def _said(reading: Reading, named: Sequence[Person]) -> list[Candidate]:
    """What they said: all of it from the start, or where the question says about what, that."""
    page = reading.ranked[0].candidate.page
    own = "".join(person.name + "".join(person.titles) for person in named).replace(" ", "").lower()
    light = words("saying", "verbs") | words("said") | words("speech")
    about = [m for m in reading.question.content if m.form not in light and m.form.lower() not in own]
    speakers = cast_of(page).speakers
    fitting = [
        item
        for item in reading.ranked
        if item.candidate.page is page and speakers[item.candidate.place] in named
    ]
    return _nearly(fitting, THEIRS) if about and fitting else _said_by(page, named)


def _quoted(reading: Reading, chosen: Sequence[Candidate]) -> Answer:
    citations = tuple(
        cite(marker, candidate.page, candidate.line.start, candidate.line.end)
        for marker, candidate in enumerate(chosen, 1)
    )
    text, short = _quoting(citations), _likely(reading, chosen)
    return Answer(reading.asked, reading.question.text, "answer", text, short=short, citations=citations)


def _likely(reading: Reading, chosen: Sequence[Candidate]) -> str | None:
    """The likeliest answer inside what is quoted: too unsure to be stated, but what the reader would mark."""
    if reading.question.type in ("summary", "yesno"):
        return None
    best = next((found for found in reading.found if found.candidate in chosen), None)
    if best is None:
        return None
    start, end = _words(reading.question, best.candidate.line, best.span)
    return clean_answer(best.candidate.line.text[start:end]) or None


def _quoting(citations: Sequence[Citation]) -> str:
    if len(citations) == 1:
        return say("answer.quote_one", quote=citations[0].quote)
    quotes = [
        say("answer.quote_item", quote=citation.quote, marker=citation.marker) for citation in citations
    ]
    return say("answer.quote_more", quotes=" ".join(quotes))
