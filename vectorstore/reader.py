"""Read an index: open what CURRENT names, search it, follow it when it changes."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prompts import say
from vectorstore.catalog import Catalog
from vectorstore.dense import DenseIndex
from vectorstore.encoders import Encoder
from vectorstore.errors import StoreError
from vectorstore.exact import ExactVectors
from vectorstore.fusion import Query, search
from vectorstore.generations import Manifest, check_files, current_generation, current_id, read_manifest
from vectorstore.lexical import LexicalIndex
from vectorstore.morphemes import normal_question
from vectorstore.reranker import TOP, Reranker, rerank
from vectorstore.selection import Days, Ranked, dated, select, time_of
from vectorstore.takedowns import NOTHING, Hidden, Takedowns
from vectorstore.types import Article, Chunk, Hit, Sentence, indexed_text

POOL = 100  # fused chunks among which date and variety choose
FEW_ARTICLES = 2  # in so small an index no article crowds another out


@dataclass(frozen=True)
class Generation:
    """One opened generation."""

    id: str
    manifest: Manifest
    catalog: Catalog
    dense: DenseIndex
    exact: ExactVectors | None
    """None where the vectors are too many: then Chroma is asked."""
    lexical: LexicalIndex
    rows: tuple[tuple[str, int, int, int], ...]
    """(article, number, start, end) of each chunk, by row of the lexical index."""
    row_of: dict[tuple[str, int], int]
    """The row of each chunk (article, number)."""

    @cached_property
    def days(self) -> Days:
        """When the articles were published; read with the first search."""
        return _days(self.catalog)

    @cached_property
    def chunks_of(self) -> Counter[str]:
        """How many chunks each article has; counted where an article is taken down."""
        return Counter(row[0] for row in self.rows)

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """The rows of the `k` nearest chunks with their cosines, best first."""
        if self.exact is not None:
            return self.exact.search(vector, k)
        return [
            (self.row_of[article, number], cosine) for article, number, cosine in self.dense.search(vector, k)
        ]

    def article_of(self, row: int) -> str:
        """The id of the article that a row belongs to."""
        return self.rows[row][0]

    def hits(self, ranked: Sequence[Ranked], hidden: Hidden = NOTHING) -> Iterator[tuple[Hit, Article]]:
        """The chunks of the rows with their articles, read one by one as they are asked for."""
        articles: dict[str, Article] = {}
        for row, score in ranked:
            id, number, start, end = self.rows[row]
            if id not in articles:
                articles[id] = hidden.article(_article(self.catalog, id))
            article = articles[id]
            yield Hit(Chunk(id, number, start, end, article.text[start:end]), score), article


class Index:
    """The index of a store; every call follows CURRENT where it has moved. Threads may share it.

    `reranker` reads the best chunks again where one is given; `today` says what day it is.
    """

    def __init__(
        self, store: Path, encoder: Encoder, reranker: Reranker | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:  # fmt: skip
        self.store = store
        self.encoder = encoder
        self.reranker = reranker
        self._today = today
        self._takedowns = Takedowns(store)
        self._moving = threading.Lock()
        self._generation = _open(current_generation(store), encoder)

    @property
    def generation(self) -> Generation:
        """The generation that CURRENT names now."""
        if current_id(self.store) != self._generation.id:
            with self._moving:
                folder = current_generation(self.store)
                if folder.name != self._generation.id:
                    # The old one stays open for the questions that are using it, until nobody does.
                    self._generation = _open(folder, self.encoder)
        return self._generation

    def search(self, question: str, k: int = 10) -> list[Hit]:
        """The `k` best chunks for a question, best first; none for a question without a word.

        Fused, reranked, then chosen by date and variety (see `selection`). What is taken down is left out,
        and a question with a name that is finds nothing (see `takedowns`).
        """
        generation = self.generation
        if not generation.rows:
            return []
        hidden, text = self._takedowns.now(), normal_question(question)
        if hidden.asked(text):
            return []
        query = Query.of(text, self.encoder)
        pool = max(POOL, 2 * k) + sum(generation.chunks_of[id] for id in hidden.articles)
        found = search(query, generation.lexical, generation.nearest, pool)
        if hidden.articles:
            found = [one for one in found if generation.article_of(one[0]) not in hidden.articles]
        if self.reranker is not None and found:
            found = _reranked(self.reranker, text, generation, found, hidden)
        found = dated(found, generation.article_of, generation.days, time_of(text, self._today()))
        alone = generation.manifest.articles <= FEW_ARTICLES
        return select(generation.hits(found, hidden), text, k, crowd=alone)

    @property
    def version(self) -> str:
        """Another one as soon as an article or a sentence may be another: what may be kept until then."""
        self._takedowns.now()
        return f"{self.generation.id}+{self._takedowns.changes}"

    def article(self, id: str) -> Article | None:
        """The article of that id as it may be shown, or None."""
        hidden = self._takedowns.now()
        found = self.generation.catalog.article(id) if id not in hidden.articles else None
        return hidden.article(found) if found is not None else None

    def sentences(self, id: str) -> tuple[Sentence, ...]:
        """The sentences of an article, in text order; those with a name that is taken down are marked."""
        hidden, catalog = self._takedowns.now(), self.generation.catalog
        if id in hidden.articles:
            return ()
        sentences = catalog.sentences(id)
        article = catalog.article(id) if hidden.names else None
        return hidden.sentences(article, sentences) if article is not None else sentences

    def quotable(self, id: str, start: int, end: int) -> bool:
        """Whether no sentence at `text[start:end]` of an article holds a name that is taken down."""
        if not self._takedowns.now().names:
            return True
        return not any(one.hidden and start < one.end and one.start < end for one in self.sentences(id))

    def newest_articles(self, count: int) -> list[str]:
        """The ids of the articles published last, the newest first."""
        return self.generation.catalog.newest(count, self._takedowns.now().articles)

    def article_ids(self) -> list[str]:
        """Every article's id, sorted; without those that are taken down."""
        hidden = self._takedowns.now().articles
        return [id for id in self.generation.catalog.article_ids() if id not in hidden]


def check_compatible(manifest: Manifest, encoder: Encoder, splitter: str | None = None) -> None:
    """Refuse an index that another encoder (or splitter, where one is given) made: StoreError."""
    if manifest.encoder != encoder.fingerprint:
        stored, configured = (_describe(print_) for print_ in (manifest.encoder, encoder.fingerprint))
        raise StoreError("store.encoder_mismatch", stored=stored, configured=configured)
    if splitter is not None and manifest.splitter != splitter:
        raise StoreError("store.splitter_mismatch", stored=manifest.splitter, configured=splitter)


def _describe(fingerprint: dict[str, str | int]) -> str:
    fields = {name: fingerprint.get(name) for name in ("name", "revision", "dimension")}
    return say("store.encoder_described", **fields)


def _open(folder: Path, encoder: Encoder) -> Generation:
    manifest = read_manifest(folder)
    check_compatible(manifest, encoder)
    check_files(folder, manifest)
    part = folder / "articles"
    try:
        catalog = Catalog(part)
        rows = tuple(catalog.rows())
        part = folder / "lexical"
        lexical = LexicalIndex.load(part, len(rows))
        part = folder / "chroma"
        dense = DenseIndex(part)
        exact = ExactVectors.load(folder / "vectors", len(rows))
        if not len(rows) == dense.count() == manifest.chunks:
            raise ValueError(f"{len(rows)} / {dense.count()} / {manifest.chunks} rows")
    except (sqlite3.Error, OSError, ValueError, KeyError, RuntimeError) as exc:
        raise StoreError("store.file_damaged", path=part, problem=say("store.problem_unreadable")) from exc
    row_of = {(article, number): row for row, (article, number, _, _) in enumerate(rows)}
    return Generation(folder.name, manifest, catalog, dense, exact, lexical, rows, row_of)


def _article(catalog: Catalog, id: str) -> Article:
    article = catalog.article(id)
    if article is None:
        raise StoreError("store.article_unknown", article=id)
    return article


def _days(catalog: Catalog) -> Days:
    of = {id: published[:10] for id, published in catalog.published() if _is_day(published[:10])}
    tomorrow = (date.today() + timedelta(days=1)).isoformat()  # later is a slip of the pen; zones differ
    return Days(of, max((day for day in of.values() if day <= tomorrow), default=""))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _reranked(
    reranker: Reranker, question: str, generation: Generation, ranked: Sequence[Ranked], hidden: Hidden
) -> list[Ranked]:
    head, tail = ranked[:TOP], ranked[TOP:]
    texts = [indexed_text(article, hit.chunk) for hit, article in generation.hits(head, hidden)]
    order = rerank(reranker, question, texts, [score for _, score in head])
    return [*((head[place][0], score) for place, score in order), *tail]
