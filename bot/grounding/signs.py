"""A predicate that the sentence affirms and the evidence denies of the same things, or the other way round."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.grounding.clauses import Clause, Unit, clauses, likeness
from bot.grounding.polarity import concept, statements
from vectorstore.kiwi_encoder import KiwiEncoder

LEAST = 0.35  # of the words around the one must stand around the other
BETTER = 1.25  # times better must the denied fit than the affirmed
DECAY = 3.0  # words between at which a word counts half
ALIKE = 0.7  # likeness from which two words are the same
_IF = re.compile(r"지 (?:않|못)[가-힣]{0,3}(?:으면|다면|면|더라도|을 경우|는 한)|(?:없|아니)(?:으면|다면|라면)")
_EXCEPT = re.compile(r"(?: ?대신| ?말고|[이가] 아니라|을 제외|를 제외|을 빼고|를 빼고)")


@dataclass(frozen=True, slots=True)
class _Met:
    """Where the evidence speaks of a predicate: how well what is around it fits, and whether the signs agree."""

    fit: float
    agrees: bool


def contradicted(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """The word of the sentence whose sign is another in the evidence; None where there is none."""
    sentences = [clauses(text, encoder) for text in evidence]
    there = [(one, parts[:place]) for parts in sentences for place, one in enumerate(parts)]
    for clause in clauses(sentence, encoder):
        for said in statements(clause):
            if len(said.unit.form) < 2 and said.concept == said.unit.form and not said.unit.denied:
                continue
            around = [unit for unit in clause.units if unit is not said.unit]
            if not around or any(_excepted(unit, one) for unit in around for one, _ in there):
                continue
            fits = [_fit(said.unit, around, [*_topics(before), *one.units]) for one, before in there]
            met = [
                _Met(fit, agrees)
                for (one, _), fit in zip(there, fits, strict=True)
                for agrees in _signs(said.concept, said.positive, said.unit, one)
            ]
            against = max((one.fit for one in met if not one.agrees), default=0.0)
            with_it = max((one.fit for one in met if one.agrees), default=0.0)
            if against >= LEAST and against > BETTER * with_it and against * BETTER >= max(fits):
                return said.unit.form
    return None


def _topics(before: Sequence[Clause]) -> list[Unit]:
    """What the clauses before were about, which goes on: the words with 은 or 는, and subjects."""
    return [unit for one in before for unit in one.units if unit.particle in ("은", "는", "이", "가", "에서", "에서는")]


def _signs(name: str, positive: bool, unit: Unit, one: Clause) -> list[bool]:
    """Whether each mention of the predicate in a clause has the same sign."""
    found = []
    for other in one.units:
        its, sign = concept(other.form)
        if its != name and other.form != unit.form:
            continue
        sign = sign != other.denied
        if not sign and _IF.search(one.text, max(0, other.start - one.start)):
            continue  # only supposed
        found.append(sign == positive)
    return found


def _fit(unit: Unit, around: Sequence[Unit], units: Sequence[Unit]) -> float:
    """How much of what is around a predicate stands in a clause, near words counting more."""
    total = found = 0.0
    for mine in around:
        between = sum(min(mine.start, unit.start) < one.start < max(mine.start, unit.start) for one in around)
        weight = 1 / (1 + between / DECAY)
        total += weight
        best = max((likeness(mine, other) for other in units), default=0.0)
        found += weight * (best if best >= ALIKE else 0.0)
    return found / total


def _excepted(unit: Unit, one: Clause) -> bool:
    """Whether a clause says that something else is in a word's place: 교복 대신."""
    return any(
        other.form == unit.form and _EXCEPT.match(one.text, other.end - one.start) is not None
        for other in one.units
    )
