"""Write an index: the changes go into a new generation, which replaces the old one when all is well."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from vectorstore.catalog import Catalog
from vectorstore.dense import DenseIndex
from vectorstore.encoders import Encoder
from vectorstore.errors import StoreError
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
from vectorstore.morphemes import Morpheme, morphemes_of_all
from vectorstore.paraphrases import meaning_terms
from vectorstore.reader import check_compatible
from vectorstore.types import Article, Chunk, Prepared

BATCH = 256  # chunks analysed and encoded together


class IndexWriter:
    """The one writer of a store, as a context manager.

    Leaving the block builds and switches to the new generation; an exception drops it and leaves the old
    one as it was. Nothing changed, nothing is written.
    """

    def __init__(self, store: Path, encoder: Encoder, splitter: str, fresh: bool) -> None:
        self._store = store
        self._encoder = encoder
        self._splitter = splitter
        self._fresh = fresh
        self._closing = ExitStack()
        self._old: Catalog | None = None
        self._folder: Path | None = None
        self._pending: list[Prepared] = []

    @classmethod
    def open(cls, store: Path, encoder: Encoder, splitter: str, *, fresh: bool = False) -> "IndexWriter":
        """Lock the store and look at what it holds.

        `fresh` starts from nothing (a rebuild); else the old index's rows are kept, and an index made by
        another encoder or splitter is refused. Raises BusyError where another process writes, StoreError.
        """
        writer = cls(store, encoder, splitter, fresh)
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
        if any(waiting.article.id == prepared.article.id for waiting in self._pending):
            self._flush()
        self._pending.append(prepared)
        if sum(len(waiting.chunks) for waiting in self._pending) >= BATCH:
            self._flush()

    def remove(self, id: str) -> None:
        """Remove an article and everything made from it."""
        self._begin()
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
        try:
            self._folder = new_generation(self._store)
            if self._old is not None and not self._fresh:
                for part in ("chroma", "articles"):
                    shutil.copytree(self._old_folder / part, self._folder / part)
        except OSError as exc:
            raise StoreError("store.write_failed", store=self._store, problem=exc.strerror) from exc
        self._catalog = Catalog(self._folder / "articles", writable=True)
        self._dense = DenseIndex(self._folder / "chroma")

    def _flush(self) -> None:
        waiting, self._pending = self._pending, []
        chunks = [(prepared, chunk) for prepared in waiting for chunk in prepared.chunks]
        texts = [indexed_text(prepared.article, chunk) for prepared, chunk in chunks]
        analysed = list(morphemes_of_all(texts))
        found = iter([_joined(morphemes) for morphemes in analysed])
        for prepared in waiting:
            self._forget(prepared.article.id)
            self._catalog.put(prepared, [next(found) for _ in prepared.chunks])
        if chunks:
            # Our own encoder starts from the same morphemes; analysing them once halves the time.
            reuse = isinstance(self._encoder, KiwiEncoder)
            vectors = self._encoder.pool_all(analysed) if reuse else self._encoder.encode_documents(texts)  # type: ignore[attr-defined]
            ids = [chunk.id for _, chunk in chunks]
            metadata: list[dict[str, str | int]] = [
                {"article": chunk.article, "number": chunk.number} for _, chunk in chunks
            ]
            self._dense.add(ids, vectors, [chunk.text for _, chunk in chunks], metadata)

    def _forget(self, id: str) -> None:
        old = self._catalog.chunk_ids(id)
        if old:
            self._dense.remove(old)
        self._catalog.remove(id)

    def _finish(self) -> None:
        if self._folder is None:
            return
        try:
            self._flush()
            self._write_lexical(self._folder)
            articles, chunks = self._catalog.counts()
            rows = self._dense.count()
            self._close_new()
            if rows != chunks:
                problem = f"chroma {rows}, articles {chunks}"
                raise StoreError("store.write_failed", store=self._store, problem=problem)
            write_manifest(self._folder, self._encoder.fingerprint, self._splitter, articles, chunks)
            switch_to(self._store, self._folder)
        except OSError as exc:
            self._abandon()
            raise StoreError("store.write_failed", store=self._store, problem=exc.strerror) from exc
        except BaseException:
            self._abandon()
            raise

    def _write_lexical(self, folder: Path) -> None:
        articles = {article.id: article for article in self._catalog.articles()}
        rows: list[Terms] = []
        for id, number, start, end, found in self._catalog.terms():
            article = articles[id]
            chunk = Chunk(id, number, start, end, article.text[start:end])
            words, _, groups = found.partition("\t")
            rows.append(Terms(words.split(), letter_pairs(indexed_text(article, chunk)), groups.split()))
        LexicalIndex.build(rows).save(folder / "lexical")

    def _close_new(self) -> None:
        self._catalog.close()
        self._dense.close()

    def _abandon(self) -> None:
        if self._folder is not None and self._folder.exists():
            self._close_new()
            shutil.rmtree(self._folder, ignore_errors=True)
            if (self._store / "CURRENT").exists():
                drop_old(self._store)


def _joined(found: Sequence[Morpheme]) -> str:
    """The words and the paraphrase groups of a chunk as the catalog keeps them, a tab between."""
    return " ".join(terms(found)) + "\t" + " ".join(meaning_terms(found))


def indexed_text(article: Article, chunk: Chunk) -> str:
    """What a chunk is found by: its text under the article's title."""
    return chunk.text if article.title in chunk.text else f"{article.title}\n{chunk.text}"
