"""The exact nearest vectors, and Chroma's graph where they are too many."""

from pathlib import Path

import numpy as np
import pytest

from ingest.pipeline import ingest_report
from vectorstore import exact
from vectorstore.exact import FILE, ExactVectors
from vectorstore.generations import current_generation
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.reader import Index


def saved(folder: Path, matrix: np.ndarray, block: int = 2) -> ExactVectors | None:
    shape = matrix.shape[0], matrix.shape[1]
    blocks = (matrix[start : start + block] for start in range(0, len(matrix), block))
    ExactVectors.save(folder, shape, blocks)
    return ExactVectors.load(folder, len(matrix))


def unit(rows: int, dimension: int) -> np.ndarray:
    matrix = np.random.default_rng(5).standard_normal((rows, dimension), np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("k", [1, 7, 40, 100])
def test_the_nearest_are_those_of_a_full_sort(tmp_path: Path, k: int) -> None:
    matrix = unit(40, 8)
    index = saved(tmp_path, matrix)
    assert index is not None
    cosines = matrix @ matrix[3]
    assert [row for row, _ in index.search(matrix[3], k)] == np.argsort(-cosines).tolist()[:k]


def test_of_equal_vectors_the_earlier_row_comes_first(tmp_path: Path) -> None:
    index = saved(tmp_path, np.ones((5, 4), np.float32) / 2)
    assert index is not None
    assert [row for row, _ in index.search(np.ones(4, np.float32) / 2, 5)] == [0, 1, 2, 3, 4]


def test_a_zero_vector_finds_nothing(tmp_path: Path) -> None:
    index = saved(tmp_path, unit(4, 4))
    assert index is not None
    assert index.search(np.zeros(4, np.float32), 3) == []


def test_a_matrix_of_other_rows_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, unit(4, 4))
    with pytest.raises(ValueError, match="5 rows"):
        ExactVectors.load(tmp_path, 5)


def test_too_many_vectors_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "MOST", 63)
    assert saved(tmp_path, unit(4, 4)) is None
    monkeypatch.setattr(exact, "MOST", 64)
    assert saved(tmp_path, unit(4, 4)) is not None


def test_a_store_without_the_matrix_asks_chroma_and_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = KiwiEncoder()
    ingest_report(tmp_path / "exact", encoder)
    monkeypatch.setattr(exact, "MOST", 0)
    ingest_report(tmp_path / "graph", encoder)
    assert not (current_generation(tmp_path / "graph") / "vectors" / FILE).exists()
    with_matrix, with_graph = Index(tmp_path / "exact", encoder), Index(tmp_path / "graph", encoder)
    for question in ("포럼은 언제 열렸나요?", "발표자는 누구인가요?", "인공지능 교육"):
        vector = encoder.encode_query(question)
        found = with_matrix.generation.nearest(vector, 5)
        other = with_graph.generation.nearest(vector, 5)
        assert [row for row, _ in found] == [row for row, _ in other]
        np.testing.assert_allclose([c for _, c in found], [c for _, c in other], atol=1e-5)
