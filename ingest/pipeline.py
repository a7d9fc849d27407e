"""The whole way from sources to the index, one document at a time: expand → read → clean → split → write."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ingest.child import Child
from ingest.clean import clean
from ingest.fetch import Fetched, fetch
from ingest.names import readable
from ingest.read import bundled_report, expand, read
from ingest.split import SPLITTER, prepare
from ingest.types import Raw, SourceError, Verdict
from prompts import say
from vectorstore.encoders import Encoder
from vectorstore.types import Prepared
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
    with Child() as child, IndexWriter.open(store, encoder, splitter=SPLITTER) as writer:
        for found in _documents(sources, child, fetcher):
            verdict = found if isinstance(found, Verdict) else _taken_in(found, writer)
            verdicts.append(verdict)
            on_verdict(verdict)
    return verdicts


def ingest_report(store: Path, encoder: Encoder) -> Verdict:
    """Bring the bundled report into the index."""
    return ingest_sources((), store, encoder)[0]


def reindex(store: Path, encoder: Encoder, on_article: Callable[[str], None] = lambda id: None) -> int:
    """Build the index anew from its stored articles, for another encoder or splitter; returns how many."""
    count = 0
    with IndexWriter.open(store, encoder, splitter=SPLITTER, fresh=True) as writer:
        for article in writer.articles():
            writer.put(prepare(article))
            on_article(article.id)
            count += 1
    return count


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


def _taken_in(raw: Raw, writer: IndexWriter) -> Verdict:
    """Clean, split and write one document."""
    prepared = next(iter(_guarded(raw.label, (_prepared(one) for one in (raw,)))))
    if isinstance(prepared, Verdict):
        return prepared
    article = prepared.article
    before = writer.article(article.id)
    if before == article:
        return Verdict(raw.label, article.id, "unchanged", raw.note)
    writer.put(prepared)
    return Verdict(raw.label, article.id, "updated" if before else "added", raw.note)


def _prepared(raw: Raw) -> Prepared:
    return prepare(clean(raw))
