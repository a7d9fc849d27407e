"""A name, number, date or place that stands in the evidence, but of something else."""

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

from bot.grounding.amounts import Amount, amounts
from bot.grounding.clauses import Clause, Unit, clauses, likeness
from bot.grounding.slots import YEARS, Slot, kind_of, named, slots
from vectorstore.kiwi_encoder import KiwiEncoder

MARGIN = 0.5  # words by which another clause must fit better
DECAY = 4.0  # words between at which a word counts half
RATIO = 1.5
LOOSE_MARGIN, LOOSE_RATIO = 0.35, 1.3  # the same of numbers, dates and places
CROSSED = 1.6  # times better must two values fit in each other's places
_MARGINS = {"person": (MARGIN, RATIO)} | dict.fromkeys(("people", "thing"), (0.7, 2.0))
_UNSURE = frozenset({"length", "degree"})  # of which a wrong one is no better told than a right one
_AMONG = frozenset({"가운데", "중", "동안", "평균", "최대", "월", "연", "하루", "매달", "전액", "총액"})
_JOINT = re.compile(r"(?:에는|에|은|는|이|가|의|보다)? ?(?:약|최대|모두|총|평균|만)? ?")
_WHO = {"을": "whom", "를": "whom", "에게": "whom", "은": "who", "는": "who", "이": "who", "가": "who"}
_OPPOSITE = {"from": "to", "to": "from", "who": "whom", "whom": "who"}


def misplaced(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """The value that the evidence has of something else, with what it has instead; None where there is none."""
    people = named("\n".join((sentence, *evidence)))
    there = [(clause, slots(clause, people)) for text in evidence for clause in clauses(text, encoder)]
    for clause in clauses(sentence, encoder):
        mine = slots(clause, people)
        crossed = (
            _crossed(mine, clause, there)
            or _beside(clause, [one for one, _ in there])
            or _turned(clause, there, people)
            or _reversed(clause, [one for one, _ in there])
        )
        if crossed is not None:
            return " / ".join(crossed)
        for slot in mine:
            if slot.kind in _UNSURE:
                continue
            instead = _instead(slot, clause, there)
            if instead is not None:
                return f"{slot.value} / {instead}"
    return None


def _instead(slot: Slot, clause: Clause, there: Sequence[tuple[Clause, Sequence[Slot]]]) -> str | None:
    """What stands where the slot's value should, in a clause that speaks of the same."""
    own, other, instead = -1.0, 0.0, ""
    for one, its in there:
        same = [found for found in its if found.kind == slot.kind and _same(found.value, slot.value)]
        own = max((own, *(_fit(slot, clause, found, one) for found in same)))
        for found in its:
            if found.kind != slot.kind or found in same or found.value in clause.text:
                continue  # where both are spoken of, nothing is in the other's place
            if same or _acted_on(slot, clause) != _acted_on(found, one):
                continue
            fit = _fit(slot, clause, found, one)
            if fit > other:
                other, instead = fit, found.value
    margin, ratio = _MARGINS.get(slot.kind, (LOOSE_MARGIN, LOOSE_RATIO))
    if own < 0 or other < own + margin or other < own * ratio:
        return None
    return instead


def _acted_on(slot: Slot, clause: Clause) -> bool:
    """Whether a person is whom something is done to, or another's: 아버지 정판돌 씨에게."""
    after = clause.text[slot.end : slot.end + 3]
    return slot.kind == "person" and after.startswith(("을", "를", "에게", "의 ", "께 ", "한테"))


def _crossed(
    slots: Sequence[Slot], clause: Clause, there: Sequence[tuple[Clause, Sequence[Slot]]]
) -> tuple[str, str] | None:
    """Two values of a clause, each of which fits better where the evidence has the other."""
    for one, other in combinations(slots, 2):
        if one.kind != other.kind or _same(one.value, other.value):
            continue
        if _acted_on(one, clause) != _acted_on(other, clause):
            continue
        fits = [
            max((_fit(mine, clause, found, place) for place, its in there for found in its
                 if found.kind == mine.kind and _same(found.value, said.value)), default=-1.0)
            for mine in (one, other)
            for said in (one, other)
        ]  # fmt: skip
        if min(fits) >= 0 and fits[1] + fits[2] >= (fits[0] + fits[3]) * CROSSED:
            return one.value, other.value
    return None


def _beside(clause: Clause, there: Sequence[Clause]) -> tuple[str, str] | None:
    """A number of one thing that the evidence has of another: 유화 210점 for 드로잉 210점."""
    theirs = [pair for one in there for pair in _counted(one)]
    behind = {(form, str(amount)) for one in there for form, amount in _described(one)}
    for noun, mine in _counted(clause):
        of = {form for form, other in theirs if str(other) == str(mine)}
        of = set() if (noun, str(mine)) in behind else of
        instead = [other for form, other in theirs if form == noun and other.unit == mine.unit]
        if of and noun not in of and instead:
            return str(mine), str(instead[0])
    return None


def _reversed(clause: Clause, there: Sequence[Clause]) -> tuple[str, str] | None:
    """From one number to another, where the evidence has it the other way round."""
    theirs = {pair for one in there for pair in _changes(one)}
    for before, after in _changes(clause):
        if (after, before) in theirs and (before, after) not in theirs:
            return before, after
    return None


def _changes(clause: Clause) -> list[tuple[str, str]]:
    """Pairs of numbers from one of which something goes to the other: 4만 원에서 9만 원으로."""
    found = sorted(
        (a for a in amounts(clause.text) if a.value < YEARS or a.unit != "년"), key=lambda a: a.start
    )
    return [
        (str(one), str(other))
        for one, other in pairwise(found)
        if re.match(r" ?에서", clause.text[one.end :])
        and re.match(r"(?:으로|로|까지)", clause.text[other.end :])
    ]


def _counted(clause: Clause) -> list[tuple[str, Amount]]:
    """Each number with the word right before it."""
    found = []
    for amount in amounts(clause.text):
        before = [unit for unit in clause.units if unit.end - clause.start <= amount.start]
        if (
            before
            and before[-1].form not in _AMONG
            and amount.measure
            and not (amount.unit == "년" and amount.value >= YEARS)
            and _JOINT.fullmatch(clause.text[before[-1].end - clause.start : amount.start])
        ):
            found.append((before[-1].form, amount))
    return found


def _described(clause: Clause) -> list[tuple[str, Amount]]:
    """Each number with the word right behind it: 여섯 곳 경로당."""
    return [
        (unit.form, amount)
        for amount in amounts(clause.text)
        for unit in clause.units
        if re.fullmatch(r"의? ?", clause.text[amount.end : max(0, unit.start - clause.start)] or "x")
    ]


def _turned(
    clause: Clause, there: Sequence[tuple[Clause, Sequence[Slot]]], people: frozenset[str]
) -> tuple[str, str] | None:
    """Where from and where to, or who and whom, the other way round."""
    for unit in clause.units:
        role = _role(unit, people)
        its = {_role(other, people) for one, _ in there for other in one.units if other.form == unit.form}
        opposite = _OPPOSITE.get(role or "")
        if opposite in its and role not in its and (role in ("from", "to") or _same_act(clause, unit, there)):
            return unit.form, unit.particle
    return None


def _role(unit: Unit, people: frozenset[str]) -> str | None:
    if unit.form in people:
        return _WHO.get(unit.particle)
    if (unit.tag != "NNP" and kind_of(unit.form) != "place") or len(unit.form) < 2 or unit.form.isascii():
        return None
    return {"에서": "from", "부터": "from", "에서부터": "from", "까지": "to"}.get(unit.particle)


def _same_act(clause: Clause, unit: Unit, there: Sequence[tuple[Clause, Sequence[Slot]]]) -> bool:
    """Whether the evidence has the clause's predicate where it has the unit."""
    return any(
        likeness(clause.units[-1], one.units[-1]) == 1.0
        for one, _ in there
        if any(other.form == unit.form for other in one.units)
    )


def _fit(slot: Slot, clause: Clause, found: Slot, one: Clause) -> float:
    """How many of the words and numbers around the one stand around the other, near ones counting more."""
    there = [
        (unit, _nearness(unit.start - one.start, found, one))
        for unit in one.units
        if not _inside(unit, found, one)
    ]
    words = sum(
        _nearness(unit.start - clause.start, slot, clause)
        * max((likeness(unit, other) * near for other, near in there), default=0.0)
        for unit in clause.units
        if not _inside(unit, slot, clause)
    )
    return words + sum(
        _nearness(mine.start, slot, clause) * _nearness(other.start, found, one)
        for mine in amounts(clause.text)
        for other in amounts(one.text)
        if str(mine) == str(other) and not _overlap(mine, slot) and not _overlap(other, found)
    )


def _overlap(amount: Amount, slot: Slot) -> bool:
    return amount.start < slot.end and slot.start < amount.end


def _nearness(middle: int, slot: Slot, clause: Clause) -> float:
    """1 right beside the slot, less with each word between."""
    between = sum(
        min(middle, slot.start) < other.start - clause.start < max(middle, slot.start)
        for other in clause.units
    )
    return 1 / (1 + between / DECAY)


def _inside(unit: Unit, slot: Slot, clause: Clause) -> bool:
    return unit.start - clause.start < slot.end and slot.start < unit.end - clause.start


def _same(one: str, other: str) -> bool:
    return one == other or (
        min(len(one), len(other)) > 1
        and (one.endswith(other) or other.endswith(one) or one.startswith(other) or other.startswith(one))
    )
