"""The sentences that an answer may be read from, analysed once and kept."""

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vectorstore.kiwi_encoder import KiwiEncoder, weight_of
from vectorstore.lexical import TERM_TAGS, letter_pairs
from vectorstore.morphemes import UNKNOWN_BELOW, Morpheme, morphemes_of_all
from vectorstore.paraphrases import Meaning, meanings
from vectorstore.reader import Index
from vectorstore.types import Article, Hit, Role, Sentence

KEPT_LINES = 4_000  # analysed sentences held in memory, 35 kB each
WHOLE_LINES = 150  # sentences: articles are read whole, best first, while they have no more together; of the
# others only the found chunks. Analysing a sentence that is not in memory yet takes 0.5 ms.


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One sentence of an article, analysed."""

    start: int
    end: int
    text: str
    role: Role
    paragraph: int
    """Which line of the article it stands in."""
    morphemes: tuple[Morpheme, ...]
    terms: frozenset[str]
    pairs: frozenset[str]
    vectors: NDArray[np.float32]
    """Unit vectors of its content words, shape (words, 256)."""
    meanings: tuple[Meaning, ...]
    """Its expressions in the paraphrase lexicon."""
    groups: frozenset[int]
    """The groups of those expressions."""
    names: str
    """Its names that the analyser does not know, lower-cased, which may hold a word: 갈뫼영어조합법인."""
    hidden: bool = False
    """Whether it holds a name that is taken down, and may not be quoted."""

    def holds(self, word: str) -> bool:
        """Whether a word of two letters or more stands inside an unknown name."""
        return len(word) > 1 and word in self.names


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """An article with its sentences."""

    article: Article
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A sentence that may hold the answer."""

    page: Page
    place: int
    """Its number among the page's lines."""
    retrieved: float
    """The best score of a found chunk that holds it, over the best of all."""

    @property
    def line(self) -> Line:
        """The sentence itself."""
        return self.page.lines[self.place]


class Pages:
    """Analysed articles of an index, the latest used kept; threads may share it."""

    def __init__(self, index: Index) -> None:
        self.index = index
        # Morpheme vectors serve the reading of sentences whatever model serves the search.
        self.words = index.encoder if isinstance(index.encoder, KiwiEncoder) else KiwiEncoder()
        self._kept: OrderedDict[tuple[str, str, tuple[tuple[int, int], ...]], Page] = OrderedDict()
        self._lock = threading.Lock()

    def candidates(self, hits: Sequence[Hit]) -> list[Candidate]:
        """The sentences of the best articles whole, and of the others' found chunks; best article first."""
        if not hits:
            return []
        best = hits[0].score or 1.0
        found: list[Candidate] = []
        read = 0
        for id in dict.fromkeys(hit.chunk.article for hit in hits):
            chunks = [hit for hit in hits if hit.chunk.article == id]
            read += len(self.index.sentences(id))
            page = self.page(id) if read <= WHOLE_LINES or not found else self._part(id, chunks)
            if page is None:
                continue
            floor = min(hit.score for hit in chunks) / best
            for place, line in enumerate(page.lines):
                inside = [hit.score for hit in chunks if hit.chunk.start <= line.start < hit.chunk.end]
                found.append(Candidate(page, place, max(inside) / best if inside else 0.5 * floor))
        return found

    def page(self, id: str) -> Page | None:
        """The analysed article of that id, or None where the index holds none."""
        return self._kept_page(id, ())

    def _part(self, id: str, hits: Sequence[Hit]) -> Page | None:
        """An article of which only the sentences of these chunks are analysed."""
        return self._kept_page(id, tuple(sorted((hit.chunk.start, hit.chunk.end) for hit in hits)))

    def _kept_page(self, id: str, spans: tuple[tuple[int, int], ...]) -> Page | None:
        """The article, or only its sentences that begin within the spans; from memory where it can."""
        version = self.index.version
        key, whole = (version, id, spans), (version, id, ())
        with self._lock:
            for kept in (whole, key):
                if kept in self._kept:
                    self._kept.move_to_end(kept)
                    return self._kept[kept]
        article = self.index.article(id)
        if article is None:
            return None
        sentences = [
            sentence
            for sentence in self.index.sentences(id)
            if not spans or any(start <= sentence.start < end for start, end in spans)
        ]
        page = analyse(self.words, article, sentences)
        with self._lock:
            self._kept[key] = page
            while sum(len(kept.lines) for kept in self._kept.values()) > KEPT_LINES and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return page


def analyse(encoder: KiwiEncoder, article: Article, sentences: Sequence[Sentence]) -> Page:
    """An article with each of its sentences analysed."""
    texts = [article.text[sentence.start : sentence.end] for sentence in sentences]
    breaks = [match.start() for match in re.finditer("\n", article.text)]
    lines = []
    for sentence, text, found in zip(sentences, texts, morphemes_of_all(texts), strict=True):
        expressed = meanings(found)
        lines.append(
            Line(
                start=sentence.start, end=sentence.end, text=text, role=article.role_at(sentence.start),
                paragraph=sum(place < sentence.start for place in breaks), morphemes=tuple(found),
                terms=term_set(found), pairs=frozenset(letter_pairs(text)),
                vectors=word_vectors(encoder, found), meanings=expressed,
                groups=frozenset(meaning.group for meaning in expressed),
                names=" ".join(m.form.lower() for m in found if m.tag == "NNP" and m.id < UNKNOWN_BELOW),
                hidden=sentence.hidden,
            )
        )  # fmt: skip
    return Page(article, tuple(lines))


def term_set(found: Sequence[Morpheme]) -> frozenset[str]:
    """The content morphemes of an analysed text, lower-cased."""
    return frozenset(m.form.lower() for m in found if m.tag[:2] in TERM_TAGS)


def word_vectors(encoder: KiwiEncoder, found: Sequence[Morpheme]) -> NDArray[np.float32]:
    """Unit vectors of the content words of an analysed text, shape (words, 256)."""
    rows = [encoder.vector(m) for m in found if m.tag[:2] in TERM_TAGS and weight_of(m) > 0]
    if not rows:
        return np.zeros((0, encoder.dimension), np.float32)
    matrix = np.stack(rows)
    return np.asarray(matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-6), np.float32)
