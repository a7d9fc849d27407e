"""How the candidates of a sentence relate to a question: windows of matched words around each, and more.

Windows of decaying weight left and right of a candidate say how near the question's words stand to it
(decay 1.5, 5 and 20 eojeols: the trial in design notes gained 2 points from them).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.evidence import NEAR, Asked
from bot.kinds import shows
from bot.passages import Candidate, Line
from bot.reader.spans import Anatomy, anatomy
from vectorstore.morphemes import Morpheme

DECAYS = (1.5, 5.0, 20.0)
SAME_MEANING = 0.9  # credit of a word that the line says in other words
DENSE = (
    "left1", "left5", "left20", "right1", "right5", "right20", "inside", "beside_left", "beside_right",
    "clause", "focus_head", "focus_near", "focus_like", "predicate_left", "predicate_right",
    "unit", "repeats", "kind",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The candidates of one sentence with their features."""

    candidate: Candidate
    anatomy: Anatomy
    dense: NDArray[np.float32]
    """Shape (candidates, len(DENSE))."""


def extract(asked: Asked, candidate: Candidate) -> Row:
    """The features of every candidate answer of a sentence."""
    line = candidate.line
    cut = anatomy(line)
    count = len(cut.spans)
    dense = np.zeros((count, len(DENSE)), np.float32)
    if not count:
        return Row(candidate, cut, dense)
    match, best = _matches(asked, line, cut)
    first = np.array([span.first for span in cut.spans])
    last = np.array([span.last for span in cut.spans])
    columns: list[NDArray[np.float32] | float] = [*_windows(match, first, last)]
    padded = np.concatenate([[0.0], match, [0.0]])
    total = np.concatenate([[0.0], np.cumsum(match)])
    inside = total[last + 1] - total[first]
    columns += [inside, padded[first], padded[last + 2]]
    columns.append(_in_clause(match, cut, first, last))
    columns += _focus(asked, line.vectors, cut, first, last)
    columns += _predicate(asked, best, cut, first, last)
    columns.append(_unit(asked, line.text, cut))
    columns.append(np.array([_repeats(asked, cut, span.first, span.last) for span in cut.spans], np.float32))
    kind = asked.question.type
    columns.append(
        np.array([shows(kind, line.text[span.start : span.end]) for span in cut.spans], np.float32)
    )
    for number, column in enumerate(columns):
        dense[:, number] = column
    return Row(candidate, cut, dense)


def wh_particle(morphemes: Sequence[Morpheme], asks: frozenset[str]) -> str:
    """The particle joined to the question word: 누가 → JKS, 어디에서 → JKB."""
    for m, after in zip(morphemes, [*morphemes[1:], None], strict=True):
        if m.form in asks:
            return after.tag if after is not None and after.tag[0] == "J" else "none"
    return "absent"


def _matches(asked: Asked, line: Line, cut: Anatomy) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(weight of the question's words found in each eojeol, credit of each question word in each eojeol)."""
    words = len(asked.vector_weights)
    best = np.zeros((words, cut.eojeols), np.float32)
    if words and len(line.vectors):
        credit = np.clip((asked.vectors @ line.vectors.T - NEAR) / (1 - NEAR), 0.0, 1.0)
        for row, word in enumerate(cut.word_of_row):
            np.maximum(best[:, word], credit[:, row], out=best[:, word])
    for number, form in enumerate(asked.forms):
        for meaning in line.meanings:
            if meaning.group in asked.groups[form]:
                spoken = [cut.places[k] for k in range(meaning.first, meaning.last + 1)]
                best[number, spoken] = np.maximum(best[number, spoken], SAME_MEANING)
    share = asked.vector_weights / max(float(asked.vector_weights.sum()), 1e-6)
    return (share[:, None] * best).sum(axis=0), best


def _windows(
    match: NDArray[np.float32], first: NDArray[np.int64], last: NDArray[np.int64]
) -> list[NDArray[np.float32]]:
    """Matched weight to the left and to the right of each candidate, for each decay."""
    left, right = [], []
    for decay in DECAYS:
        step = np.float32(np.exp(-1 / decay))
        from_left = np.zeros(len(match) + 1, np.float32)
        for place, value in enumerate(match):
            from_left[place + 1] = (from_left[place] + value) * step
        from_right = np.zeros(len(match) + 1, np.float32)
        for place in range(len(match) - 1, -1, -1):
            from_right[place] = (from_right[place + 1] + match[place]) * step
        left.append(from_left[first])
        right.append(from_right[last + 1])
    return left + right


def _in_clause(
    match: NDArray[np.float32], cut: Anatomy, first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Matched weight in the clauses that the candidate stands in."""
    sums = np.bincount(cut.clause_of, weights=match, minlength=int(cut.clause_of.max(initial=0)) + 1)
    begin, end = cut.clause_of[first], cut.clause_of[last]
    return np.asarray(np.maximum(sums[begin], sums[end]), np.float32)


def _focus(
    asked: Asked,
    vectors: NDArray[np.float32],
    cut: Anatomy,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> list[NDArray[np.float32]]:
    """The noun that the answer is one of: at the candidate's head, beside it, or like its head."""
    focus = asked.question.focus
    count = len(cut.spans)
    head, near, like = (np.zeros(count, np.float32) for _ in range(3))
    if focus is None:
        return [head, near, like]
    there = np.array([focus in forms for forms in cut.forms], np.float32)
    for number, span in enumerate(cut.spans):
        head[number] = span.head == focus
        around = there[max(0, span.first - 2) : span.first].sum() + there[span.last + 1 : span.last + 3].sum()
        near[number] = min(1.0, around)
        if span.head_row >= 0 and asked.focus_vector is not None:
            like[number] = max(0.0, float(asked.focus_vector @ vectors[span.head_row]))
    return [head, near, like]


def _predicate(
    asked: Asked, best: NDArray[np.float32], cut: Anatomy, first: NDArray[np.int64], last: NDArray[np.int64]
) -> list[NDArray[np.float32]]:
    """How near the question's predicate stands, to the left and to the right of each candidate."""
    row = asked.predicate_row
    if row is None or row >= len(best):
        zero = np.zeros(len(first), np.float32)
        return [zero, zero]
    windows = _windows(best[row], first, last)
    return [windows[1], windows[4]]


def _unit(asked: Asked, text: str, cut: Anatomy) -> NDArray[np.float32]:
    unit = asked.question.unit
    if unit is None:
        return np.zeros(len(cut.spans), np.float32)
    return np.array(
        [float(unit in text[span.start : span.end] and any(c.isdigit() for c in text[span.start : span.end]))
         for span in cut.spans], np.float32,
    )  # fmt: skip


def _repeats(asked: Asked, cut: Anatomy, first: int, last: int) -> float:
    """The part of the candidate's own words that the question said already."""
    own = frozenset().union(*cut.forms[first : last + 1])
    return len(own & asked.weights.keys()) / len(own) if own else 0.0
