"""Documents cut up ahead of the writer: while it writes a batch, Kiwi analyses the next in other threads."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TypeVar

from ingest.split import prepare_all
from ingest.types import Verdict
from vectorstore.types import Article, Prepared

log = logging.getLogger(__name__)

BATCH = 90_000  # characters cut up together: 256 chunks
AHEAD = 2  # batches: while the writer takes longer over one, Kiwi has another to go on with
PATIENCE = 0.5  # seconds; where documents come slowly, fewer are cut up together


@dataclass(slots=True)
class Document:
    """A cleaned document on its way; `prepared` is None where it is known, or could not be cut up."""

    label: str
    note: str | None
    article: Article
    prepared: Prepared | None = None


Item = TypeVar("Item", bound=Document | Verdict)


def split_ahead(
    items: Iterable[Item], helper: Executor, known: Callable[[Article], bool] = lambda article: False
) -> Iterator[Item]:
    """The items in order, the documents among them cut up by the helper but for those that are `known`."""
    waiting: deque[tuple[list[Item], Future[None]]] = deque()
    for batch in _batches(items):
        new = [item for item in batch if isinstance(item, Document) and not known(item.article)]
        waiting.append((batch, helper.submit(_split, new)))
        if len(waiting) > AHEAD:
            yield from _finished(*waiting.popleft())
    while waiting:
        yield from _finished(*waiting.popleft())


def _finished(batch: list[Item], splitting: "Future[None]") -> list[Item]:
    splitting.result()
    return batch


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size, began = 0, time.monotonic()
    for item in items:
        batch.append(item)
        size += len(item.article.text) if isinstance(item, Document) else 0
        if size >= BATCH or time.monotonic() - began > PATIENCE:
            yield batch
            batch, size, began = [], 0, time.monotonic()
    if batch:
        yield batch


def _split(documents: Sequence[Document]) -> None:
    try:
        found = prepare_all([document.article for document in documents])
    except Exception:
        log.debug("cutting up a batch failed", exc_info=True)  # the pipeline tries each by itself
        return
    for document, prepared in zip(documents, found, strict=True):
        document.prepared = prepared
