"""A predicate that the sentence affirms and the evidence denies of the same things, or the other way round."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.grounding.amounts import amounts
from bot.grounding.asserted import free, left_open, only_else, remainder, replaced, stopped, supposed
from bot.grounding.clauses import SAME_GROUP, Clause, Unit, clauses, likeness
from bot.grounding.polarity import Said, paired, statements, turned_round
from vectorstore.kiwi_encoder import KiwiEncoder

LEAST = 0.35  # of the words around the one must stand around the other
BETTER = 1.25  # times better must the denied fit than the affirmed
DECAY = 3.0  # words between at which a word counts half
BEHIND = 0.3  # what a word behind the predicate counts, but the one that it describes
SUBJECT = 2.0  # what the subject counts
ALIKE = 0.7  # likeness from which two words are the same
_NOT_DONE = re.compile(r"[을를은는도]? ?(?:하|받|실시하|진행하|운영하)지(?:는|도)? (?:않|못)")


@dataclass(frozen=True, slots=True)
class _Met:
    """Where the evidence speaks of a predicate: how well what is around it fits, and whether the signs agree."""

    fit: float
    agrees: bool


def contradicted(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """The word of the sentence whose sign is another in the evidence; None where there is none."""
    sentences = [clauses(text, encoder) for text in evidence]
    there = [(one, parts[:place]) for parts in sentences for place, one in enumerate(parts)]
    parts = clauses(sentence, encoder)
    for place, clause in enumerate(parts):
        if clause.denials and remainder(clause, evidence):
            continue
        topics = [] if _topics([clause]) else _topics(parts[:place])[-1:]
        for said in filter(_asserted(clause), statements(clause)):
            around = [*topics, *(unit for unit in clause.units if unit is not said.unit)]
            if left_open(said.unit, clause) or (said.positive and stopped(said.unit, clause)):
                continue
            if not said.positive and any(only_else(said.unit, clause, one) for one, _ in there):
                continue
            if not around or any(replaced(unit, one) for unit in around for one, _ in there):
                continue
            fits = [_fit(said.unit, around, clause, one, _topics(before)) for one, before in there]
            met = [
                _Met(fit, agrees)
                for (one, _), fit in zip(there, fits, strict=True)
                if not turned_round(clause, one) and _cancels(clause) == _cancels(one)
                for agrees in _signs(said, one)
            ]
            against = max((one.fit for one in met if not one.agrees), default=0.0)
            with_it = max((one.fit for one in met if one.agrees), default=0.0)
            if against >= LEAST and against > BETTER * with_it and against * BETTER >= max(fits):
                return said.unit.form
    return None


def _asserted(clause: Clause) -> Callable[[Said], bool]:
    """Whether a statement is one that can be denied: no short stem of many senses, no bare noun but 조사를 하지 않다."""

    def asserted(said: Said) -> bool:
        unit = said.unit
        if len(unit.form) < 2 and not paired(unit.form) and not unit.denied:
            return False
        bare = unit.tag[0] == "N" and not unit.verbal and said.concept == unit.form
        return not bare or _NOT_DONE.match(clause.text, unit.end - clause.start) is not None

    return asserted


def _cancels(clause: Clause) -> bool:
    """Whether what a clause speaks of is called off or denied by somebody: 없애기로 한 계획을 철회했다."""
    return any(unit.form.startswith(("철회", "취소", "백지화", "무산", "거두")) for unit in clause.units[1:])


def _topics(before: Sequence[Clause]) -> list[Unit]:
    """What the clauses before were about, which goes on: the words with 은 or 는, and subjects."""
    return [
        unit
        for one in before
        for unit in one.units
        if unit.particle in ("은", "는", "이", "가", "에서", "에서는")
    ]


def _signs(said: Said, one: Clause) -> list[bool]:
    """Whether each mention of the predicate in a clause has the same sign."""
    stated = {id(other.unit): other for other in statements(one)}
    found = []
    for unit in one.units:
        other = stated.get(id(unit)) or Said(unit, unit.form, not unit.denied)
        if other.concept != said.concept and unit.form != said.unit.form:
            if likeness(unit, said.unit) >= SAME_GROUP and unit.denied == said.unit.denied:
                found.append(True)  # 유출되다, 새어 나가다
            continue
        agrees = (other.positive and not stopped(unit, one)) == said.positive
        if not agrees and (
            supposed(one.text, unit.start - one.start, not other.positive)
            or left_open(unit, one)
            or (not said.positive and free(unit, one))
        ):
            continue
        found.append(agrees)
    return found


def _fit(unit: Unit, around: Sequence[Unit], clause: Clause, one: Clause, topics: Sequence[Unit]) -> float:
    """How much of what is around a predicate stands in a clause, near words and those before it counting more."""
    total = found = 0.0
    for mine in around:
        between = sum(
            min(mine.start, unit.start) < other.start < max(mine.start, unit.start) for other in around
        )
        weight = (BEHIND if mine.start > unit.start and between else 1.0) / (1 + between / DECAY)
        weight *= SUBJECT if mine.particle in ("은", "는", "이", "가") and mine.start < unit.start else 1.0
        total += weight
        best = max((likeness(mine, other) for other in (*topics, *one.units)), default=0.0)
        found += weight * (best if best >= ALIKE else 0.0)
    numbers = [str(amount) for amount in amounts(one.text)]
    for amount in amounts(clause.text):
        total += 1.0
        found += str(amount) in numbers
    return found / total
