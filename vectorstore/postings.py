"""Build a BM25 index text by text, in bounded memory.

bm25s itself wants every text as a list of terms and sorts all of them at once: at 100,000 chunks gigabytes
of Python numbers. Here terms are counted in batches and the counts written straight into the score matrix;
the scores are bm25s' own (its "lucene" method: Lù 2024, Kamphuis et al. 2020), and bm25s reads and asks it.
"""

from array import array
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BATCH = 1_000_000  # terms counted together: 8 MB of keys


class _Counts(NamedTuple):
    """How often terms stand in some texts, sorted by term, then by row."""

    terms: NDArray[np.int32]
    rows: NDArray[np.int32]
    times: NDArray[np.uint16]


class Postings:
    """Counts the terms of texts, one after another in row order, `batch` terms at once."""

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch
        self._vocabulary: dict[str, int] = {}
        self._lengths = array("i")  # terms of each text
        self._waiting = array("i")  # the terms of the texts that are not counted yet
        self._counted = 0  # texts that are
        self._batches: list[_Counts] = []

    def add(self, terms: Iterable[str]) -> None:
        """Take in the next text."""
        number = self._vocabulary
        before = len(self._waiting)
        self._waiting.extend([number.setdefault(term, len(number)) for term in terms])
        self._lengths.append(len(self._waiting) - before)
        if len(self._waiting) >= self._batch:
            self._count()

    def __len__(self) -> int:
        return len(self._lengths)

    def index(self, k1: float, b: float) -> Any:
        """The bm25s index of all texts; None where there is no term. Empties this object."""
        from bm25s import BM25

        self._count()
        if not self._vocabulary:
            return None
        index: Any = BM25(k1=k1, b=b, method="lucene")  # type: ignore[no-untyped-call]
        index.scores = self._scores(k1, b)
        index.vocab_dict = self._vocabulary
        index.unique_token_ids_set = set(self._vocabulary.values())
        index.nonoccurrence_array = None
        return index

    def _count(self) -> None:
        lengths = np.array(self._lengths[self._counted :], np.int64)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        keys, times = np.unique(
            np.array(self._waiting, np.int64) * max(len(lengths), 1) + rows, return_counts=True
        )
        terms, rows = np.divmod(keys, max(len(lengths), 1))
        rows += self._counted
        few = np.minimum(times, np.iinfo(np.uint16).max)
        self._batches.append(_Counts(terms.astype(np.int32), rows.astype(np.int32), few.astype(np.uint16)))
        self._counted += len(lengths)
        self._waiting = array("i")

    def _scores(self, k1: float, b: float) -> dict[str, Any]:
        """The matrix as bm25s keeps it: a column for each term, its rows in order."""
        lengths = np.array(self._lengths, np.float64)
        found = np.zeros(len(self._vocabulary), np.int64)
        for counts in self._batches:
            found += np.bincount(counts.terms, minlength=len(found))
        bounds = np.concatenate(([0], np.cumsum(found)))
        rarity = np.log(1 + (len(lengths) - found + 0.5) / (found + 0.5))
        damping = k1 * (1 - b + b * lengths / lengths.mean())
        data, indices = np.empty(bounds[-1], np.float32), np.empty(bounds[-1], np.int32)
        free = bounds[:-1].copy()  # where the next row of each term goes
        while self._batches:
            terms, rows, times = self._batches.pop(0)
            here = np.bincount(terms, minlength=len(found))
            first = np.cumsum(here) - here  # where the rows of each term begin in this batch
            places = free[terms] + np.arange(len(terms)) - first[terms]
            data[places] = rarity[terms] * times / (damping[rows] + times)
            indices[places] = rows
            free += here
        return {"data": data, "indices": indices, "indptr": bounds, "num_docs": len(lengths)}
