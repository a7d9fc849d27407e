"""Whether two clauses that speak of the same say the opposite of each other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.grounding.amounts import Amount, amounts
from bot.grounding.asserted import left_open, only_else, remainder, replaced, stopped, supposed
from bot.grounding.clauses import Clause, Unit, clauses, likeness
from bot.lexicon import words
from vectorstore.kiwi_encoder import KiwiEncoder

ABOUT_THE_SAME = 0.55  # of a clause's words must be in the other
SHORT = 4  # words of a clause that does nothing but except something
_AT = re.compile(r"(?:에|에서|으로|ᆯ로|로|에게)[는ᆫ]")
_STAGE = re.compile(r"(?:위|무대|정상|자리|결승|본선|산|배)에 ?$")
WHOLE, INSIDE = 3, 0.8  # words of a clause that may lie wholly in a longer one, and what that counts
OTHER_NUMBERS = 0.6  # what a clause counts that lacks the numbers, where another has them
CLOSE = 0.75  # of the best share: a clause that may be meant too
SAME_PREDICATE = 0.75  # likeness


@dataclass(frozen=True, slots=True)
class Said:
    """A predicate, or a noun that has an opposite, and whether it is affirmed."""

    unit: Unit
    concept: str
    positive: bool


def opposed(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """The word of the sentence of which the evidence says the opposite; None where it does not."""
    sentences = [clauses(text, encoder) for text in evidence]
    there = [clause for parts in sentences for clause in parts]
    said = clauses(sentence, encoder)
    affirmed = not any(_negations(clause) for clause in said)
    for clause in said:
        excepted = _excepted(clause, there) if affirmed else None
        if excepted is not None:
            return excepted
        if clause.denials and remainder(clause, evidence):
            continue
        near = _near(clause, sentences)
        for mine in statements(clause):
            if left_open(mine.unit, clause) or (mine.positive and stopped(mine.unit, clause)):
                continue
            if not mine.positive and any(
                only_else(mine.unit, clause, one) or any(replaced(unit, one) for unit in clause.units)
                for one in there
            ):
                continue
            judged = [_judged(mine, clause, one) for one in near]
            if False in judged and True not in judged:
                return mine.unit.form
    return None


def _near(clause: Clause, sentences: Sequence[Sequence[Clause]]) -> list[Clause]:
    """The clauses that speak of the same, with the others of their sentence."""
    flat = [clause for parts in sentences for clause in parts]
    shares = dict(zip(map(id, flat), _shares(clause, flat), strict=True))
    best = max(shares.values(), default=0.0)
    if best < ABOUT_THE_SAME:
        return []
    return [
        one
        for parts in sentences
        for one in parts
        if shares[id(one)] > 0 and max(shares[id(part)] for part in parts) >= CLOSE * best
    ]


def _excepted(clause: Clause, there: Sequence[Clause]) -> str | None:
    """A word of an affirmed clause that the evidence excepts: 주말에는 하지 않는다, 전화로는 받지 않는다."""
    for one in there:
        unit = _except(one)
        if unit is None or any(
            unit.form == other.form for clause in there if clause is not one for other in clause.units
        ):
            continue  # spoken of elsewhere too
        if any(unit.form == mine.form for mine in clause.units):
            return unit.form
    return None


def _except(clause: Clause) -> Unit | None:
    """The word that a short negated clause is about: 주말 of 주말에는 하지 않는다."""
    if len(clause.units) > SHORT or not any(
        unit.denied and not supposed(clause.text, unit.start - clause.start, True) for unit in clause.units
    ):
        return None
    nouns = [unit for unit in clause.units if unit.tag == "NN"]
    marked = [unit for unit in nouns if _AT.fullmatch(unit.particle)]
    if not marked and len(clause.units) < SHORT:
        marked = [
            unit
            for unit in nouns
            if unit.particle in ("은", "는") or (unit.particle in ("이", "가") and unit.denied)
        ]
    return marked[-1] if marked else None


def _shares(clause: Clause, there: Sequence[Clause]) -> list[float]:
    """How much each of the clauses has of the first; one without its numbers counts less, if others have them."""
    said = list(amounts(clause.text))
    with_them = [any(_equal(mine, other) for mine in said for other in amounts(one.text)) for one in there]
    return [
        _share(clause, one) * (1.0 if has or not any(with_them) else OTHER_NUMBERS)
        for one, has in zip(there, with_them, strict=True)
    ]


def _share(clause: Clause, one: Clause) -> float:
    """How much of the one the other has, 0 to 1: of the first clause, or of a second that is wholly in it."""
    there, here = list(amounts(one.text)), list(amounts(clause.text))
    same = sum(any(_equal(said, other) for other in there) for said in here)
    shared = same + sum(
        max((_like(unit, other) for other in one.units), default=0.0) for unit in clause.units
    )
    back = same + sum(max((_like(unit, other) for other in clause.units), default=0.0) for unit in one.units)
    whole = back / (len(one.units) + len(there)) if len(one.units) >= WHOLE else 0.0
    return max(shared / (len(clause.units) + len(here)), whole * INSIDE)


def _equal(one: Amount, other: Amount) -> bool:
    return (one.value, one.unit) == (other.value, other.unit)


def _like(unit: Unit, other: Unit) -> float:
    """Opposites count as the same word here: they speak of the same."""
    found = likeness(unit, other)
    same = concept(unit.form)[0] == concept(other.form)[0]
    return max(found, 0.8) if same else found


def _judged(mine: Said, clause: Clause, one: Clause) -> bool | None:
    """Whether a clause affirms a statement (True) or says the opposite (False); None where it does neither.

    For the opposite, one of the two must be negated once more than the other.
    """
    alike = [other for other in statements(one) if _of_the_same(mine, other)]
    if not alike or turned_round(clause, one):
        return None
    if any(_agrees(mine, other, one) for other in alike):
        return True
    alike = [
        other
        for other in alike
        if not supposed(one.text, other.unit.start - one.start, not other.positive)
        and not left_open(other.unit, one)
    ]
    if not alike:
        return None
    return False if (_negations(clause) - _negations(one)) % 2 else None


def _agrees(mine: Said, other: Said, one: Clause) -> bool:
    """Whether both affirm or both deny; words of no common concept are compared by their negations alone."""
    if mine.concept != other.concept and not (paired(mine.unit.form) and paired(other.unit.form)):
        return mine.unit.denied == other.unit.denied
    return (other.positive and not stopped(other.unit, one)) == mine.positive


def turned_round(clause: Clause, one: Clause) -> bool:
    """Whether the one who acts in the first is acted on in the second: A가 B를 이겼다, B가 A에 졌다."""
    who = next((unit for unit in clause.units if unit.particle in ("은", "는", "이", "가")), None)
    return who is not None and any(
        (unit.form == who.form and unit.particle in ("을", "를", "에", "에게"))
        or unit.form
        in (f"{who.form}에", f"{who.form}를", f"{who.form}을")  # of a name the analyser cannot cut
        for unit in one.units
    )


def _of_the_same(mine: Said, other: Said) -> bool:
    short = min(len(mine.unit.form), len(other.unit.form)) < 2  # 받 and 내 are in too many paraphrases
    alike = likeness(mine.unit, other.unit)
    if other.concept != mine.concept and paired(mine.unit.form) and paired(other.unit.form):
        return False
    return other.concept == mine.concept or alike == 1.0 or (alike >= SAME_PREDICATE and not short)


def _negations(clause: Clause) -> int:
    return clause.denials + sum(said.positive == said.unit.denied for said in statements(clause))


def statements(clause: Clause) -> list[Said]:
    """The predicates of a clause, and its words that have an opposite, each with its sign."""
    found = []
    for unit in clause.units:
        single = unit.tag[0] == "N" and len(unit.form) < 2  # 낮 is noon or low, 지 and 뜻 are in everything
        name, positive = (unit.form, True) if single else concept(unit.form)
        if unit.form == "내리" and any(
            other.form.endswith(_prices()) and other.form != "비" for other in clause.units
        ):
            name, positive = concept("하락")  # rain that falls is no opposite of a price that rises
        if unit.form == "오르" and _STAGE.search(clause.text[: unit.start - clause.start]):
            name = unit.form  # 무대에 오르다 is no rise
        if unit.verbal or unit.denied or name != unit.form or not positive:
            found.append(Said(unit, name, positive != unit.denied))
    return found


def _prices() -> tuple[str, ...]:
    return tuple(words("grounding", "prices"))


@cache
def paired(word: str) -> bool:
    """Whether a word stands in a pair of opposites."""
    forms = {form for pair in words("grounding", "opposites") for form in re.split("[,/]", pair)}
    return any(word == form or (len(form) > 1 and word.endswith(form)) for form in forms)


@cache
def concept(word: str) -> tuple[str, bool]:
    """What a word speaks of, and whether it affirms it: 감소 → 늘, False; another word stands for itself."""
    for pair in sorted(words("grounding", "opposites")):
        affirmed, denied = (side.split(",") for side in pair.split("/"))
        for side, positive in ((affirmed, True), (denied, False)):
            if any(word == form or (len(form) > 1 and word.endswith(form)) for form in side):
                return affirmed[0], positive
    return word, word not in words("grounding", "denying")
