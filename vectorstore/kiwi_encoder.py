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
RANK_SCALE = 300  # weight sqrt(log(1 + id / 300)); KorSTS dev flat between 100 and 500
FUNCTION_WEIGHT = 0.1  # particles and endings against content words
UNKNOWN_RANK = 30_000  # a word outside the dictionary weighs like a rare one
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
        self._known: dict[int, Vector] = {}
        self._unknown: dict[str, Vector] = {}

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
        for morpheme in found:
            weight = weight_of(morpheme)
            if weight > 0:
                total += weight * self.vector(morpheme)
        norm = float(np.linalg.norm(total))
        return total / np.float32(norm) if norm > 0 else total

    def vector(self, morpheme: Morpheme) -> Vector:
        """The centred vector of one morpheme, shape (256,); from its letters where Kiwi has none."""
        if morpheme.id >= UNKNOWN_BELOW:
            known = self._known.get(morpheme.id)
            if known is None:
                known = self._known.setdefault(morpheme.id, self._place(morpheme.id))
            if known.any():
                return known
        unknown = self._unknown.get(morpheme.form)
        if unknown is None:
            unknown = self._unknown.setdefault(morpheme.form, _from_letters(morpheme.form))
        return unknown

    def _place(self, morpheme_id: int) -> Vector:
        with self._lock:
            if self._frame is None:
                self._frame = _build_frame(analyser())
        return self._frame.place(analyser(), morpheme_id)


def weight_of(morpheme: Morpheme) -> float:
    """How much a morpheme counts: rare content words most, punctuation nothing."""
    tag = morpheme.tag
    if tag[0] == "S" and tag not in ("SL", "SN", "SH"):
        return 0.0
    rank = morpheme.id if morpheme.id >= UNKNOWN_BELOW else UNKNOWN_RANK
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


def _from_letters(form: str) -> Vector:
    """A vector of one's own for a word outside the dictionary: its hashed 1- to 3-grams, unit length."""
    framed = f"^{form}$"
    grams = [framed[i : i + n] for n in (1, 2, 3) for i in range(len(framed) - n + 1)]
    total = np.zeros(DIMENSION, np.float32)
    for gram in grams:
        total += np.random.default_rng(zlib.crc32(gram.encode())).standard_normal(DIMENSION, np.float32)
    return total / np.float32(np.linalg.norm(total))
