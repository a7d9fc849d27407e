"""Hybrid search: the lexical half, the paraphrases and the dense half, fused by score.

A convex combination of scores on one scale beats reciprocal rank fusion (Bruch, Gai and Ingber 2023). The
lexical score is the part of what BM25 can reach at most and not of the best chunk's score: where a
question shares no word with any chunk, it says so, and the other two decide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vectorstore.encoders import Encoder
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.lexical import LexicalIndex, Terms, letter_pairs, question_terms
from vectorstore.morphemes import morphemes, normal_question
from vectorstore.paraphrases import meaning_terms

DENSE_LEAST, DENSE_MOST = 0.02, 0.8  # weight of the cosine where words decide, and where they say nothing
WORDS_DECIDE = 0.15  # best lexical score from which words decide: KorQuAD's 5th percentile is .19, the
# paraphrase set's 95th .08
MEANING_WEIGHT = 0.1  # of the paraphrase groups
DEPTH = 100  # chunks that each half brings to the fusion

Nearest: TypeAlias = Callable[[NDArray[np.float32], int], list[tuple[int, float]]]
"""The rows of the so many nearest chunks to a vector with their cosines, best first."""


@dataclass(frozen=True)
class Query:
    """A question made ready for both halves."""

    terms: Terms
    vector: NDArray[np.float32]

    @classmethod
    def of(cls, question: str, encoder: Encoder) -> "Query":
        """Analyse a question once for both halves."""
        text = normal_question(question)
        found = morphemes(text)
        vector = encoder.pool(found) if isinstance(encoder, KiwiEncoder) else encoder.encode_query(text)
        return cls(Terms(question_terms(found), letter_pairs(text), meaning_terms(found)), vector)


def search(query: Query, lexical: LexicalIndex, nearest: Nearest, k: int) -> list[tuple[int, float]]:
    """The `k` best rows with their scores, best first; ties in row order, so that results repeat."""
    depth = max(DEPTH, k)
    scores = lexical.scores(query.terms) + MEANING_WEIGHT * lexical.meaning_scores(query.terms)
    fused = {row: float(scores[row]) for row in _top(scores, depth)}
    weight = _dense_weight(float(scores.max(initial=0.0)))
    for row, cosine in nearest(query.vector, min(depth, len(scores))):
        fused[row] = fused.get(row, float(scores[row])) + weight * max(cosine, 0.0)
    ranked = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:k]


def _dense_weight(best: float) -> float:
    """How much nearness of meaning counts beside words, by the best score that words reach: less the more."""
    missing = max(0.0, 1.0 - best / WORDS_DECIDE)
    return DENSE_LEAST + (DENSE_MOST - DENSE_LEAST) * missing


def _top(scores: NDArray[np.float32], depth: int) -> list[int]:
    """The rows of the `depth` highest positive scores."""
    few = depth >= len(scores)
    candidates = np.arange(len(scores)) if few else np.argpartition(-scores, depth)[:depth]
    return [int(row) for row in candidates if scores[row] > 0]
