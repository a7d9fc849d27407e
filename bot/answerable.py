"""Whether the evidence supports an answer at all: a logistic model over a few readable signals.

Its four weights are set by hand; fitting them on the unanswerable questions of reader_data is still to do.
"""

import re
from collections.abc import Sequence
from math import exp

from bot.evidence import Asked, Ranked
from bot.kinds import shows
from bot.lexicon import words
from bot.question import Question
from bot.reader.model import Found
from vectorstore.lexical import letter_pairs

WEIGHTS = {"bias": -1.0, "sentence": 4.0, "known": 3.0, "share": 1.0}
THRESHOLD = 0.5
LOOKED_AT = 3  # best sentences in which what is asked for must stand


def supported(asked: Asked, ranked: Sequence[Ranked], found: Sequence[Found]) -> bool:
    """Whether to answer: the evidence is about the question and holds what could answer it."""
    return _could_answer(asked.question, ranked) and probability(signals(asked, ranked, found)) >= THRESHOLD


def _could_answer(question: Question, ranked: Sequence[Ranked]) -> bool:
    """Whether a date, a time or a number of the unit asked for stands in the best sentences at all."""
    texts = [item.candidate.line.text for item in ranked[:LOOKED_AT]]
    if question.type in ("date", "time"):
        return any(shows(question.type, text) for text in texts)
    if question.type != "number" or question.unit in words("countable"):
        return True
    if question.unit is not None:
        return any(
            re.search(rf"\d[\d,.]*\s?여?\s?[가-힣]{{0,2}}\s?{re.escape(question.unit)}", text)
            for text in texts
        )
    if question.focus in words("money"):
        return any(re.search(r"\d.{0,8}(?:원|달러)|무료|무상", text) for text in texts)
    return any(shows("number", text) for text in texts)


def probability(values: dict[str, float]) -> float:
    """The chance that the question is answerable from this evidence, 0 to 1."""
    return 1 / (1 + exp(-sum(WEIGHTS[name] * value for name, value in values.items())))


def signals(asked: Asked, ranked: Sequence[Ranked], found: Sequence[Found]) -> dict[str, float]:
    """The named signals, each about 0 to 1."""
    best = found[0].candidate if found else ranked[0].candidate
    page = best.page
    known: set[str] = set()
    pairs: set[str] = set()
    for line in page.lines:
        known |= line.terms
        pairs |= line.pairs
    total = sum(asked.weights.values()) or 1.0
    covered = (
        sum(weight for term, weight in asked.weights.items() if term in known or _spelled(term, pairs))
        / total
    )
    return {
        "bias": 1.0,
        "sentence": max(item.covered for item in ranked if item.candidate is best),
        "known": covered / total,
        "share": found[0].share if found else 0.0,
    }


def _spelled(term: str, pairs: set[str]) -> bool:
    own = letter_pairs(term)
    return len(term) > 2 and all(pair in pairs for pair in own)
