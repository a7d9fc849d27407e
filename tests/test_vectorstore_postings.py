"""Postings counted in batches are bm25s' own index, number for number."""

import random
from pathlib import Path

import numpy as np
import pytest
from bm25s import BM25

from vectorstore.lexical import LexicalIndex, Terms
from vectorstore.postings import Postings

K1, B = 1.2, 0.5


def texts(count: int) -> list[list[str]]:
    """Texts of 0 to 60 terms, common ones more often than rare ones."""
    chance = random.Random(3)
    return [[f"말{int(chance.expovariate(0.02))}" for _ in range(chance.randrange(60))] for _ in range(count)]


def gathered(given: list[list[str]], batch: int = 1_000_000) -> Postings:
    found = Postings(batch)
    for terms in given:
        found.add(terms)
    return found


@pytest.mark.parametrize("batch", [1, 500, 1_000_000])
def test_the_index_is_the_one_that_bm25s_builds(batch: int) -> None:
    given = texts(300)
    ours = gathered(given, batch).index(K1, B)
    vocabulary: dict[str, int] = {}
    numbered = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms] for terms in given]
    theirs = BM25(k1=K1, b=B, method="lucene")  # type: ignore[no-untyped-call]
    theirs.index((numbered, vocabulary), show_progress=False)
    np.testing.assert_array_equal(ours.scores["indptr"], theirs.scores["indptr"])
    np.testing.assert_array_equal(ours.scores["indices"], theirs.scores["indices"])
    np.testing.assert_allclose(ours.scores["data"], theirs.scores["data"], rtol=1e-6)
    asked = given[7][:9]
    np.testing.assert_allclose(ours.get_scores(asked), theirs.get_scores(asked), rtol=1e-5)


def test_texts_without_a_term_make_no_index() -> None:
    assert gathered([[], []]).index(K1, B) is None
    assert gathered([]).index(K1, B) is None


def test_an_index_read_from_the_disk_scores_the_same(tmp_path: Path) -> None:
    given = texts(100)
    built = LexicalIndex.build(Terms(terms, terms[:3], ()) for terms in given)
    built.save(tmp_path / "lexical")
    read = LexicalIndex.load(tmp_path / "lexical", 100)
    asked = Terms(given[5], given[6], ("1",))
    np.testing.assert_array_equal(read.scores(asked), built.scores(asked))
