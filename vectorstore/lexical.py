"""The lexical half of the search: BM25 over Kiwi's morphemes and over letter pairs, memory-mapped.

Three indexes with scores of their own: content morphemes find the right words whatever their particles and
endings, letter pairs find names outside the dictionary, compounds and unspaced questions, and the groups
of the paraphrase lexicon find what is said in other words.
BM25: Robertson and Zaragoza 2009, in the bm25s implementation (Lù 2024).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vectorstore.morphemes import Morpheme
from vectorstore.postings import Postings

K1, B = 1.2, 0.5  # short passages of like length; on morphemes KorQuAD R@1 .8915, .8867 with 1.5 / .75
TERM_TAGS = frozenset({"NN", "NR", "VV", "VA", "MA", "MM", "XR", "SL", "SN", "SH"})
QUESTION_WORDS = frozenset(
    [
        "몇",
        "무슨",
        "어떤",
        "어느",
        "어떻게",
        "언제",
        "어디",
        "누구",
        "무엇",
        "왜",
        "얼마",
        "얼마나",
        "어떠하",
        "어떻",
        "이름",
        "것",
        "곳",
        "때",
        "이",
        "그",
        "저",
    ]
)
"""Words that say what is asked and stand in no answer; dropping them: KorQuAD R@1 .8915 → .8964."""


def terms(found: Iterable[Morpheme]) -> list[str]:
    """The content morphemes of an analysed text, lower-cased."""
    return [morpheme.form.lower() for morpheme in found if morpheme.tag[:2] in TERM_TAGS]


def question_terms(found: Iterable[Morpheme]) -> list[str]:
    """The content morphemes of a question, without the words that only ask."""
    return [term for term in terms(found) if term not in QUESTION_WORDS]


def letter_pairs(text: str) -> list[str]:
    """Neighbouring letters of the text with spaces and signs left out, so that spacing does not matter."""
    letters = "".join(re.findall(r"[가-힣ㄱ-ㅎㅏ-ㅣA-Za-z0-9一-鿿]", text.lower()))
    return [letters[i : i + 2] for i in range(len(letters) - 1)] or list(letters)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one chunk or question is made of, for each of the three indexes."""

    words: Sequence[str]
    pairs: Sequence[str]
    groups: Sequence[str]


class LexicalIndex:
    """Scores every chunk for a question; row numbers are the order in which the chunks were given."""

    PARTS = ("words", "pairs", "groups")

    def __init__(self, parts: Sequence["TermIndex"]) -> None:
        self._words, self._pairs, self._groups = parts

    @classmethod
    def build(cls, chunks: Iterable[Terms]) -> "LexicalIndex":
        """Index the terms of each chunk, in row order; reads `chunks` once and keeps none of them."""
        postings = [Postings() for _ in cls.PARTS]
        for chunk in chunks:
            for part, counted in zip(cls.PARTS, postings, strict=True):
                counted.add(getattr(chunk, part))
        return cls([TermIndex(counted.index(K1, B), len(counted)) for counted in postings])

    @classmethod
    def load(cls, folder: Path, rows: int) -> "LexicalIndex":
        """Open an index that `save` wrote, memory-mapped."""
        return cls([TermIndex.load(folder / part, rows) for part in cls.PARTS])

    def save(self, folder: Path) -> None:
        """Write the three indexes below `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for part, index in zip(self.PARTS, (self._words, self._pairs, self._groups), strict=True):
            index.save(folder / part)

    def scores(self, asked: Terms) -> NDArray[np.float32]:
        """How much of the question's words and letters each chunk holds, shape (rows,), 0 to 1.

        BM25 over what BM25 can reach at most: a question whose words are all unknown scores near 0
        everywhere, so that what is said in other words decides.
        """
        words, ideal = self._words.scores(asked.words)
        pairs, ideal_pairs = self._pairs.scores(asked.pairs)
        return np.asarray((words + pairs) / max(ideal + ideal_pairs, 1e-6), np.float32)

    def meaning_scores(self, asked: Terms) -> NDArray[np.float32]:
        """How much of what the question says each chunk says in any words, shape (rows,), 0 to 1."""
        groups, ideal = self._groups.scores(asked.groups)
        return np.asarray(groups / max(ideal, 1e-6), np.float32)


class TermIndex:
    """BM25 over one kind of terms; an index without a single term is None inside and no folder outside."""

    def __init__(self, index: Any, rows: int) -> None:
        self._index = index
        self._rows = rows

    @classmethod
    def build(cls, texts: Iterable[Sequence[str]]) -> "TermIndex":
        """Index the terms of each chunk, in row order."""
        counted = Postings()
        for text in texts:
            counted.add(text)
        return cls(counted.index(K1, B), len(counted))

    @classmethod
    def load(cls, folder: Path, rows: int) -> "TermIndex":
        """Open an index that `save` wrote, memory-mapped."""
        from bm25s import BM25

        return cls(BM25.load(str(folder), mmap=True, load_vocab=True) if folder.is_dir() else None, rows)

    def save(self, folder: Path) -> None:
        """Write the index, if it has a term."""
        if self._index is not None:
            self._index.save(str(folder), show_progress=False)

    def scores(self, asked: Sequence[str]) -> tuple[NDArray[np.float32], float]:
        """(BM25 of every chunk, shape (rows,); what a chunk full of all the terms would get)."""
        vocabulary = {} if self._index is None else self._index.vocab_dict
        ideal = sum(self._idf(vocabulary.get(term)) for term in asked)
        known = [term for term in asked if term in vocabulary]
        if not known:
            return np.zeros(self._rows, np.float32), ideal
        return np.asarray(self._index.get_scores(known), np.float32), ideal

    def _idf(self, number: int | None) -> float:
        """Inverse document frequency as Lucene has it; a term that no chunk holds is the rarest."""
        found = 0
        if number is not None:
            bounds = self._index.scores["indptr"]
            found = int(bounds[number + 1] - bounds[number])
        return log(1 + (self._rows - found + 0.5) / (found + 0.5))
