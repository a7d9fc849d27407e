"""The offline Korean encoder: sentence vectors from the morpheme vectors inside Kiwi's language model.

Kiwi's CoNg model holds one 256-dimensional vector per morpheme and tells only the cosine of two of them.
A few hundred landmarks recover every vector exactly, up to rotation (Nyström: Williams and Seeger 2001,
S = V Vᵀ). A text is the weighted mean of its morphemes' vectors, after the mean vector and the first
principal components are taken off ("all-but-the-top": Mu and Viswanath 2018) and frequent morphemes are
weighted down by their rank (Kiwi's ids are in order of frequency; cf. SIF: Arora et al. 2017).
A word outside the dictionary gets a vector of its own from its letters (hashed n-grams: Bojanowski 2017).

Cost: 0.4 s to prepare, about 0.15 ms for a morpheme that was not met before, 1 kB each in memory.
Measured on KorSTS test: Spearman 0.67 (`make bench`).
"""

import threading
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme, analyser, morphemes, morphemes_of_all

if TYPE_CHECKING:
    from kiwipiepy._wrap import Kiwi

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]

DIMENSION = 256  # rank of Kiwi's similarity matrix: the 257th eigenvalue is 1e-6
LANDMARKS = 384  # 1.5 × the rank; more changes no cosine by more than 1e-4
FIRST_LANDMARK, LAST_LANDMARK = 100, 10_000  # the common words: their mean and directions are taken off
COMPONENTS = 5  # KorSTS dev: 3 → .726, 5 → .739, 8 → .739
RANK_SCALE = 300  # weight sqrt(log(1 + id / 300))
FUNCTION_WEIGHT = 0.1  # particles and endings against content words
UNKNOWN_RANK = 30_000  # a word outside the dictionary weighs like a rare one
MEMORY = 16_384  # words outside the dictionary, and letter groups, that are kept: 16 MB each
CONTENT_TAGS = frozenset({"NN", "NP", "NR", "VV", "VA", "MA", "MM", "XR", "SL", "SN", "SH"})


class KiwiEncoder:
    """Texts to unit vectors of 256 numbers, with numpy and Kiwi alone.

    `encode_*` return float32 arrays of shape (texts, 256); a text with no word in it is a zero vector.
    Safe to use from several threads.
    """

    name = "kiwi"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: _Frame | None = None
        self._row_of: dict[int, int] = {}  # morpheme id to row; 0 where Kiwi has no vector
        self._rows: Matrix = np.zeros((1024, DIMENSION), np.float32)
        self._used = 1  # rows; the first stays zero
        self._known: dict[tuple[int, str], tuple[float, int]] = {}  # weight and row by id and tag

    @property
    def fingerprint(self) -> dict[str, str | int]:
        """What must be equal for two sets of vectors to be comparable."""
        from importlib.metadata import version

        return {"name": self.name, "revision": f"2/{version('kiwipiepy_model')}", "dimension": DIMENSION}

    def encode_query(self, text: str) -> Vector:
        """The vector of one question, shape (256,)."""
        return self.pool(morphemes(text))

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """The vectors of several texts, shape (len(texts), 256)."""
        return self.pool_all(morphemes_of_all(texts))

    def pool_all(self, analysed: Iterable[Sequence[Morpheme]]) -> Matrix:
        """The vectors of texts that are analysed already, shape (texts, 256)."""
        rows = [self.pool(found) for found in analysed]
        return np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)

    def pool(self, found: Sequence[Morpheme]) -> Vector:
        """The unit vector of one analysed text, shape (256,)."""
        total = np.zeros(DIMENSION, np.float32)
        rows: list[int] = []
        weights: list[float] = []
        known = self._known
        for form, tag, _, _, id, _ in found:
            weight, row = known.get((id, tag)) or self._meet(id, tag)
            if row:
                rows.append(row)
                weights.append(weight)
            elif weight > 0:
                total += np.float32(weight) * _from_letters(form)
        total += np.array(weights, np.float32) @ self._rows[rows]
        norm = float(np.linalg.norm(total))
        return total / np.float32(norm) if norm > 0 else total

    def vector(self, morpheme: Morpheme) -> Vector:
        """The centred vector of one morpheme, shape (256,); from its letters where Kiwi has none."""
        row = self._row(morpheme.id)
        return self._rows[row] if row else _from_letters(morpheme.form)

    def _meet(self, id: int, tag: str) -> tuple[float, int]:
        """The weight of a morpheme and the row of its vector; row 0 where it has none or counts nothing."""
        weight = _weight(id, tag)
        return self._known.setdefault((id, tag), (weight, self._row(id) if weight > 0 else 0))

    def _row(self, morpheme_id: int) -> int:
        """Where the vector of a morpheme stands in `_rows`; 0 where Kiwi has none."""
        if morpheme_id < UNKNOWN_BELOW:
            return 0
        row = self._row_of.get(morpheme_id)
        return self._placed(morpheme_id) if row is None else row

    def _placed(self, morpheme_id: int) -> int:
        with self._lock:
            if self._frame is None:
                self._frame = _build_frame(analyser())
            if morpheme_id in self._row_of:
                return self._row_of[morpheme_id]
            place = self._frame.place(analyser(), morpheme_id)
            row = self._used if place.any() else 0
            if row == len(self._rows):
                self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
            if row:  # written before its number is known to other threads
                self._rows[row] = place
                self._used += 1
            self._row_of[morpheme_id] = row
            return row


def weight_of(morpheme: Morpheme) -> float:
    """How much a morpheme counts: rare content words most, punctuation nothing."""
    return _weight(morpheme.id, morpheme.tag)


def _weight(id: int, tag: str) -> float:
    if tag[0] == "S" and tag not in ("SL", "SN", "SH"):
        return 0.0
    rank = id if id >= UNKNOWN_BELOW else UNKNOWN_RANK
    rarity = sqrt(log(1 + rank / RANK_SCALE))
    return rarity if tag[:2] in CONTENT_TAGS else rarity * FUNCTION_WEIGHT


class _Frame(NamedTuple):
    """The coordinates that the landmarks span."""

    landmarks: tuple[int, ...]
    project: Matrix  # (landmarks, 256): similarities to coordinates
    mean: Vector  # (256,)
    components: Matrix  # (COMPONENTS, 256), orthonormal rows

    def place(self, kiwi: "Kiwi", morpheme_id: int) -> Vector:
        similarities = [kiwi.morpheme_similarity(morpheme_id, landmark) for landmark in self.landmarks]
        row = np.array(similarities, np.float32)
        if not np.isfinite(row).all():  # a morpheme without a vector
            return np.zeros(DIMENSION, np.float32)
        centred = row @ self.project - self.mean
        return np.asarray(centred - (self.components @ centred) @ self.components, np.float32)


def _build_frame(kiwi: "Kiwi") -> _Frame:
    landmarks = _choose_landmarks(kiwi)
    similarity = np.array([[kiwi.morpheme_similarity(a, b) for b in landmarks] for a in landmarks])
    values, vectors = np.linalg.eigh((similarity + similarity.T) / 2)
    top = np.maximum(values[-DIMENSION:], 1e-6)
    basis = vectors[:, -DIMENSION:]
    places = basis * np.sqrt(top)
    project = (basis / np.sqrt(top)).astype(np.float32)
    mean = places.mean(axis=0)
    components = np.linalg.svd(places - mean, full_matrices=False)[2][:COMPONENTS]
    return _Frame(landmarks, project, mean.astype(np.float32), components.astype(np.float32))


def _choose_landmarks(kiwi: "Kiwi") -> tuple[int, ...]:
    """Ids of common morphemes that have a vector, denser towards the frequent end."""
    candidates = np.unique(np.geomspace(FIRST_LANDMARK, LAST_LANDMARK, 900).astype(int)).tolist()
    usable = [number for number in candidates if np.isfinite(kiwi.morpheme_similarity(number, number))]
    step = len(usable) / LANDMARKS
    return tuple(usable[int(index * step)] for index in range(LANDMARKS))


@lru_cache(maxsize=MEMORY)
def _from_letters(form: str) -> Vector:
    """A vector of one's own for a word outside the dictionary: its hashed 1- to 3-grams, unit length."""
    framed = f"^{form}$"
    grams = [framed[i : i + n] for n in (1, 2, 3) for i in range(len(framed) - n + 1)]
    total = np.zeros(DIMENSION, np.float32)
    for gram in grams:
        total += _gram(gram)
    return total / np.float32(np.linalg.norm(total))


@lru_cache(maxsize=MEMORY)
def _gram(gram: str) -> Vector:
    return np.random.default_rng(zlib.crc32(gram.encode())).standard_normal(DIMENSION, np.float32)
