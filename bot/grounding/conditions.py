"""On what something hangs: what holds only if something is so, told as holding although it is not."""

from collections.abc import Iterator, Sequence

from bot.grounding.clauses import Clause, Unit, clauses, likeness
from bot.grounding.text import analysed
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.morphemes import Morpheme

SAME = 0.7  # likeness from which two predicates are the same
_THOUGH = frozenset({"아도", "어도", "더라도", "ᆯ지라도", "을지라도", "ᆫ다고 하더라도"})
_IF = frozenset({"면", "으면", "아야", "어야", "다면", "ᆫ다면", "는다면"})
_NOT = frozenset({"않", "못하"})


def ignored(sentence: str, evidence: Sequence[str]) -> str | None:
    """What the sentence lets hold although, where the evidence has it hold if: 떼지 않아도 for 떼지 않으면."""
    needed = {(form, denied) for text in evidence for form, denied, ending in _linked(text) if ending in _IF}
    conceded = {form for text in evidence for form, _, ending in _linked(text) if ending in _THOUGH}
    for form, denied, ending in _linked(sentence):
        same = {its for its in needed if its[0] == form}
        if ending in _THOUGH and denied and same and form not in conceded:
            return form
    return None


def widened(sentence: str, evidence: Sequence[str], encoder: KiwiEncoder) -> str | None:
    """What the sentence adds where the evidence has nothing but another: 우편으로도 for 인터넷으로만."""
    there = [clause for text in evidence for clause in clauses(text, encoder) if not clause.denials]
    for clause in clauses(sentence, encoder):
        for unit in clause.units if not clause.denials else ():
            if unit.particle.endswith("도") and any(_only(unit, clause, one) for one in there):
                return unit.form
    return None


def _only(unit: Unit, clause: Clause, one: Clause) -> bool:
    """Whether a clause has the same of another word alone."""
    return likeness(clause.units[-1], one.units[-1]) >= SAME and any(
        other.form != unit.form and other.particle == f"{unit.particle[:-1]}만" for other in one.units
    )


def _linked(text: str) -> Iterator[tuple[str, bool, str]]:
    """Each predicate before a linking ending, whether it is negated, and the ending."""
    found = [m for m in analysed(text) if m.tag != "SP"]
    for place, m in enumerate(found):
        if m.tag != "EC" or m.form not in _THOUGH | _IF:
            continue
        before = found[max(0, place - 5) : place]
        denied = any(one.form in _NOT and one.tag[:2] == "VX" for one in before[-2:])
        stem = _stem(before)
        if stem is not None:
            yield stem.form, denied, m.form


def _stem(before: Sequence[Morpheme]) -> Morpheme | None:
    return next((m for m in reversed(before) if m.tag[:2] in ("VV", "VA", "NN", "XR")), None)
