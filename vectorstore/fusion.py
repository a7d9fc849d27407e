"""Hybrid search: the lexical and the dense half, fused by score.

Convex combination of scores that are scaled to 0..1 beats reciprocal rank fusion where one half is much
stronger than the other (Bruch, Gai and Ingber 2023), as the lexical half is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vectorstore.dense import DenseIndex
from vectorstore.encoders import Encoder
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.lexical import LexicalIndex, letter_pairs, question_terms
from vectorstore.morphemes import morphemes, normal_question

DENSE_WEIGHT = 0.15  # of the cosine against the scaled BM25 (`make bench` shows the table)
DEPTH = 100  # chunks that each half brings to the fusion


@dataclass(frozen=True)
class Query:
    """A question made ready for both halves."""

    words: Sequence[str]
    pairs: Sequence[str]
    vector: NDArray[np.float32]

    @classmethod
    def of(cls, question: str, encoder: Encoder) -> "Query":
        """Analyse a question once for both halves."""
        text = normal_question(question)
        found = morphemes(text)
        vector = encoder.pool(found) if isinstance(encoder, KiwiEncoder) else encoder.encode_query(text)
        return cls(question_terms(found), letter_pairs(text), vector)


def search(
    query: Query, lexical: LexicalIndex, dense: DenseIndex, row_of: Mapping[tuple[str, int], int], k: int
) -> list[tuple[int, float]]:
    """The `k` best rows with their scores, best first; ties in row order, so that results repeat.

    `row_of` gives the lexical index's row of a chunk (article, number).
    """
    depth = max(DEPTH, k)
    scores = lexical.scores(query.words, query.pairs)
    best = float(scores.max(initial=0.0))
    fused: dict[int, float] = {}
    for row in _top(scores, depth):
        fused[row] = float(scores[row]) / best
    for article, number, cosine in dense.search(query.vector, min(depth, len(row_of))):
        row = row_of[article, number]
        lexical_part = fused.get(row, float(scores[row]) / best if best else 0.0)
        fused[row] = lexical_part + DENSE_WEIGHT * max(cosine, 0.0)
    ranked = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:k]


def _top(scores: NDArray[np.float32], depth: int) -> list[int]:
    """The rows of the `depth` highest positive scores."""
    few = depth >= len(scores)
    candidates = np.arange(len(scores)) if few else np.argpartition(-scores, depth)[:depth]
    return [int(row) for row in candidates if scores[row] > 0]
