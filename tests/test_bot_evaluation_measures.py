from math import log2

import pytest

from bot.evaluation.measures import measure
from bot.evaluation.types import Measures

OTHERS = [f"x{n}" for n in range(20)]


def one(ranking: list[str], right: set[str]) -> Measures:
    return measure({"q": ranking}, {"q": frozenset(right)})


def test_the_right_passage_first_is_full_marks() -> None:
    assert one(["a", *OTHERS], {"a"}) == Measures(1, 1, 1, 1, 1)


def test_the_third_place_counts_from_the_cut_of_five_on() -> None:
    found = one(["x", "y", "a"], {"a"})
    assert (found.recall_1, found.recall_5, found.recall_10) == (0, 1, 1)
    assert found.mrr_10 == pytest.approx(1 / 3)
    assert found.ndcg_10 == pytest.approx(1 / log2(4))


def test_the_tenth_place_counts_and_the_eleventh_does_not() -> None:
    tenth, eleventh = (one([*OTHERS[:before], "a"], {"a"}) for before in (9, 10))
    assert (tenth.recall_5, tenth.recall_10, tenth.mrr_10) == (0, 1, pytest.approx(0.1))
    assert eleventh == Measures(0, 0, 0, 0, 0)


def test_an_empty_ranking_scores_nothing() -> None:
    assert one([], {"a"}) == Measures(0, 0, 0, 0, 0)


def test_of_two_right_passages_each_is_half_the_recall() -> None:
    found = one(["a", "x", "b"], {"a", "b"})
    assert (found.recall_1, found.recall_5, found.mrr_10) == (0.5, 1, 1)
    assert found.ndcg_10 == pytest.approx((1 + 1 / log2(4)) / (1 + 1 / log2(3)))


def test_the_figures_are_means_over_the_questions() -> None:
    rankings = {"q1": ["a"], "q2": ["x", "b"], "q3": []}
    found = measure(rankings, {"q1": frozenset("a"), "q2": frozenset("b"), "q3": frozenset("c")})
    assert found.recall_1 == pytest.approx(1 / 3)
    assert found.recall_10 == pytest.approx(2 / 3)
    assert found.mrr_10 == pytest.approx((1 + 1 / 2) / 3)
    assert found.ndcg_10 == pytest.approx((1 + 1 / log2(3)) / 3)
