"""The whole way from sources to the index, one document at a time: expand → read → clean → split → write."""

import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ingest.ahead import Document, split_ahead
from ingest.child import Child
from ingest.clean import clean
from ingest.extent import size_of
from ingest.fetch import Fetched, fetch
from ingest.names import readable
from ingest.read import bundled_report, expand, read
from ingest.split import SPLITTER, prepare
from ingest.types import Raw, SourceError, Verdict
from prompts import say
from vectorstore.encoders import Encoder
from vectorstore.errors import StoreError
from vectorstore.generations import current_generation, read_manifest
from vectorstore.types import Article
from vectorstore.writer import IndexWriter

log = logging.getLogger(__name__)

T = TypeVar("T")


def ingest_sources(
    sources: Sequence[str],
    store: Path,
    encoder: Encoder,
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
    fetcher: Callable[[str], Fetched] = fetch,
) -> list[Verdict]:
    """Bring files, folders and URLs into the index; without any, the bundled report. One verdict a document.

    The index changes when all are done, or not at all; a source that fails costs only itself. `on_verdict`
    hears each verdict as it falls. Raises BusyError where another process writes, StoreError.
    """
    verdicts: list[Verdict] = []
    with (
        _seldom_collected(),
        Child() as child,
        IndexWriter.open(store, encoder, splitter=SPLITTER, coming=size_of(sources)) as writer,
        ThreadPoolExecutor(1) as helper,
    ):
        cleaned = map(_cleaned, _documents(sources, child, fetcher))

        def known(article: Article) -> bool:
            return writer.article(article.id) == article

        for document in split_ahead(cleaned, helper, known):
            verdict = document if isinstance(document, Verdict) else _taken_in(document, writer)
            verdicts.append(verdict)
            on_verdict(verdict)
    return verdicts


def ingest_report(store: Path, encoder: Encoder) -> Verdict:
    """Bring the bundled report into the index."""
    return ingest_sources((), store, encoder)[0]


def reindex(store: Path, encoder: Encoder, on_article: Callable[[str], None] = lambda id: None) -> int:
    """Build the index anew from its stored articles, for another encoder or splitter; returns how many."""
    count = 0
    with (
        _seldom_collected(),
        IndexWriter.open(store, encoder, splitter=SPLITTER, fresh=True) as writer,
        ThreadPoolExecutor(1) as helper,
    ):
        documents = (Document(article.id, None, article) for article in writer.articles())
        for document in split_ahead(documents, helper):
            writer.put(document.prepared or prepare(document.article))
            on_article(document.article.id)
            count += 1
    return count


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Python's search for cycles, less often: a batch has 100,000 morphemes, and none is in one.

    Without this it took 7 % of the time of 10,000 chunks.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def stored_articles(store: Path) -> int:
    """How many articles a reindex will go through; 0 where there is no index that says so."""
    try:
        return read_manifest(current_generation(store)).articles
    except StoreError:
        return 0


def _documents(
    sources: Sequence[str], child: Child, fetcher: Callable[[str], Fetched]
) -> Iterator[Raw | Verdict]:
    """Every document of every source, or a verdict where there is none."""
    if not sources:
        yield bundled_report()
    for source in sources:
        for file in _guarded(source, expand(source)):
            if isinstance(file, Verdict):
                yield file
            else:
                yield from _guarded(file, read(file, child, fetcher))


def _guarded(label: str, documents: Iterable[T]) -> Iterator[T | Verdict]:
    """The items of `documents`; a failure becomes the last of them, as a verdict."""
    try:
        yield from documents
    except SourceError as exc:
        yield Verdict(readable(label), None, "skipped", str(exc))
    except Exception:
        log.debug("reading %s failed", label, exc_info=True)
        yield Verdict(readable(label), None, "skipped", say("ingest.fault"), fault=True)


def _cleaned(raw: Raw | Verdict) -> Document | Verdict:
    if isinstance(raw, Verdict):
        return raw
    article = next(iter(_guarded(raw.label, (clean(one) for one in (raw,)))))
    return article if isinstance(article, Verdict) else Document(raw.label, raw.note, article)


def _taken_in(document: Document, writer: IndexWriter) -> Verdict:
    """Write one document, if it is new or has changed."""
    article = document.article
    before = writer.article(article.id)
    if before == article:
        return Verdict(document.label, article.id, "unchanged", document.note)
    split = (document.prepared or prepare(article) for _ in range(1))
    prepared = next(iter(_guarded(document.label, split)))
    if isinstance(prepared, Verdict):
        return prepared
    writer.put(prepared)
    return Verdict(document.label, article.id, "updated" if before else "added", document.note)
