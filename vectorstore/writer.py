"""Write an index: the changes go into a new generation, which replaces the old one when all is well."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from vectorstore.catalog import Catalog
from vectorstore.dense import DenseIndex
from vectorstore.encoders import Encoder
from vectorstore.errors import StoreError
from vectorstore.exact import ExactVectors
from vectorstore.generations import (
    current_generation,
    drop_old,
    new_generation,
    read_manifest,
    switch_to,
    write_lock,
    write_manifest,
)
from vectorstore.kiwi_encoder import KiwiEncoder
from vectorstore.lexical import LexicalIndex, Terms, letter_pairs, terms
from vectorstore.morphemes import Morpheme
from vectorstore.paraphrases import meaning_terms
from vectorstore.reader import check_compatible
from vectorstore.types import Article, Prepared, indexed_text

BATCH = 256  # chunks encoded and written together
GROWTH = 12  # bytes of index for a byte of text, as `benchmarks/scale.py` shows
ROOM = 3  # the disk must have that many times the size that is expected: Chroma and SQLite need some to work


class IndexWriter:
    """The one writer of a store, as a context manager.

    Leaving the block builds and switches to the new generation; an exception drops it and leaves the old
    one as it was. Nothing changed, nothing is written.
    """

    def __init__(self, store: Path, encoder: Encoder, splitter: str, fresh: bool, coming: int) -> None:
        self._store = store
        self._encoder = encoder
        self._splitter = splitter
        self._fresh = fresh
        self._closing = ExitStack()
        self._old: Catalog | None = None
        self._old_folder: Path | None = None
        self._folder: Path | None = None
        self._new = ExitStack()  # closes what is open of the new generation
        self._coming = coming
        self._pending: list[Prepared] = []
        self._waiting = 0  # chunks of the pending articles

    @classmethod
    def open(
        cls, store: Path, encoder: Encoder, splitter: str, *, fresh: bool = False, coming: int = 0
    ) -> "IndexWriter":
        """Lock the store and look at what it holds.

        `fresh` starts from nothing (a rebuild); else the old index's rows are kept, and an index made by
        another encoder or splitter is refused. `coming` is how many bytes of text are to come in: the first
        change raises StoreError where the disk has no room for their index. Raises BusyError where another
        process writes, StoreError.
        """
        writer = cls(store, encoder, splitter, fresh, coming)
        with ExitStack() as stack:
            stack.enter_context(write_lock(store))
            writer._old = writer._open_old(stack)
            writer._closing = stack.pop_all()
        return writer

    def __enter__(self) -> "IndexWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._closing:
            if kind is None:
                self._finish()
            elif self._folder is not None:
                self._abandon()

    def article(self, id: str) -> Article | None:
        """The article as it stands, this writer's changes included."""
        for prepared in reversed(self._pending):
            if prepared.article.id == id:
                return prepared.article
        source = self._catalog if self._folder is not None else self._old
        return source.article(id) if source is not None else None

    def articles(self) -> Iterator[Article]:
        """The articles of the generation that is in use, even when a rebuild starts from nothing."""
        if self._old is not None:
            yield from self._old.articles()

    def put(self, prepared: Prepared) -> None:
        """Add an article or replace the one of that id."""
        self._begin()
        with self._writing():
            if any(waiting.article.id == prepared.article.id for waiting in self._pending):
                self._flush()
            self._pending.append(prepared)
            self._waiting += len(prepared.chunks)
            if self._waiting >= BATCH:
                self._flush()

    def remove(self, id: str) -> None:
        """Remove an article and everything made from it."""
        self._begin()
        with self._writing():
            self._flush()
            self._forget(id)

    def _open_old(self, stack: ExitStack) -> Catalog | None:
        if not (self._store / "CURRENT").exists():
            return None
        folder = current_generation(self._store)
        if not self._fresh:
            check_compatible(read_manifest(folder), self._encoder, self._splitter)
        catalog = Catalog(folder / "articles")
        stack.callback(catalog.close)
        self._old_folder = folder
        return catalog

    def _begin(self) -> None:
        if self._folder is not None:
            return
        with self._writing():
            self._check_room()
            self._folder = new_generation(self._store)
            if self._old_folder is not None and not self._fresh:
                for part in ("chroma", "articles"):
                    shutil.copytree(self._old_folder / part, self._folder / part)
            self._catalog = Catalog(self._folder / "articles", writable=True)
            self._new.callback(self._catalog.discard)
            self._dense = DenseIndex(self._folder / "chroma")
            self._new.callback(self._dense.close)

    def _check_room(self) -> None:
        """Refuse at once where the new index is likely to fill the disk."""
        files = self._old_folder.rglob("*") if self._old_folder is not None else ()
        expected = sum(path.stat().st_size for path in files if path.is_file()) + GROWTH * self._coming
        free = shutil.disk_usage(self._store).free
        if free < ROOM * expected:
            needed, left = (f"{size / 1e6:,.0f}" for size in (ROOM * expected, free))
            raise StoreError("store.no_room", store=self._store, needed=needed, free=left)

    def _flush(self) -> None:
        waiting, self._pending, self._waiting = self._pending, [], 0
        chunks = [chunk for prepared in waiting for chunk in prepared.chunks]
        analysed = [found for prepared in waiting for found in indexed_morphemes(prepared)]
        found = iter(analysed)
        for prepared in waiting:
            self._forget(prepared.article.id)
            self._catalog.put(prepared, [_joined(next(found)) for _ in prepared.chunks])
        if chunks:
            # Our own encoder starts from the same morphemes; analysing them once halves the time.
            if isinstance(self._encoder, KiwiEncoder):
                vectors = self._encoder.pool_all(analysed)
            else:
                vectors = self._encoder.encode_documents(
                    [
                        indexed_text(prepared.article, chunk)
                        for prepared in waiting
                        for chunk in prepared.chunks
                    ]
                )
            metadata: list[dict[str, str | int]] = [
                {"article": chunk.article, "number": chunk.number} for chunk in chunks
            ]
            self._dense.add([chunk.id for chunk in chunks], vectors, metadata)

    def _forget(self, id: str) -> None:
        old = self._catalog.chunk_ids(id)
        if old:
            self._dense.remove(old)
        self._catalog.remove(id)

    def _finish(self) -> None:
        if self._folder is None:
            return
        try:
            with self._writing():
                self._flush()
                articles, chunks = self._catalog.counts()
                rows = self._dense.count()
                if rows != chunks:
                    problem = f"chroma {rows}, articles {chunks}"
                    raise StoreError("store.write_failed", store=self._store, problem=problem)
                shape = chunks, self._encoder.dimension
                ExactVectors.save(self._folder / "vectors", shape, self._vectors())
                self._dense.close()  # frees its memory for the lexical index
                LexicalIndex.build(self._terms()).save(self._folder / "lexical")
                self._catalog.close()
                self._new.close()
                write_manifest(self._folder, self._encoder.fingerprint, self._splitter, articles, chunks)
                switch_to(self._store, self._folder)
        except BaseException:
            self._abandon()
            raise

    def _vectors(self) -> Iterator[NDArray[np.float32]]:
        """The vectors of every chunk in row order, a block of them in memory at a time."""
        ids = [f"{article}#{number}" for article, number, _, _ in self._catalog.rows()]
        for start in range(0, len(ids), BATCH):
            yield self._dense.vectors(ids[start : start + BATCH])

    def _terms(self) -> Iterator[Terms]:
        """The terms of every chunk in row order, one article in memory at a time."""
        for article in self._catalog.articles():
            for chunk, found in self._catalog.chunks(article):
                words, _, groups = found.partition("\t")
                yield Terms(words.split(), letter_pairs(indexed_text(article, chunk)), groups.split())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Says in the user's words what the disk, SQLite or Chroma say."""
        from chromadb.errors import ChromaError

        try:
            yield
        except (OSError, sqlite3.Error, ChromaError) as exc:
            problem = getattr(exc, "strerror", None) or str(exc)
            raise StoreError("store.write_failed", store=self._store, problem=problem) from exc

    def _abandon(self) -> None:
        self._new.close()
        if self._folder is not None and self._folder.exists():
            shutil.rmtree(self._folder, ignore_errors=True)
            if (self._store / "CURRENT").exists():
                drop_old(self._store)


def _joined(found: Sequence[Morpheme]) -> str:
    """The words and the paraphrase groups of a chunk as the catalog keeps them, a tab between."""
    return " ".join(terms(found)) + "\t" + " ".join(meaning_terms(found))


def indexed_morphemes(prepared: Prepared) -> Iterator[Sequence[Morpheme]]:
    """The morphemes of `indexed_text` of each chunk."""
    for chunk, found in zip(prepared.chunks, prepared.morphemes, strict=True):
        yield found if prepared.article.title in chunk.text else [*prepared.title, *found]
