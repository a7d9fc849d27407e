"""One word exchanged in a run of words that stands in the evidence: 옥상 for 운동장, 하류 for 상류."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import inf

from bot.grounding.amounts import amounts
from bot.grounding.clauses import Unit, clauses, likeness
from bot.grounding.slots import kind_of
from bot.lexicon import words
from vectorstore.kiwi_encoder import KiwiEncoder

_OF_DATES = ("일", "월", "년")  # of which another step judges
SAME = 0.7  # likeness from which the words around are the same
AROUND = 2  # words around a name or a place that must be the same, on both sides together
BESIDE = 2  # words around one of two that exclude each other


def exchanged(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """A name, a place or one of two opposites where the evidence has another in the same words."""
    said = _units(sentence, encoder)
    there = [_units(text, encoder) for text in evidence]
    for place, unit in enumerate(said):
        own = max((sum(_around(said, place, one, at)) for one, at in _mentions(unit, there)), default=0)
        for one in there:
            for at, other in enumerate(one):
                if not _another(unit, other) or other.form in sentence:
                    continue
                before, behind = _around(said, place, one, at)
                if before + behind > own and before + behind >= _needed(said, place, other, before, behind):
                    return f"{unit.form} / {other.form}"
    return None


def _needed(said: Sequence[Unit], place: int, other: Unit, before: int, behind: int) -> float:
    """How many words around must be the same: of two that exclude each other one number behind is enough."""
    if _exclude(said[place].form, other.form):
        return 1 if behind and said[place + 1].tag == "SN" else BESIDE
    return AROUND if before and behind else inf


def _units(text: str, encoder: KiwiEncoder) -> list[Unit]:
    """The words of a text and its numbers, in order."""
    numbers = [
        Unit(str(one), "SN", "", one.start, one.end, frozenset(), None, False, False) for one in amounts(text)
    ]
    found = [
        unit
        for clause in clauses(text, encoder)
        for unit in clause.units
        if not any(one.start < unit.end and unit.start < one.end for one in numbers)
    ]
    return sorted((*found, *numbers), key=lambda unit: unit.start)


def _mentions(unit: Unit, there: Sequence[Sequence[Unit]]) -> Iterator[tuple[Sequence[Unit], int]]:
    for one in there:
        yield from (
            (one, at) for at, other in enumerate(one) if other.form in unit.form or unit.form in other.form
        )


def _another(unit: Unit, other: Unit) -> bool:
    """Whether the one can stand for the other, but says something else."""
    if unit.tag == other.tag == "SN":
        return unit.form != other.form and _counter(unit) == _counter(other) not in _OF_DATES
    if unit.tag[0] != "N" or other.tag[0] != "N" or unit.particle != other.particle:
        return False
    if _exclude(unit.form, other.form):
        return True
    names = unit.tag == other.tag == "NNP"
    places = _spot(unit.form) or _spot(other.form)
    return (names or places) and not unit.verbal and not other.verbal and likeness(unit, other) < SAME


def _counter(number: Unit) -> str:
    return number.form.lstrip("0123456789.,+e-")


def _spot(form: str) -> bool:
    return kind_of(form) == "place" or form in words("grounding", "spots")


@lru_cache(maxsize=4096)
def _exclude(one: str, other: str) -> bool:
    """Whether two words exclude each other: 상류 and 하류, 여름방학 and 겨울방학."""
    for pair in words("grounding", "excluding"):
        first, second = pair.split("/")
        if one.replace(first, second) == other != one or one.replace(second, first) == other != one:
            return True
    return False


def _around(said: Sequence[Unit], place: int, one: Sequence[Unit], at: int) -> tuple[int, int]:
    """How many words before and behind are the same."""
    return _run(said, place, one, at, -1), _run(said, place, one, at, 1)


def _run(said: Sequence[Unit], place: int, one: Sequence[Unit], at: int, step: int) -> int:
    count = 0
    while True:
        place, at = place + step, at + step
        inside = 0 <= place < len(said) and 0 <= at < len(one)
        if not inside or likeness(said[place], one[at]) < SAME:
            return count
        count += 1
