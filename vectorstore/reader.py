"""Read an index: open what CURRENT names, search it, follow it when it changes."""

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from prompts import say
from vectorstore.catalog import Catalog
from vectorstore.dense import DenseIndex
from vectorstore.encoders import Encoder
from vectorstore.errors import StoreError
from vectorstore.fusion import Query, search
from vectorstore.generations import Manifest, check_files, current_generation, current_id, read_manifest
from vectorstore.lexical import LexicalIndex
from vectorstore.types import Article, Chunk, Hit, Sentence


@dataclass(frozen=True)
class Generation:
    """One opened generation."""

    id: str
    manifest: Manifest
    catalog: Catalog
    dense: DenseIndex
    lexical: LexicalIndex
    rows: tuple[tuple[str, int, int, int], ...]
    """(article, number, start, end) of each chunk, by row of the lexical index."""
    row_of: dict[tuple[str, int], int]
    """The row of each chunk (article, number)."""


class Index:
    """The index of a store; every call follows CURRENT where it has moved. Threads may share it."""

    def __init__(self, store: Path, encoder: Encoder) -> None:
        self.store = store
        self.encoder = encoder
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
        """The `k` best chunks for a question, best first; none for a question without a word."""
        generation = self.generation
        query = Query.of(question, self.encoder)
        found = search(query, generation.lexical, generation.dense, generation.row_of, k)
        return [Hit(_chunk(generation.catalog, generation.rows[row]), score) for row, score in found]

    def article(self, id: str) -> Article | None:
        """The article of that id, or None."""
        return self.generation.catalog.article(id)

    def sentences(self, id: str) -> tuple[Sentence, ...]:
        """The sentences of an article, in text order."""
        return self.generation.catalog.sentences(id)

    def newest_article(self) -> str | None:
        """The id of the article published last; None for an empty index."""
        return self.generation.catalog.newest()

    def article_ids(self) -> list[str]:
        """Every article's id, sorted."""
        return self.generation.catalog.article_ids()


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
        if not len(rows) == dense.count() == manifest.chunks:
            raise ValueError(f"{len(rows)} / {dense.count()} / {manifest.chunks} rows")
    except (sqlite3.Error, OSError, ValueError, KeyError, RuntimeError) as exc:
        raise StoreError("store.file_damaged", path=part, problem=say("store.problem_unreadable")) from exc
    row_of = {(article, number): row for row, (article, number, _, _) in enumerate(rows)}
    return Generation(folder.name, manifest, catalog, dense, lexical, rows, row_of)


def _chunk(catalog: Catalog, row: tuple[str, int, int, int]) -> Chunk:
    id, number, start, end = row
    article = catalog.article(id)
    if article is None:
        raise StoreError("store.article_unknown", article=id)
    return Chunk(id, number, start, end, article.text[start:end])
