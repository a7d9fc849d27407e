"""What a question takes for granted and the article says otherwise: the wrong person, the wrong number.

폐회사는 남 회장이 했죠? is answered with the sentence on who did, 백 석으로 늘어난 까닭 with what the article
counts. Nothing is concluded beyond that: the sentences are quoted.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from bot.evidence import Asked, Ranked, coverage
from bot.kinds import counted
from bot.lexicon import words
from bot.passages import Candidate
from bot.people import Person, cast_of, speaker_of
from bot.question import NOUN_TAGS, Question

OTHERS, MORE = 0.5, 0.3  # how much of the rest of the question others' sentence says, and more than his own
ASSERTING = frozenset({"yesno", "reason"})  # types of questions that say what is so: is it, why is it
LOOKED_AT = 40  # sentences
MAX_UNIT = 3  # letters of a counter


def denied_person(asked: Asked, ranked: Sequence[Ranked]) -> list[Candidate]:
    """The sentence that says of others what the question says of a person, and that person's best one.

    Empty where no person is named, or where the person's own sentences say it as well.
    """
    page = ranked[0].candidate.page
    named = cast_of(page).named_in(asked.question.text)
    if len(named) != 1:
        return []
    if asked.question.type not in ASSERTING:
        return _others_occasion(asked.question, ranked, named[0])
    rest = asked.without(_own_words(asked.question, named[0]) | words("asserting") | words("saying", "verbs"))
    if len(rest.weights) < 2:
        return []
    own, other = _best(rest, ranked, named[0])
    if own is None or other is None or other[0] < OTHERS or other[0] - own[0] < MORE:
        return []
    return [other[1], own[1]]


def _others_occasion(question: Question, ranked: Sequence[Ranked], person: Person) -> list[Candidate]:
    """The sentence on who made the speech in the question (개회사), where it was never the person."""
    speeches = [speech for speech in words("speech", "made") if speech in question.text]
    page = ranked[0].candidate.page
    told = [
        item.candidate
        for item in ranked
        if item.candidate.page is page and any(speech in item.candidate.line.text for speech in speeches)
    ]
    his = any(person.name in one.line.text or speaker_of(one) == person for one in told)
    return told[:1] if told and not his else []


def _own_words(question: Question, person: Person) -> frozenset[str]:
    own = (person.name + "".join(person.titles)).replace(" ", "").lower()
    return frozenset(m.form.lower() for m in question.content if m.form.lower() in own)


def _best(
    rest: Asked, ranked: Sequence[Ranked], person: Person
) -> tuple[tuple[float, Candidate] | None, tuple[float, Candidate] | None]:
    """The best covered sentence that is about or by the person, and the best that is not."""
    page = ranked[0].candidate.page
    own: tuple[float, Candidate] | None = None
    other: tuple[float, Candidate] | None = None
    for item in ranked[:LOOKED_AT]:
        candidate = item.candidate
        if candidate.page is not page:
            continue
        covered = coverage(rest, candidate.line)
        speaker = speaker_of(candidate)
        if person.name in candidate.line.text or speaker == person:
            own = max(own or (covered, candidate), (covered, candidate), key=lambda pair: pair[0])
        elif candidate.line.role == "body":
            other = max(other or (covered, candidate), (covered, candidate), key=lambda pair: pair[0])
    return own, other


def unknown_number(question: Question, ranked: Sequence[Ranked]) -> tuple[str, list[Candidate]] | None:
    """A number with its counter that no sentence has, and the best sentences with another number of it."""
    found = question.morphemes
    for number, unit in pairwise(found):
        if number.tag != "SN" or unit.tag not in NOUN_TAGS or number.end != unit.start:
            continue
        if unit.form in words("ordinals") or len(unit.form) > MAX_UNIT or not number.form.isdigit():
            continue
        said = re.compile(rf"(?<![\d.,]){number.form}(?:여)? ?{re.escape(unit.form)}")
        texts = [item.candidate.page.article.text.replace(",", "") for item in ranked[:LOOKED_AT]]
        if any(said.search(text) for text in dict.fromkeys(texts)):
            continue
        same = [i.candidate for i in ranked[:LOOKED_AT] if counted(unit.form, i.candidate.line.text)]
        if same:
            return number.form + unit.form, same
    return None
