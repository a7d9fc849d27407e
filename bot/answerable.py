"""Whether the evidence supports an answer at all: a logistic model over a few readable signals."""

from collections.abc import Sequence
from math import exp

from bot.evidence import Asked, Ranked
from bot.reader.model import Found
from vectorstore.lexical import letter_pairs

WEIGHTS = {"bias": -1.0, "sentence": 4.0, "known": 3.0, "share": 1.0}
THRESHOLD = 0.5


def supported(asked: Asked, ranked: Sequence[Ranked], found: Sequence[Found]) -> bool:
    """Whether to answer."""
    return probability(signals(asked, ranked, found)) >= THRESHOLD


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
        "known": covered,
        "share": found[0].share if found else 0.0,
    }


def _spelled(term: str, pairs: set[str]) -> bool:
    own = letter_pairs(term)
    return len(term) > 2 and all(pair in pairs for pair in own)
