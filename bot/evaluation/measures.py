"""Recall, reciprocal rank and gain of rankings; the arithmetic is sentence-transformers' own."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.evaluation.types import Measures

CUTS = [1, 5, 10]
DEPTH = 10


def measure(rankings: Mapping[str, Sequence[str]], right: Mapping[str, frozenset[str]]) -> Measures:
    """The means over all questions.

    `rankings` holds each question's passages, best first, none twice; `right` those that answer it.
    recall@k is the share of the right ones among the first k: with one right passage, 1 or 0.
    """
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    evaluator = InformationRetrievalEvaluator(
        queries=dict.fromkeys(right, ""),
        corpus={},
        relevant_docs={question: set(ids) for question, ids in right.items()},
        precision_recall_at_k=CUTS,
        accuracy_at_k=[1],
        map_at_k=[DEPTH],
        mrr_at_k=[DEPTH],
        ndcg_at_k=[DEPTH],
        write_csv=False,
    )
    hits = [_scored(rankings[question]) for question in right]
    found: Any = evaluator.compute_metrics(hits)
    recall = {cut: float(found["recall@k"][cut]) for cut in CUTS}
    mrr, ndcg = float(found["mrr@k"][DEPTH]), float(found["ndcg@k"][DEPTH])
    return Measures(recall[1], recall[5], recall[10], mrr, ndcg)


def _scored(ranking: Sequence[str]) -> Any:
    """A ranking in the evaluator's form, which sorts by score."""
    return [{"corpus_id": id, "score": -place} for place, id in enumerate(ranking)]
